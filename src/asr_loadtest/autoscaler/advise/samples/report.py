"""What a load test's report tells of the pods: rates, queue and GPU; of CPU and memory nothing."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.advise.samples.sample import Sample

__all__ = ["is_report", "sample_of_report"]


def is_report(fields: Mapping[str, Any]) -> bool:
    """Tell whether this is a report.json."""
    return str(fields.get("schema", "")).startswith("asr-loadtest/")


def sample_of_report(report: Mapping[str, Any], source: str) -> Sample:
    """
    Take from a report what it tells of the servers, over its judged span.

    Triton knows the machine's CPU and memory, not its pod's: those must come from elsewhere.

    Raises:
        ConfigError: If the run did not look at the servers, or the report is not whole.
    """
    try:
        server = report["server"]
        if server is None or server["all"] is None:
            raise ConfigError(
                f"{source}: the run saw nothing of the servers",
                hint="give the load test the pods' metrics: --asr-metrics-url",
            )
        return _sample(server, source)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{source} is no whole report", hint="make it again: asr-loadtest report RUN"
        ) from error


def _sample(server: Mapping[str, Any], source: str) -> Sample:
    together, pods = server["all"], server["pods"]
    pending = together["pending"]
    busy = [gpu["utilization"] for gpu in server["gpus"] if gpu["utilization"] is not None]
    return Sample(
        source=source,
        replicas=len(pods) or None,
        rps=together["requests_rps"],
        queue_s=together["queue_s"],
        pending=None if pending is None or not pods else pending / len(pods),
        gpu_utilization=fmean(busy) if busy else None,
        requests_by_pod={pod["pod"]: pod["requests"] for pod in pods},
    )
