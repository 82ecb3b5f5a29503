"""
Triton's metrics page, as a reading.

Names and labels measured on Triton 2.51; those of GPUs and of the cache from its documentation
(docs/user_guide/metrics.md). Without a GPU, or where DCGM does not run, `nv_gpu_*` is absent.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from asr_client.errors import ContractError
from asr_loadtest.cluster.triton.prometheus import Metric, parse_metrics
from asr_loadtest.cluster.triton.readings import GpuReading, ModelCounters, PodReading

__all__ = ["read_metrics"]

_COUNTS = {
    "nv_inference_request_success": "success",
    "nv_inference_count": "inferences",
    "nv_inference_exec_count": "executions",
    "nv_inference_pending_request_count": "pending",
    "nv_cache_num_hits_per_model": "cache_hits",
    "nv_cache_num_misses_per_model": "cache_misses",
}
_DURATIONS_US = {
    "nv_inference_request_duration_us": "request_s",
    "nv_inference_queue_duration_us": "queue_s",
    "nv_inference_compute_input_duration_us": "compute_input_s",
    "nv_inference_compute_infer_duration_us": "compute_infer_s",
    "nv_inference_compute_output_duration_us": "compute_output_s",
}
_FAILURES = "nv_inference_request_failure"
_OF_GPUS = {
    "nv_gpu_utilization": "utilization",
    "nv_gpu_memory_used_bytes": "memory_used_bytes",
    "nv_gpu_memory_total_bytes": "memory_total_bytes",
    "nv_gpu_power_usage": "power_w",
}
_OF_THE_MACHINE = {
    "nv_cpu_utilization": "cpu_share",
    "nv_cpu_memory_used_bytes": "memory_used_bytes",
    "nv_cpu_memory_total_bytes": "memory_total_bytes",
}


def read_metrics(text: str, *, at_s: float, pod: str) -> PodReading:
    """
    Read the metrics page of one Triton.

    Args:
        text: The page.
        at_s: When it was asked for, in seconds since the run's zero.
        pod: Name of the server.

    Raises:
        ContractError: If it is no page of metrics, or not Triton's.
    """
    metrics = [metric for metric in parse_metrics(text) if math.isfinite(metric.value)]
    if not any(metric.name.startswith("nv_") for metric in metrics):
        raise ContractError("these are no metrics of Triton: none of them begins with nv_")
    machine: dict[str, Any] = {
        _OF_THE_MACHINE[metric.name]: _number(metric)
        for metric in metrics
        if metric.name in _OF_THE_MACHINE
    }
    return PodReading(at_s=at_s, pod=pod, models=_models(metrics), gpus=_gpus(metrics), **machine)


def _number(metric: Metric) -> float | int:
    return int(metric.value) if metric.name.endswith("_bytes") else metric.value


def _models(metrics: Iterable[Metric]) -> dict[str, ModelCounters]:
    fields: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    failures: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for metric in metrics:
        model = metric.labels.get("model", "")
        if not model:
            continue
        if metric.name in _COUNTS:
            fields[model][_COUNTS[metric.name]] += int(metric.value)
        elif metric.name in _DURATIONS_US:
            fields[model][_DURATIONS_US[metric.name]] += metric.value / 1e6
        elif metric.name == _FAILURES:
            # Older Tritons tell no reason.
            failures[model][metric.labels.get("reason", "OTHER")] += int(metric.value)
    return {
        model: ModelCounters(**fields[model], failures=dict(sorted(failures[model].items())))
        for model in sorted({*fields, *failures})
    }


def _gpus(metrics: Iterable[Metric]) -> tuple[GpuReading, ...]:
    fields: dict[str, dict[str, Any]] = defaultdict(dict)
    for metric in metrics:
        if metric.name in _OF_GPUS:
            uuid = metric.labels.get("gpu_uuid", "")
            fields[uuid][_OF_GPUS[metric.name]] = _number(metric)
    return tuple(GpuReading(uuid, **fields[uuid]) for uuid in sorted(fields))
