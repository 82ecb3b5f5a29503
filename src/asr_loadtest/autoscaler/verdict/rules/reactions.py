"""What the metrics asked for and nobody did: replicas that stay though each look wants a move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asr_loadtest.autoscaler.verdict.inferred.course import Course, Direction, Look
from asr_loadtest.autoscaler.verdict.inferred.syncs import SYNC_S

__all__ = ["Unheeded", "find_unheeded"]

# After a window, the second look moves at the latest: what is there at the third is stuck.
_LATE_S = 2 * SYNC_S + 5
# Looks further apart than this do not belong together: between them nobody knows.
_GAP_S = 2.5 * SYNC_S


@dataclass(frozen=True, slots=True)
class Unheeded:
    """
    A span in which the replicas should have been moved.

    Attributes:
        direction: Where to.
        from_s, to_s: From the first look to the last, of those after which a move was due.
        replicas: That stayed.
        metrics: Positions in the spec of those that asked for it.
    """

    direction: Direction
    from_s: float
    to_s: float
    replicas: int
    metrics: frozenset[int]

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.replicas} replicas stayed, though wanted {self.direction} at each look from"
            f" {self.from_s:.1f} s to {self.to_s:.1f} s, for {self.to_s - self.from_s:.0f} s"
        )


def find_unheeded(course: Course) -> list[Unheeded]:
    """Give the spans that are longer than window, rate and two looks together explain."""
    found = []
    for direction in ("up", "down"):
        for run in _runs(course, direction):
            replicas = run[0].sync.status.current
            due_s = max(run[0].at_s, _rate_allows_s(course, direction, run[0].at_s))
            rules = course.spec.rules.up if direction == "up" else course.spec.rules.down
            if run[-1].at_s - due_s > rules.window_s + _LATE_S:
                metrics = _asking(run, direction, replicas)
                found.append(Unheeded(direction, run[0].at_s, run[-1].at_s, replicas, metrics))
    return found


def _runs(course: Course, direction: Direction) -> Iterator[list[Look]]:
    """Give looks in a row that wanted the same count moved this way, where it may be."""
    run: list[Look] = []
    for look in course.judged_looks():
        is_wanted = _may_move(course, look, direction) and look.wants(
            direction, look.sync.status.current
        )
        is_next = run and _is_next(run[-1], look)
        if run and not (is_wanted and is_next):
            yield run
            run = []
        if is_wanted:
            run.append(look)
    if run:
        yield run


def _is_next(last: Look, look: Look) -> bool:
    is_same = last.sync.status.current == look.sync.status.current
    return is_same and look.at_s - last.at_s <= _GAP_S


def _may_move(course: Course, look: Look, direction: Direction) -> bool:
    """Whether there is room, scaling is enabled, and this look itself did not move."""
    status, spec = look.sync.status, course.spec
    rules = spec.rules.up if direction == "up" else spec.rules.down
    has_room = status.current < spec.maximum if direction == "up" else status.current > spec.minimum
    able = status.conditions.get("AbleToScale")
    is_able = able is None or able.status == "True"
    return has_room and is_able and rules.select != "Disabled" and status.desired == status.current


def _rate_allows_s(course: Course, direction: Direction, at_s: float) -> float:
    """Give when the last move before is out of every policy's period."""
    rules = course.spec.rules.up if direction == "up" else course.spec.rules.down
    period_s = max((each.period_s for each in rules.policies), default=0.0)
    before = [change.at_s for change in course.timeline.changes if change.at_s <= at_s]
    return max(before, default=at_s - period_s) + period_s


def _asking(run: list[Look], direction: Direction, replicas: int) -> frozenset[int]:
    """Give the metrics that asked at each look; for a move down that is all of them."""
    asking: set[int] | None = None
    for look in run:
        proposals = look.wish.proposals if look.wish else ()
        now = {
            index
            for index, each in enumerate(proposals)
            if each is not None
            and (each.lowest > replicas if direction == "up" else each.highest < replicas)
        }
        asking = now if asking is None else asking & now
    return frozenset(asking or ())
