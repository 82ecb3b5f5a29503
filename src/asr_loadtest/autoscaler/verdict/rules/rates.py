"""The rate policies: how much may change within a period."""

from __future__ import annotations

from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.autoscaler.verdict.inferred.course import Course, Direction, Move
from asr_loadtest.autoscaler.verdict.rules.limits import has_rate, step_limit
from asr_loadtest.autoscaler.verdict.rules.plural import several
from asr_loadtest.autoscaler.verdict.rules.time_needed import time_needed
from asr_loadtest.autoscaler.verdict.values import RuleVerdict

__all__ = ["judge_rate"]

_LIMITED = {"up": "ScaleUpLimit", "down": "ScaleDownLimit"}


def judge_rate(course: Course, direction: Direction) -> RuleVerdict:
    """
    Hold each move of one direction against the policies.

    Held means that a limit bit: a move went just as far as was allowed, more was wanted than that,
    or the controller said so.
    """
    name = f"scale_{direction}_rate"
    moves = course.judged(direction)
    limits = [_limit_of(course, move) for move in moves]
    broken = [
        f"{move}, where {limit} was the limit"
        for move, limit in zip(moves, limits, strict=True)
        if _is_beyond(move, limit)
    ]
    if broken:
        all_of_them = several(len(moves), f"scale-{direction}")
        words = f"{len(broken)} of {all_of_them} went faster than declared"
        return RuleVerdict(name, "broken", words, tuple(broken))
    if not has_rate(course.spec, direction):
        return _undeclared(name, direction, moves)
    bitten = [
        f"{move}: the limit was {limit}"
        for move, limit in zip(moves, limits, strict=True)
        if _is_bitten(move, limit)
    ]
    limited = _limited(course, direction)
    if bitten or (limited and moves):
        declared = _declared(course.spec, direction)
        words = f"{several(len(moves), f'scale-{direction}')}, none faster than {declared}"
        return RuleVerdict(name, "held", words, (*bitten, *limited))
    return _untested(name, course, direction, moves)


def _limit_of(course: Course, move: Move) -> int:
    return step_limit(course, move.direction, move.change.before, move.change.at_s)


def _is_beyond(move: Move, limit: int) -> bool:
    return move.change.after > limit if move.direction == "up" else move.change.after < limit


def _is_bitten(move: Move, limit: int) -> bool:
    """Whether the move went to the limit, or more was wanted."""
    if move.change.after == limit:
        return True
    wish = move.look.wish if move.look else None
    if wish is None:
        return False
    return wish.lowest > limit if move.direction == "up" else wish.highest < limit


def _limited(course: Course, direction: Direction) -> list[str]:
    """Give when the controller said that a rate held it back."""
    for look in course.judged_looks():
        condition = look.sync.status.conditions.get("ScalingLimited")
        if condition is not None and condition.reason == _LIMITED[direction]:
            return [f"the controller said {_LIMITED[direction]} at {look.at_s:.1f} s"]
    return []


def _undeclared(name: str, direction: Direction, moves: list[Move]) -> RuleVerdict:
    words = f"no rate is declared, so that a scale-{direction} of any size is right"
    return RuleVerdict(name, "held" if moves else "not_exercised", words)


def _untested(name: str, course: Course, direction: Direction, moves: list[Move]) -> RuleVerdict:
    rules = course.spec.rules.up if direction == "up" else course.spec.rules.down
    if rules.select == "Disabled":
        return _disabled(name, course, direction)
    words = f"no scale-{direction} came"
    if moves:
        words = f"{several(len(moves), f'scale-{direction}')}, none of which a limit held back"
    load = "more load at once than one step serves" if direction == "up" else "a load that ends"
    needs = f"{load}, and then {time_needed(rules)}"
    return RuleVerdict(name, "not_exercised", words, tuple(map(str, moves)), needs)


def _disabled(name: str, course: Course, direction: Direction) -> RuleVerdict:
    wanted = [
        look for look in course.judged_looks() if look.wants(direction, look.sync.status.current)
    ]
    if not wanted:
        words = f"scaling {direction} is disabled, and was not wanted"
        return RuleVerdict(name, "not_exercised", words, needs="a load that would want it")
    words = f"scaling {direction} is disabled, and none came though it was wanted"
    line = f"wanted at {several(len(wanted), 'look')}, the first at {wanted[0].at_s:.1f} s"
    return RuleVerdict(name, "held", words, (line,))


def _declared(spec: HpaSpec, direction: Direction) -> str:
    if spec.behavior is None:
        return "twice as many, or 4"
    rules = spec.behavior.up if direction == "up" else spec.behavior.down
    steps = (
        f"{each.value}{' %' if each.kind == 'Percent' else ' pods'} in {each.period_s:.0f} s"
        for each in rules.policies
    )
    return " or ".join(steps)
