"""A plan in words, printed before its start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asr_loadtest.autoscaler.profiles.expecting import Expected
from asr_loadtest.autoscaler.profiles.outlook import Outlook
from asr_loadtest.autoscaler.profiles.plan import HpaPlan

__all__ = ["describe"]


def describe(plan: HpaPlan) -> str:
    """Give the text: phases, replicas to expect, rules put to the test and not."""
    return "\n".join(
        (
            *_head(plan),
            *_phases(plan),
            "",
            *_expected(plan),
            "",
            *_rules("will be put to the test", plan.exercises),
            *_rules("will not be, and would need", plan.cannot_exercise),
            "",
            *_assumed(plan),
        )
    )


def _head(plan: HpaPlan) -> Iterator[str]:
    facts = plan.facts
    first = f"{facts.first} at the start{'' if facts.replicas else ' (assumed)'}"
    limits = f"{facts.spec.minimum} to {facts.spec.maximum} replicas, {first}"
    yield f"hpa-{plan.pattern}: {_length(plan.duration_s)}, for {limits}"
    if plan.duration_s < plan.whole_s:
        yield f"  cut by --run-time; the whole plan takes {_length(plan.whole_s)}"
    if facts.speed != 1:
        yield f"  in its cluster {facts.speed:g} s pass in one; windows are told in those"


def _phases(plan: HpaPlan) -> Iterator[str]:
    width = max((len(phase.label) for phase in plan.phases), default=0)
    from_s = 0.0
    for phase in plan.phases:
        to_s = from_s + phase.duration_s
        rate = f"{phase.rate_rps:g} req/s"
        yield f"{_range(from_s, to_s, plan)}  {phase.label:<{width}}  {rate:>11}  {phase.why}"
        from_s = to_s


def _expected(plan: HpaPlan) -> Iterator[str]:
    yield "replicas to expect:"
    if not plan.expected:
        yield f"  {plan.facts.first} throughout"
    for each in plan.expected:
        yield f"{_span(each, plan)}  {each.replicas} or {'more' if each.is_up else 'fewer'}"


def _span(each: Expected, plan: HpaPlan) -> str:
    if each.latest_s is not None:
        return _range(each.earliest_s, each.latest_s, plan)
    return f"  {_instant(each.earliest_s, plan)} s, later or not at all:"


def _rules(head: str, outlooks: Sequence[Outlook]) -> Iterator[str]:
    if not outlooks:
        return
    width = max(len(each.rule) for each in outlooks)
    yield f"{head}:"
    for each in outlooks:
        yield f"  {each.rule:<{width}}  {each.words}"


def _assumed(plan: HpaPlan) -> Iterator[str]:
    facts = plan.facts
    yield (
        f"assumed: the high load wants more than {facts.spec.maximum} replicas,"
        f" the low one fewer than {facts.fewest + 1};"
    )
    memory = "no replica is held up by memory"
    if facts.memory_percent is not None:
        memory = f"they hold {int(facts.memory_percent)} % of the memory that they request"
    yield f"  new pods are ready after {facts.start_s:g} s; {memory}"


def _range(from_s: float, to_s: float, plan: HpaPlan) -> str:
    return f"  {_instant(from_s, plan)} - {_instant(to_s, plan)} s"


def _instant(at_s: float, plan: HpaPlan) -> str:
    """Write it so that columns stand; tenths where the cluster's time passes faster."""
    return f"{at_s:6.0f}" if plan.facts.speed == 1 else f"{at_s:6.1f}"


def _length(duration_s: float) -> str:
    minutes, rest_s = divmod(round(duration_s), 60)
    return f"{minutes} min {rest_s} s" if minutes else f"{duration_s:.3g} s"
