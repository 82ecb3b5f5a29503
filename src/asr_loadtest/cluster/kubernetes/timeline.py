"""All sightings of a run on one axis of time: what the cluster did while the client asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import inf
from typing import Literal, TypeVar

from asr_loadtest.cluster.kubernetes.lateness import Span, late_spans, united
from asr_loadtest.cluster.kubernetes.sightings import (
    ClusterEvent,
    DeploymentSeen,
    DisruptionBudgetSeen,
    HpaSeen,
    PodSeen,
    ReplicaSetSeen,
    Sighting,
    UsageSeen,
    WatchState,
)
from asr_loadtest.cluster.kubernetes.steps import Steps

__all__ = ["ClusterTimeline", "ReplicaChange"]

Seen = TypeVar("Seen")

# The HPA writes its status, and the event, right after it has changed the Deployment; both may
# arrive on other connections, somewhat apart.
_SAME_SYNC_S = 5.0


@dataclass(frozen=True, slots=True)
class ReplicaChange:
    """
    One change of the Deployment's spec.replicas.

    Attributes:
        at_s: When it was seen.
        before, after: Replicas.
        by: "autoscaler", where the HPA's status or an event says so; else "somebody": a hand, a
            rollout tool, or the HPA while nobody heard it.
        reason: The HPA's own words, if its event was seen.
    """

    at_s: float
    before: int
    after: int
    by: Literal["autoscaler", "somebody"]
    reason: str = ""


class ClusterTimeline:
    """
    The cluster of one run.

    Args:
        sightings: Of one HPA, its target and what belongs to them, in any order; their `at_s` in
            the cluster's seconds, which a replay makes faster than ours.

    Attributes:
        hpa: The autoscaler's versions, in order; also `deployment`, `budgets`, `events`, `usage`,
            `watching`.
        pods: Versions by uid.
        replica_sets: Versions by name.
        replicas: Wanted, by the Deployment; by the HPA's status where no Deployment was seen.
        ready: Ready pods, by the Deployment.
        desired: The HPA's decisions.
        changes: Of `replicas`, each with who made it.
        late: Spans of which nothing is known, because a connection stalled and then told all.
        until_s: The last instant that anything was seen or heard.
    """

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        ordered = sorted(sightings, key=lambda each: each.at_s)
        self.hpa = _only(ordered, HpaSeen)
        self.deployment = _only(ordered, DeploymentSeen)
        self.budgets = _only(ordered, DisruptionBudgetSeen)
        self.events = _only(ordered, ClusterEvent)
        self.usage = _only(ordered, UsageSeen)
        self.watching = _only(ordered, WatchState)
        self.pods = _grouped(_only(ordered, PodSeen), lambda pod: pod.uid)
        self.replica_sets = _grouped(_only(ordered, ReplicaSetSeen), lambda each: each.name)
        self.until_s = ordered[-1].at_s if ordered else 0.0
        self.replicas: Steps[int] = Steps.of(
            [(each.at_s, each.replicas) for each in self.deployment if not each.is_gone]
            or [(each.at_s, each.current) for each in self.hpa if each.conditions]
        )
        self.ready: Steps[int] = Steps.of((each.at_s, each.ready) for each in self.deployment)
        self.desired: Steps[int] = Steps.of(
            (each.at_s, each.desired) for each in self.hpa if each.conditions
        )
        self.changes = tuple(self._changes())
        self.late = united(list(self._late()))

    @property
    def last_hpa(self) -> HpaSeen | None:
        """The autoscaler as it was seen last."""
        return self.hpa[-1] if self.hpa else None

    def condition(self, kind: str) -> Steps[tuple[str, str]]:
        """Give status and reason of one of the HPA's conditions over time."""
        return Steps.of(
            (each.at_s, (each.conditions[kind].status, each.conditions[kind].reason))
            for each in self.hpa
            if kind in each.conditions
        )

    def unheard(self, resource: str) -> list[Span]:
        """Give the spans in which nothing is known of a resource: no answer, or news held up."""
        return united([*self._silences(resource), *self.late])

    def known_until_s(self, resource: str) -> float:
        """Give the last instant at which a resource is known: the end, or that of the hearing."""
        spans = self.unheard(resource)
        return spans[-1][0] if spans and spans[-1][1] >= self.until_s else self.until_s

    def _silences(self, resource: str) -> list[Span]:
        heard = Steps.of(
            (each.at_s, each.is_heard) for each in self.watching if each.resource == resource
        )
        return [
            (from_s, to_s) for from_s, to_s, is_heard in heard.spans(self.until_s) if not is_heard
        ]

    def _late(self) -> Iterator[Span]:
        """Find stalls by two statuses of one HPA, or two of its moves, that came together."""
        again = [until_s for _, until_s in self._silences("horizontalpodautoscalers")]
        for _, versions in groupby(self.hpa, key=lambda each: each.spec):
            statuses = Steps.of((each.at_s, replace(each, at_s=0.0)) for each in versions)
            yield from late_spans([at_s for at_s, _ in statuses.points], again)
        again = [until_s for _, until_s in self._silences("deployments")]
        moves = [change.at_s for change in self.changes if change.by == "autoscaler"]
        yield from late_spans([-inf, *moves], again)

    def _changes(self) -> Iterable[ReplicaChange]:
        points = self.replicas.points
        for (_, before), (at_s, after) in pairwise(points):
            told = self._told(at_s, after)
            by: Literal["autoscaler", "somebody"] = (
                "autoscaler" if told is not None or self._decided(at_s, after) else "somebody"
            )
            yield ReplicaChange(at_s, before, after, by, told or "")

    def _decided(self, at_s: float, after: int) -> bool:
        """Whether the HPA's status shows that it made this change: its last scale is a new one."""
        for earlier, seen in pairwise(self.hpa):
            is_new = seen.last_scale_unix_s not in (None, earlier.last_scale_unix_s)
            if is_new and seen.desired == after and abs(seen.at_s - at_s) <= _SAME_SYNC_S:
                return True
        return False

    def _told(self, at_s: float, after: int) -> str | None:
        """Give what the HPA's event of this change says; None if none was seen."""
        for event in self.events:
            is_near = abs(event.at_s - at_s) <= _SAME_SYNC_S
            if is_near and event.reason == "SuccessfulRescale":
                _, _, size = event.message.partition("New size: ")
                if size.partition(";")[0].strip() == str(after):
                    return size.partition("reason: ")[2]
        return None


def _only(ordered: Iterable[Sighting], kind: type[Seen]) -> tuple[Seen, ...]:
    return tuple(each for each in ordered if isinstance(each, kind))


def _grouped(ordered: Iterable[Seen], name: Callable[[Seen], str]) -> dict[str, tuple[Seen, ...]]:
    groups: dict[str, list[Seen]] = {}
    for each in ordered:
        groups.setdefault(name(each), []).append(each)
    return {key: tuple(versions) for key, versions in groups.items()}
