"""
Saturated pods that no metric sees.

A model that computes on a GPU may queue for minutes while its CPU idles: to an HPA that looks at
CPU, all is well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from asr_loadtest.autoscaler.advise.findings.signals import fires, signs_of_saturation
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.judgement.findings import Finding

__all__ = ["find_blind_signal"]

_QUEUE_VARIANT = "deploy/kubernetes/ai-model-hpa-queue.yaml"
_GPU_BOUND = 0.7
# A target that a load fires for certain is so far below it; one of few percent is noise.
_APART = 1.5
_LOWEST_TARGET = 5


def find_blind_signal(
    spec: HpaSpec,
    loaded: Sample,
    idle: Sample | None,
    ratios: Mapping[MetricSpec, float | None],
    *,
    cpu_at_rest: int | None = None,
) -> Finding | None:
    """
    Find that pods are saturated and no metric asks for more of them.

    Args:
        spec: Its metrics and tolerances.
        loaded: Of pods that have all the load they can carry, or more.
        idle: Of pods that have none, to know a queue by.
        ratios: Of each metric to its target, under that load; None where it is not known.
        cpu_at_rest: Percent of its request that an idle pod uses.
    """
    signs = signs_of_saturation(loaded, idle)
    known = {metric: ratio for metric, ratio in ratios.items() if ratio is not None}
    if not signs or not known or any(fires(ratio, spec) for ratio in known.values()):
        return None
    unknown = [metric.label for metric in ratios if metric not in known]
    unless = f"; unless {' or '.join(unknown)} does, of which nothing is known" if unknown else ""
    return Finding(
        "caveat" if unknown else "warn",
        "blind_signal",
        f"pods are saturated ({', '.join(signs)}) and nothing asks for more:"
        f" {', '.join(_reading(*each) for each in known.items())}{unless}",
        _metric_that_fires(loaded, known, cpu_at_rest),
        {
            **{f"{metric.name}_ratio": round(ratio, 3) for metric, ratio in known.items()},
            "pending": loaded.waiting,
            "gpu_utilization": loaded.gpu_utilization,
            "queue_s": loaded.queue_s,
        },
    )


def _reading(metric: MetricSpec, ratio: float) -> str:
    if metric.target_type == "Utilization":
        at = math.floor(ratio * metric.target + 1e-9)
        return f"{metric.label} is at {at} % of its request, the target is {metric.target:g} %"
    return f"{metric.label} is at {ratio * metric.target:.3g}, the target is {metric.target:g}"


def _metric_that_fires(
    loaded: Sample, known: Mapping[MetricSpec, float], cpu_at_rest: int | None
) -> str:
    """Name the metric that tells this load from none, and the target with which it fires."""
    waiting, gpu = loaded.waiting, loaded.gpu_utilization
    advice = f"scale by the queue: {_QUEUE_VARIANT}"
    if waiting is not None and waiting > 1:
        # Half of what waits now asks for twice the pods.
        advice += (
            f', with averageValue "{max(math.floor(waiting / 2), 1)}" for triton_pending_requests'
            " (better: what waits at the highest rate that meets the objective)"
        )
    elif gpu is not None and gpu > _GPU_BOUND:
        advice = (
            f"scale by the GPU: {_QUEUE_VARIANT}, with averageValue 700m for the mean of"
            " nv_gpu_utilization"
        )
    target = _lower_cpu_target(known, cpu_at_rest)
    return f"{advice}; or lower averageUtilization of cpu to {target}" if target else advice


def _lower_cpu_target(known: Mapping[MetricSpec, float], at_rest: int | None) -> int | None:
    """Give a CPU target between idle and loaded; None unless they lie far apart."""
    cpu = next((each for each in known if each.name == "cpu"), None)
    if cpu is None or cpu.target_type != "Utilization" or at_rest is None:
        return None
    target = math.floor(known[cpu] * cpu.target / _APART)
    # Half as much at rest lets two replicas fall back to one.
    return target if target >= max(2 * at_rest, _LOWEST_TARGET) else None
