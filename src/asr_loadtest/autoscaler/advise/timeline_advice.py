"""What a watched cluster shows of what goes wrong, or will."""

from __future__ import annotations

from collections.abc import Iterator

from asr_loadtest.autoscaler.advise.findings.blind_signal import find_blind_signal
from asr_loadtest.autoscaler.advise.findings.idle_trap import IdleUse, find_idle_trap, idle_use
from asr_loadtest.autoscaler.advise.findings.interventions import (
    find_blocked_drains,
    find_manual_changes,
    find_rollout,
)
from asr_loadtest.autoscaler.advise.findings.metric_gaps import find_failing_metrics, find_inactive
from asr_loadtest.autoscaler.advise.findings.routing import find_uneven_pods
from asr_loadtest.autoscaler.advise.findings.signals import status_ratio
from asr_loadtest.autoscaler.advise.findings.stuck_pods import find_frozen_spans, find_stuck_pods
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.autoscaler.advise.samples.timeline import sample_of_timeline
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.cluster.kubernetes.sightings import HpaSeen
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.judgement.findings import Finding

__all__ = ["advise_timeline"]

# Below half of its CPU target a pod is called idle, where nobody says when it was.
_IDLE_RATIO = 0.5


def advise_timeline(
    timeline: ClusterTimeline,
    spec: HpaSpec,
    *,
    servers: Sample | None = None,
    idle: tuple[float, float] | None = None,
) -> tuple[Finding, ...]:
    """
    Say what went wrong with scaling in a run, and what will.

    Args:
        timeline: In the cluster's seconds.
        spec: Of its HPA.
        servers: What the servers told of the loaded part: queue, GPU, requests by pod.
        idle: From when to when there was no load; without it the moment of the least CPU counts.

    Returns:
        Findings, those of severity "warn" first.
    """
    found = [
        find_stuck_pods(timeline),
        find_frozen_spans(timeline, spec),
        *find_inactive(timeline),
        *find_failing_metrics(timeline, spec),
        *_idle_traps(timeline, spec, idle),
        *_of_servers(timeline, spec, servers),
        find_blocked_drains(timeline),
        find_manual_changes(timeline),
        find_rollout(timeline),
    ]
    known = (each for each in found if each is not None)
    return tuple(sorted(known, key=lambda each: each.severity != "warn"))


def _idle_traps(
    timeline: ClusterTimeline, spec: HpaSpec, idle: tuple[float, float] | None
) -> Iterator[Finding | None]:
    sample = None if idle is None else sample_of_timeline(timeline, *idle)
    quietest = _quietest(timeline, spec) if sample is None else None
    for number, metric in enumerate(spec.metrics):
        use: IdleUse | None = None
        usage = None if sample is None else sample.usage(metric.name)
        if metric.source != "Resource":
            continue
        if sample is not None and usage is not None:
            use = idle_use(metric, usage, sample.request(metric.name))
        elif quietest is not None and metric.name == "memory":
            use = _use_by_status(metric, quietest, number)
        if use is not None:
            yield find_idle_trap(metric, spec, use)


def _quietest(timeline: ClusterTimeline, spec: HpaSpec) -> HpaSeen | None:
    """Find the status with the least CPU, if that is little; memory is then an idle pod's."""
    number = next((n for n, each in enumerate(spec.metrics) if each.name == "cpu"), None)
    if number is None:
        return None
    told = [
        (ratio, each.at_s, each)
        for each in timeline.hpa
        if number < len(each.metrics)
        and (ratio := status_ratio(spec.metrics[number], each.metrics[number])) is not None
    ]
    least = min(told, key=lambda each: each[:2], default=None)
    return least[2] if least is not None and least[0] <= _IDLE_RATIO else None


def _use_by_status(metric: MetricSpec, seen: HpaSeen, number: int) -> IdleUse | None:
    status = seen.metrics[number]
    ratio = status_ratio(metric, status)
    return None if ratio is None else IdleUse(ratio, status.utilization, status.average)


def _of_servers(
    timeline: ClusterTimeline, spec: HpaSpec, servers: Sample | None
) -> Iterator[Finding | None]:
    """Hold the highest that each metric ever showed against what the servers say."""
    if servers is None:
        return
    yield find_uneven_pods(servers.requests_by_pod)
    most = max((replicas for _, replicas in timeline.replicas.points), default=0)
    if most < spec.maximum:
        highest = {
            metric: _highest(timeline, number, metric) for number, metric in enumerate(spec.metrics)
        }
        yield find_blind_signal(spec, servers, None, highest)


def _highest(timeline: ClusterTimeline, number: int, metric: MetricSpec) -> float | None:
    ratios = [
        status_ratio(metric, each.metrics[number])
        for each in timeline.hpa
        if number < len(each.metrics)
    ]
    return max((each for each in ratios if each is not None), default=None)
