"""Small edits of what was seen of a real autoscaler, each of which makes it break a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from asr_loadtest.cluster.kubernetes.sightings import (
    ClusterEvent,
    DeploymentSeen,
    DisruptionBudgetSeen,
    HpaSeen,
    PodSeen,
    Sighting,
    UsageSeen,
)

__all__ = [
    "Edit",
    "deaf_after",
    "ended",
    "evicted",
    "injected",
    "resized",
    "retimed",
    "unknown_metric",
]

Edit = Callable[[list[Sighting]], list[Sighting]]

# What belongs to one change of the replicas is seen within this.
_TOGETHER_S = 1.0


def retimed(at_s: float, to_s: float) -> Edit:
    """Make the change at *at_s* come at *to_s*; statuses between them are those before it."""

    def edit(seen: list[Sighting]) -> list[Sighting]:
        kept: list[Sighting] = []
        for each in seen:
            if abs(each.at_s - at_s) <= _TOGETHER_S and not isinstance(each, (PodSeen, UsageSeen)):
                kept.append(replace(each, at_s=each.at_s + to_s - at_s))
            elif not (isinstance(each, HpaSeen) and to_s - _TOGETHER_S <= each.at_s < at_s):
                kept.append(each)
        return kept

    return edit


def resized(at_s: float, after: int, until_s: float = 1e9) -> Edit:
    """Make the change at *at_s* lead to *after*, which holds until *until_s*."""

    def edit(seen: list[Sighting]) -> list[Sighting]:
        return [_resized(each, at_s, after, until_s) for each in seen]

    return edit


def _resized(each: Sighting, at_s: float, after: int, until_s: float) -> Sighting:
    is_change = abs(each.at_s - at_s) <= _TOGETHER_S
    holds = at_s - _TOGETHER_S / 2 <= each.at_s < until_s
    if isinstance(each, DeploymentSeen) and holds:
        return replace(each, replicas=after)
    if isinstance(each, HpaSeen) and is_change:
        return replace(each, desired=after)
    if isinstance(each, HpaSeen) and holds:
        return replace(each, current=after, desired=after)
    if isinstance(each, ClusterEvent) and is_change and each.reason == "SuccessfulRescale":
        _, _, reason = each.message.partition(";")
        return replace(each, message=f"New size: {after};{reason}")
    return each


def injected(at_s: float, after: int, reason: str = "") -> Edit:
    """Have the autoscaler change the replicas to *after* at *at_s*, for good."""

    def edit(seen: list[Sighting]) -> list[Sighting]:
        statuses = [each for each in seen if isinstance(each, HpaSeen) and each.at_s < at_s]
        deployments = [each for each in seen if isinstance(each, DeploymentSeen)]
        status, target = statuses[-1], deployments[0]
        message = f"New size: {after}; reason: {reason}"
        return [
            *(_resized(each, at_s, after, 1e9) for each in seen),
            replace(status, at_s=at_s, desired=after, last_scale_unix_s=1.0),
            replace(target, at_s=at_s, replicas=after),
            ClusterEvent(
                at_s=at_s,
                uid="seeded",
                about=("HorizontalPodAutoscaler", status.name),
                reason="SuccessfulRescale",
                message=message,
            ),
        ]

    return edit


def deaf_after(at_s: float) -> Edit:
    """Have the autoscaler, and so the pods, do nothing more; only samples go on, all alike."""

    def edit(seen: list[Sighting]) -> list[Sighting]:
        before = [each for each in seen if each.at_s < at_s]
        last = max((each for each in before if isinstance(each, UsageSeen)), key=_when)
        later = [each for each in seen if isinstance(each, UsageSeen) and each.at_s >= at_s]
        return [*before, *(replace(last, at_s=each.at_s) for each in later)]

    return edit


def ended(at_s: float) -> Edit:
    """End the watch."""
    return lambda seen: [each for each in seen if each.at_s < at_s]


def _when(each: Sighting) -> float:
    return each.at_s


def unknown_metric(at_s: float, index: int) -> Edit:
    """Take a metric out of the status of the change at *at_s*."""

    def edit(seen: list[Sighting]) -> list[Sighting]:
        return [_without(each, index) if _is_status_at(each, at_s) else each for each in seen]

    return edit


def _is_status_at(each: Sighting, at_s: float) -> bool:
    return isinstance(each, HpaSeen) and abs(each.at_s - at_s) <= _TOGETHER_S


def _without(each: Sighting, index: int) -> Sighting:
    assert isinstance(each, HpaSeen)
    slots = list(each.metrics)
    slots[index] = type(slots[index])()
    return replace(each, metrics=tuple(slots))


def evicted(at_s: float, healthy: tuple[int, int], desired: int = 1) -> Edit:
    """Evict a ready pod; *healthy* is what the budget counted before and after."""

    def edit(seen: list[Sighting]) -> list[Sighting]:
        pods = [each for each in seen if isinstance(each, PodSeen) and each.at_s <= at_s]
        pod = next(each for each in reversed(pods) if each.is_ready and not each.is_deleting)
        budget = DisruptionBudgetSeen(at_s=at_s - 10.0, name="budget", desired_healthy=desired)
        kept = [each for each in seen if not isinstance(each, DisruptionBudgetSeen)]
        return [
            *kept,
            replace(pod, at_s=at_s, disruption="EvictionByEvictionAPI", is_deleting=True),
            replace(budget, healthy=healthy[0], allowed=max(healthy[0] - desired, 0)),
            replace(budget, healthy=healthy[1], at_s=at_s + 0.1),
        ]

    return edit
