"""What pods use by `kubectl top pod`, or by the metrics API itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.cluster.kubernetes.quantity import quantity

__all__ = ["is_pod_table", "sample_of_pod_metrics", "sample_of_pod_table"]

Usage = tuple[str, float, float]

# A line of `kubectl top pod`, with a namespace before the pod (-A) or a container after it.
_ROW = re.compile(r"(?P<names>\S+(\s+\S+)?)\s+(?P<cpu>\d+[mnu]?)\s+(?P<memory>\d+([KMGT]i?)?)\s*")
_HEADER = re.compile(r"\s*(?P<names>[A-Z]+(\s+[A-Z]+)?)\s+CPU\(cores\)\s+MEMORY\(bytes\)\s*")
# Of a Deployment's pods: its name, the ReplicaSet's, the pod's own.
_POD_OF_DEPLOYMENT = r"{workload}-[a-z0-9]+-[a-z0-9]+"


def is_pod_table(text: str) -> bool:
    """Tell whether this is what `kubectl top pod` prints, with its heading or without."""
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and any(each.fullmatch(lines[0]) for each in (_HEADER, _ROW))


def sample_of_pod_table(text: str, source: str, workload: str) -> Sample:
    """
    Read what `kubectl top pod` prints, also with --containers, --no-headers or -A.

    Raises:
        ConfigError: If a line is none of its, or none is about the workload's pods.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    heading = _HEADER.fullmatch(lines[0])
    is_after_namespace = heading is not None and heading["names"].startswith("NAMESPACE")
    used: list[Usage] = []
    for line in lines[1:] if heading else lines:
        row = _ROW.fullmatch(line.strip())
        if row is None:
            raise ConfigError(
                f"{source}: this is no line of kubectl top pod: {line.strip()[:60]!r}",
                hint="kubectl top pod > FILE",
            )
        pod = row["names"].split()[-1 if is_after_namespace else 0]
        used.append((pod, quantity(row["cpu"]), quantity(row["memory"])))
    return _averaged(used, source, workload)


def sample_of_pod_metrics(answer: Mapping[str, Any], source: str, workload: str) -> Sample:
    """
    Read a PodMetricsList, or one PodMetrics, as `kubectl get --raw` gives it.

    Raises:
        ConfigError: If it is not whole, or none is about the workload's pods.
    """
    try:
        used = [
            (str(pod["metadata"]["name"]), quantity(use["cpu"]), quantity(use["memory"]))
            for pod in answer.get("items", [answer])
            for use in (container["usage"] for container in pod["containers"])
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{source} is no whole PodMetricsList",
            hint="kubectl get --raw /apis/metrics.k8s.io/v1beta1/namespaces/NAMESPACE/pods > FILE",
        ) from error
    return _averaged(used, source, workload)


def _averaged(used: Iterable[Usage], source: str, workload: str) -> Sample:
    """Add up each pod's containers, then average over the pods."""
    pods: dict[str, tuple[float, float]] = {}
    for pod, cpu, memory in used:
        before = pods.get(pod, (0.0, 0.0))
        pods[pod] = before[0] + cpu, before[1] + memory
    pattern = _POD_OF_DEPLOYMENT.format(workload=re.escape(workload))
    counted = [each for pod, each in pods.items() if not workload or re.fullmatch(pattern, pod)]
    if not counted:
        whose = f" of {workload}" if workload else ""
        raise ConfigError(
            f"{source} has no pod{whose}; it has {', '.join(sorted(pods)[:3]) or 'none at all'}",
            hint="metrics come about a minute after a pod's start; see the namespace, too",
        )
    return Sample(
        source=source,
        replicas=len(counted),
        cpu_cores=fmean(cpu for cpu, _ in counted),
        memory_bytes=fmean(memory for _, memory in counted),
    )
