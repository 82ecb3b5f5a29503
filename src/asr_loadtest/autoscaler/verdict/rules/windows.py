"""
The stabilization windows: a move may go no further than each wish within the window before it.

Wishes are those that certainly were noted; while metrics fail none is, so that after an outage the
first good look may move at once. A restarted controller begins with the present count as its first
wish, and waits for a whole window: it is never earlier.
"""

from __future__ import annotations

from asr_loadtest.autoscaler.verdict.inferred.course import Course, Direction, Look, Move
from asr_loadtest.autoscaler.verdict.inferred.syncs import SYNC_S
from asr_loadtest.autoscaler.verdict.rules.plural import several
from asr_loadtest.autoscaler.verdict.rules.time_needed import time_needed
from asr_loadtest.autoscaler.verdict.values import RuleVerdict

__all__ = ["judge_window"]

# What is as near to a move is the look that decided it.
_SAME_SYNC_S = 5.0


def judge_window(course: Course, direction: Direction) -> RuleVerdict:
    """
    Hold each move of one direction against the window.

    Held means that a move waited for it: wanted at look after look, and made a window later. A rise
    that passed before the window did shows nothing: no move came, for whatever reason.
    """
    name = f"scale_{direction}_window"
    rules = course.spec.rules.up if direction == "up" else course.spec.rules.down
    window_s, moves = rules.window_s, course.judged(direction)
    broken = [
        f"{move}, though {contrary}"
        for move in moves
        if (contrary := _contrary(course, move, window_s))
    ]
    if broken:
        words = (
            f"{len(broken)} of {several(len(moves), f'scale-{direction}')} came within"
            f" {window_s:.0f} s of a look that wanted less of it"
        )
        return RuleVerdict(name, "broken", words, tuple(broken))
    if not window_s and moves:
        words = f"no window is declared, so that a scale-{direction} may come at once"
        return RuleVerdict(name, "held", words, tuple(map(str, moves)))
    waited = [line for move in moves if (line := _waiting(course, move, window_s))]
    if waited:
        words = f"no scale-{direction} came within {window_s:.0f} s of a look that did not want it"
        return RuleVerdict(name, "held", words, tuple(waited))
    return _untested(name, course, direction)


def _contrary(course: Course, move: Move, window_s: float) -> str:
    """Say which look within the window wanted less of it; nothing if none did for certain."""
    if move.look is not None and move.look.wants(move.direction, move.change.before) is False:
        return ""  # No metric wanted it even then: its target is broken, no window.
    reached = _as_wanted(move)
    for look in course.looks:
        age_s = move.change.at_s - look.at_s
        is_within = _SAME_SYNC_S < age_s <= window_s - _slack_s(course, look)
        if is_within and (short := _short_of(look, move.direction, reached)):
            return f"at {look.at_s:.1f} s {short} was wanted"
    return ""


def _as_wanted(move: Move) -> int:
    """Give where the move went, as far as it was wanted then: the rest is no window's matter."""
    wish, after = move.look.wish if move.look else None, move.change.after
    if wish is None:
        return after
    return min(after, wish.highest) if move.direction == "up" else max(after, wish.lowest)


def _short_of(look: Look, direction: Direction, reached: int) -> str:
    """Say what a look wanted that does not get so far."""
    wish = look.wish
    if wish is None or not wish.is_recorded:
        return ""
    if direction == "up":
        return f"no more than {wish.highest}" if wish.highest < reached else ""
    return f"no less than {wish.lowest}" if wish.lowest > reached else ""


def _waiting(course: Course, move: Move, window_s: float) -> str:
    """Say how long a move had been wanted; nothing if it did not wait for the window."""
    at_s, before = move.change.at_s, move.change.before
    since_s, last = at_s, ""
    for look in reversed(course.looks):
        if look.at_s >= at_s - _SAME_SYNC_S:
            continue
        is_wanted = look.wants(move.direction, before)
        if not is_wanted:
            last = f"{'unknown' if is_wanted is None else 'not so'} at {look.at_s:.1f} s, "
            break
        since_s = look.at_s
    is_second = any(since_s < change.at_s < at_s for change in course.timeline.changes)
    if is_second or at_s - since_s < window_s - SYNC_S - course.slack_s:
        return ""
    return f"{move}: {last}wanted from {since_s:.1f} s on"


def _slack_s(course: Course, look: Look) -> float:
    """Give how well the instant of a look is known."""
    return course.slack_s + (1.0 if look.sync.is_inferred else 0.0)


def _untested(name: str, course: Course, direction: Direction) -> RuleVerdict:
    rules = course.spec.rules.up if direction == "up" else course.spec.rules.down
    moves = course.judged(direction)
    words = f"no scale-{direction} came that had to wait for the window"
    if not moves:
        words = f"no scale-{direction} came"
    load = "a load far above the target" if direction == "up" else "a load that ends"
    needs = f"{load}, and then {time_needed(rules)}"
    return RuleVerdict(name, "not_exercised", words, _swallowed(course, direction), needs)


def _swallowed(course: Course, direction: Direction) -> tuple[str, ...]:
    """Tell of wishes that passed before the window did."""
    stabilized = f"Scale{direction.capitalize()}Stabilized"
    held = [
        look.at_s
        for look in course.judged_looks()
        if (able := look.sync.status.conditions.get("AbleToScale")) is not None
        and able.reason == stabilized
    ]
    if not held:
        return ()
    looks = several(len(held), "look")
    return (f"the controller said {stabilized} at {looks}, first at {held[0]:.1f} s",)
