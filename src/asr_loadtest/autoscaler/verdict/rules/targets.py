"""The metrics' targets: each move goes where they point, and as far; and they are heeded at all."""

from __future__ import annotations

from asr_loadtest.autoscaler.hpa.spec import MetricSpec
from asr_loadtest.autoscaler.verdict.inferred.course import Course, Look, Move
from asr_loadtest.autoscaler.verdict.inferred.wishes import Proposal
from asr_loadtest.autoscaler.verdict.rules.plural import several
from asr_loadtest.autoscaler.verdict.rules.reactions import Unheeded, find_unheeded
from asr_loadtest.autoscaler.verdict.rules.time_needed import FIRST_MOVE_S
from asr_loadtest.autoscaler.verdict.values import RuleVerdict

__all__ = ["judge_targets"]


def judge_targets(course: Course) -> list[RuleVerdict]:
    """
    Hold what the autoscaler did against each metric.

    Broken: a move that no metric wanted, or further than any did; a move down against this one, or
    while it was unknown; and no move at all though it stayed off its target for a window and two
    looks, with all pods ready and sampled. Held: moves that it wanted.
    """
    unheeded = find_unheeded(course)
    return [
        _judge(course, index, metric, unheeded) for index, metric in enumerate(course.spec.metrics)
    ]


def _judge(course: Course, index: int, metric: MetricSpec, unheeded: list[Unheeded]) -> RuleVerdict:
    name = f"target_{metric.name}"
    moves = [*course.judged("up"), *course.judged("down")]
    wrong = [line for move in moves if (line := _wrong(course, index, move))]
    ignored = [str(each) for each in unheeded if index in each.metrics]
    if wrong or ignored:
        words = f"the autoscaler did not do what {metric.label} asked for"
        return RuleVerdict(name, "broken", words, (*wrong, *ignored))
    agreed = [line for move in moves if (line := _agreed(index, move, metric))]
    if agreed:
        words = f"{several(len(agreed), 'move')} went where {metric.label} pointed"
        return RuleVerdict(name, "held", words, tuple(agreed))
    words = f"no move hung on {metric.label}"
    return RuleVerdict(
        name, "not_exercised", words, _reach(course, index, metric), _needs(course, metric)
    )


def _wrong(course: Course, index: int, move: Move) -> str:
    """Say what is wrong with a move, if it is and this metric is to be asked; else nothing."""
    look = move.look
    if look is None:
        return ""
    own = _own(look, index)
    if move.direction == "down":
        return _wrong_down(move, own, is_unknown=_is_unknown(look, index))
    if look.wish is None or move.change.after <= look.wish.highest:
        return ""
    if not _is_asked(course, index, move):
        return ""
    return f"{move}, though no more than {look.wish.highest} was wanted then"


def _wrong_down(move: Move, own: Proposal | None, *, is_unknown: bool) -> str:
    if is_unknown:
        return f"{move}, though the metric could not be had"
    if own is not None and move.change.after < own.lowest:
        return f"{move}, though it wanted {own.lowest} or more: {own.ratio:.0%} of the target"
    return ""


def _is_asked(course: Course, index: int, move: Move) -> bool:
    """Whether the controller named this metric as its reason, or none that is known."""
    named = [
        number
        for number, metric in enumerate(course.spec.metrics)
        if metric.name in move.change.reason.split()
    ]
    return index in named or not named


def _agreed(index: int, move: Move, metric: MetricSpec) -> str:
    own = _own(move.look, index) if move.look else None
    if own is None:
        return ""
    is_up = move.direction == "up"
    is_wanted = own.lowest > move.change.before if is_up else own.highest < move.change.before
    # A move down takes all metrics; a move up only that which asks for most.
    return f"{move}: {metric.label} was at {own.ratio:.0%} of its target" if is_wanted else ""


def _own(look: Look, index: int) -> Proposal | None:
    return look.wish.proposals[index] if look.wish else None


def _is_unknown(look: Look, index: int) -> bool:
    metrics = look.sync.status.metrics
    return index < len(metrics) and not metrics[index].is_known


def _reach(course: Course, index: int, metric: MetricSpec) -> tuple[str, ...]:
    """Tell between what the metric was seen."""
    ratios = [own.ratio for look in course.judged_looks() if (own := _own(look, index))]
    if not ratios:
        return (f"{metric.label} was never known",)
    return (f"it was between {min(ratios):.0%} and {max(ratios):.0%} of its target",)


def _needs(course: Course, metric: MetricSpec) -> str:
    rules = course.spec.rules
    return (
        f"{metric.label} above {1 + rules.up.tolerance:.0%} of its target for"
        f" {rules.up.window_s + FIRST_MOVE_S:.0f} s, or with all others below"
        f" {1 - rules.down.tolerance:.0%} for {rules.down.window_s + FIRST_MOVE_S:.0f} s"
    )
