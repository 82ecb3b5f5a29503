"""What happened, as the rules want it: the controller's looks, what they wanted, what it moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.autoscaler.verdict.inferred.syncs import AFTER_SILENCE_S, SYNC_S, Sync, find_syncs
from asr_loadtest.autoscaler.verdict.inferred.tenure import Tenure, find_tenure
from asr_loadtest.autoscaler.verdict.inferred.wishes import Wish, wish_at
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline, ReplicaChange

__all__ = ["SLACK_S", "Course", "Direction", "Look", "Move", "follow"]

SLACK_S = 1.0
"""
How far apart the cluster's clock and ours may be in measuring a span.

Steps that may come every 60 s come after 60.2 to 60.3 s, so that it hides nothing.
"""

Direction = Literal["up", "down"]

# The status is written right after the Deployment was changed; both come on their own connections.
_SAME_SYNC_S = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look of the controller, and what it wanted; None where no wish came about."""

    sync: Sync
    wish: Wish | None

    @property
    def at_s(self) -> float:
        """When it was."""
        return self.sync.at_s

    def wants(self, direction: Direction, replicas: int) -> bool | None:
        """Tell whether it wanted to go this way from *replicas*; None if that is not certain."""
        if self.wish is None or not self.wish.is_recorded:
            return None
        is_up = direction == "up"
        nearest = self.wish.lowest if is_up else self.wish.highest
        farthest = self.wish.highest if is_up else self.wish.lowest
        if _is_beyond(nearest, replicas, direction):
            return True
        return None if _is_beyond(farthest, replicas, direction) else False


@dataclass(frozen=True, slots=True)
class Move:
    """
    One change that the autoscaler made.

    Attributes:
        change: Of spec.replicas.
        look: At which it was decided; None if its status was not seen.
        is_correction: Back into min..max: it skips windows and rates, but counts as an event.
        is_late: Seen only after a silence: it came sometime before, and may be several in one.
    """

    change: ReplicaChange
    look: Look | None
    is_correction: bool
    is_late: bool = False

    @property
    def direction(self) -> Direction:
        """Where it went."""
        return "up" if self.change.after > self.change.before else "down"

    def __str__(self) -> str:
        """Say it in few words, such as "1 -> 2 at 105.4 s"."""
        change = self.change
        return f"{change.before} -> {change.after} at {change.at_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Course:
    """
    All of it.

    Attributes:
        timeline: What was seen.
        spec: What the HPA declares.
        from_s, until_s: What is judged; what came before is known, but not judged.
        tenure: When that spec was in force; nothing else is judged by it.
        slack_s: How well instants are known.
        looks: In order.
        moves: Of the autoscaler, also those before *from_s*.
    """

    timeline: ClusterTimeline
    spec: HpaSpec
    from_s: float
    until_s: float
    tenure: Tenure
    slack_s: float
    looks: tuple[Look, ...]
    moves: tuple[Move, ...]

    def judged(self, direction: Direction) -> list[Move]:
        """Give the moves that windows and rates hold for."""
        return [
            move
            for move in self.moves
            if move.direction == direction
            and not (move.is_correction or move.is_late)
            and self.covers(move)
        ]

    def covers(self, move: Move) -> bool:
        """Whether a move is within what is judged."""
        return self.from_s <= move.change.at_s <= self.until_s

    def judged_looks(self) -> Iterator[Look]:
        """Give the looks within what is judged."""
        return (look for look in self.looks if self.from_s <= look.at_s <= self.until_s)


def follow(
    timeline: ClusterTimeline,
    spec: HpaSpec,
    span: tuple[float, float],
    slack_s: float = SLACK_S,
) -> Course:
    """
    Put the course of things together.

    Args:
        timeline: What was seen.
        spec: What the HPA declares.
        span: From when to when it is judged.
        slack_s: How well instants are known.
    """
    tenure = find_tenure(timeline)
    # The first status after an edit may still have been found by the spec before it.
    looks_from_s = tenure.from_s + SYNC_S + slack_s
    looks = tuple(
        Look(sync, wish_at(timeline, spec, sync, slack_s))
        for sync in find_syncs(timeline)
        if looks_from_s <= sync.at_s <= tenure.until_s
    )
    silences = timeline.unheard("deployments")
    moves = tuple(
        Move(
            change,
            look=_deciding(looks, change),
            is_correction=_is_correction(change, spec),
            is_late=any(a <= change.at_s <= b + AFTER_SILENCE_S for a, b in silences),
        )
        for change in timeline.changes
        if change.by == "autoscaler"
    )
    from_s, until_s = max(span[0], tenure.from_s + slack_s), min(span[1], tenure.until_s)
    return Course(timeline, spec, from_s, until_s, tenure, slack_s, looks, moves)


def _deciding(looks: tuple[Look, ...], change: ReplicaChange) -> Look | None:
    """Find the look whose status tells of this change."""
    for look in looks:
        status = look.sync.status
        is_it = (status.current, status.desired) == (change.before, change.after)
        if is_it and not look.sync.is_inferred and abs(look.at_s - change.at_s) <= _SAME_SYNC_S:
            return look
    return None


def _is_correction(change: ReplicaChange, spec: HpaSpec) -> bool:
    return (change.before > spec.maximum and change.after < change.before) or (
        change.before < spec.minimum and change.after > change.before
    )


def _is_beyond(replicas: int, limit: int, direction: Direction) -> bool:
    return replicas > limit if direction == "up" else replicas < limit
