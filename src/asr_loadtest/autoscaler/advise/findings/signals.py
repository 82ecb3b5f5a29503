"""What each metric says of a sample, and what the servers themselves say."""

from __future__ import annotations

from asr_loadtest.autoscaler.advise.amounts import say_s
from asr_loadtest.autoscaler.advise.findings.resting import usage_ratio
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.cluster.kubernetes.sightings import MetricStatus
from asr_loadtest.judgement.units import percent

__all__ = ["fires", "metric_ratio", "signs_of_saturation", "status_ratio"]

# A GPU that is asked for more than it can do is hardly ever idle.
_BUSY_GPU = 0.9
# A queue is one if somebody waits, and longer than when idle.
_FEWEST_WAITING = 1.0
_SHORTEST_WAIT_S = 0.1
_TIMES_IDLE = 4.0


def metric_ratio(metric: MetricSpec, sample: Sample, request: float | None) -> float | None:
    """
    Give a metric's ratio to its target; None if the sample does not tell.

    Args:
        metric: Of any source; custom metrics are known by their names: "pending" or "queue", "gpu".
        sample: What the pods were doing.
        request: Of the resource, in cores or bytes.
    """
    if metric.source == "Resource":
        usage = sample.usage(metric.name)
        return None if usage is None else usage_ratio(metric, usage, request)
    if metric.source != "Pods":
        return None
    if "gpu" in metric.name and sample.gpu_utilization is not None:
        return sample.gpu_utilization / metric.target
    is_queue = "pending" in metric.name or "queue" in metric.name
    waiting = sample.waiting if is_queue else None
    return None if waiting is None else waiting / metric.target


def status_ratio(metric: MetricSpec, status: MetricStatus) -> float | None:
    """Give a metric's ratio to its target as the HPA's status has it; None if it failed."""
    is_share = metric.target_type == "Utilization"
    value = status.utilization if is_share else status.average
    return None if value is None else value / metric.target


def fires(ratio: float, spec: HpaSpec) -> bool:
    """Tell whether a metric of this ratio asks for more replicas."""
    return ratio > 1.0 + spec.rules.up.tolerance


def signs_of_saturation(loaded: Sample, idle: Sample | None) -> tuple[str, ...]:
    """Say by what the servers show that they have more to do than they can."""
    return tuple(sign for sign in (_gpu(loaded), _growing(loaded), _waiting(loaded, idle)) if sign)


def _gpu(loaded: Sample) -> str:
    busy = loaded.gpu_utilization
    return f"the GPU is {percent(busy)} busy" if busy is not None and busy >= _BUSY_GPU else ""


def _growing(loaded: Sample) -> str:
    return "the queue grows" if loaded.queue_grows else ""


def _waiting(loaded: Sample, idle: Sample | None) -> str:
    waiting, before = loaded.waiting, (idle.waiting if idle else None) or 0.0
    if waiting is not None and waiting >= max(_FEWEST_WAITING, _TIMES_IDLE * before):
        return f"{waiting:.3g} requests wait in each pod"
    queue_s, before_s = loaded.queue_s, (idle.queue_s if idle else None) or 0.0
    if queue_s is not None and queue_s >= max(_SHORTEST_WAIT_S, _TIMES_IDLE * before_s):
        return f"requests wait {say_s(queue_s)}"
    return ""
