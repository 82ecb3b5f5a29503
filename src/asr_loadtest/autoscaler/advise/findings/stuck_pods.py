"""Pods of a watched cluster that did not get ready, and what stood still behind them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from asr_loadtest.autoscaler.advise.amounts import say_s
from asr_loadtest.autoscaler.advise.findings.pace import DETECTION_S, pause_s
from asr_loadtest.autoscaler.advise.findings.signals import fires, status_ratio
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.cluster.kubernetes.sightings import HpaSeen, PodSeen
from asr_loadtest.cluster.kubernetes.steps import Steps
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.judgement.findings import Finding

__all__ = ["find_frozen_spans", "find_stuck_pods"]

_STUCK_AFTER_S = 300.0


def find_stuck_pods(timeline: ClusterTimeline, after_s: float = _STUCK_AFTER_S) -> Finding | None:
    """
    Find pods that were not ready for long, and were not by the end.

    Args:
        timeline: Of one target's pods.
        after_s: How long is too long, in the cluster's seconds.
    """
    end_s = timeline.known_until_s("pods")
    waits = {
        versions[-1].name: (end_s - _unready_since_s(versions), versions[-1])
        for versions in timeline.pods.values()
        if _is_loading(versions)
    }
    stuck = {name: each for name, each in waits.items() if each[0] >= after_s}
    if not stuck:
        return None
    longest_s, worst = max(stuck.values(), key=lambda each: each[0])
    return Finding(
        "warn",
        "stuck_pods",
        f"{', '.join(sorted(stuck))} {'was' if len(stuck) == 1 else 'were'} still not ready at the"
        f" end, after {say_s(longest_s)}{_why(worst)}: a pod that is not"
        " ready counts as idle and holds up every further replica; no condition of the HPA says so",
        "kubectl describe pod and kubectl logs: room for its GPU, its image, its model, its probes",
        {"pods": len(stuck), "longest_s": longest_s, "restarts": worst.restarts},
    )


def find_frozen_spans(timeline: ClusterTimeline, spec: HpaSpec) -> Finding | None:
    """Find times in which a metric asked for more and pods that loaded kept it from coming."""
    end_s = timeline.known_until_s("horizontalpodautoscalers")
    spans = [
        (from_s, until_s, replicas)
        for from_s, until_s, replicas in timeline.replicas.spans(end_s)
        if replicas < spec.maximum
        and _held_s(timeline, spec, from_s, until_s, replicas) > pause_s(spec) + DETECTION_S
    ]
    if not spans:
        return None
    from_s, until_s, replicas = max(spans, key=lambda span: span[1] - span[0])
    frozen_s = until_s - from_s
    never = until_s >= end_s
    return Finding(
        "warn" if never else "caveat",
        "frozen_wish",
        f"from {from_s:.0f} s on, for {say_s(frozen_s)}{' to the end' if never else ''}, replicas"
        f" stayed at {replicas} with a metric above its target: pods that load count as idle",
        "make the start shorter (image and models on the node), or raise minReplicas",
        {"frozen_s": frozen_s, "replicas": replicas, "spans": len(spans)},
    )


def _why(pod: PodSeen) -> str:
    waits = [f"waiting: {pod.waiting}"] if pod.waiting else []
    restarts = [f"restarted {pod.restarts} times"] if pod.restarts else []
    return f" ({', '.join(waits + restarts)})" if waits or restarts else ""


def _is_loading(versions: Sequence[PodSeen]) -> bool:
    """Tell whether a pod is still to get ready; one that was told to end never comes back."""
    last = versions[-1]
    is_over = any(each.is_gone or each.is_deleting for each in versions)
    return not (is_over or last.is_ready or last.phase in {"Succeeded", "Failed"})


def _unready_since_s(versions: Sequence[PodSeen]) -> float:
    """Give when the stretch without readiness began that lasts to the last version."""
    ready = [number for number, each in enumerate(versions) if each.is_ready]
    return versions[ready[-1] + 1 if ready else 0].at_s


def _held_s(
    timeline: ClusterTimeline, spec: HpaSpec, from_s: float, until_s: float, replicas: int
) -> float:
    """Add up how long, within a span, pods were missing while a metric asked for more."""
    asks = Steps.of((each.at_s, _asks(each, spec)) for each in timeline.hpa if each.metrics)
    changes = {at_s for steps in (asks, timeline.ready) for at_s, _ in steps.points}
    edges = sorted({from_s, until_s} | {each for each in changes if from_s < each < until_s})
    return sum(
        after_s - at_s
        for at_s, after_s in pairwise(edges)
        if asks.at(at_s) and (timeline.ready.at(at_s) or 0) < replicas
    )


def _asks(seen: HpaSeen, spec: HpaSpec) -> bool:
    ratios = map(status_ratio, spec.metrics, seen.metrics)
    return any(ratio is not None and fires(ratio, spec) for ratio in ratios)
