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
    limits = f"{facts.spec.minimum} to {facts.spec.maximum} replicas, {facts.first} at the start"
    yield f"hpa-{plan.pattern}: {_length(plan.duration_s)}, for {limits}"
    if plan.duration_s < plan.whole_s:
        yield f"  cut by --run-time; the whole plan takes {_length(plan.whole_s)}"
    if facts.speed != 1:
        yield f"  the cluster is played {facts.speed:g} times as fast: its seconds are shorter"


def _phases(plan: HpaPlan) -> Iterator[str]:
    width = max((len(phase.label) for phase in plan.phases), default=0)
    from_s = 0.0
    for phase in plan.phases:
        to_s = from_s + phase.duration_s
        rate = f"{phase.rate_rps:g} req/s"
        yield f"{_range(from_s, to_s)}  {phase.label:<{width}}  {rate:>11}  {phase.why}"
        from_s = to_s


def _expected(plan: HpaPlan) -> Iterator[str]:
    yield "replicas to expect:"
    if not plan.expected:
        yield f"  {plan.facts.first} throughout"
    for each in plan.expected:
        yield f"{_span(each)}  {each.replicas} or {'more' if each.is_up else 'fewer'}"


def _span(each: Expected) -> str:
    if each.latest_s is not None:
        return _range(each.earliest_s, each.latest_s)
    return f"  {each.earliest_s:6.0f} s or later, or not at all:"


def _rules(head: str, outlooks: Sequence[Outlook]) -> Iterator[str]:
    if not outlooks:
        return
    width = max(len(each.rule) for each in outlooks)
    yield f"{head}:"
    for each in outlooks:
        yield f"  {each.rule:<{width}}  {each.words}"


def _assumed(plan: HpaPlan) -> Iterator[str]:
    facts = plan.facts
    memory = facts.memory_percent
    held = "next to nothing" if memory is None else f"{memory:g} % of their request"
    yield (
        f"taken for granted: the high load wants more than {facts.spec.maximum} replicas,"
        f" {facts.fewest} carry the low one;"
    )
    yield f"  new pods are ready after {facts.start_s:g} s, and hold {held} of memory"


def _range(from_s: float, to_s: float) -> str:
    return f"  {from_s:6.0f} - {to_s:6.0f} s"


def _length(duration_s: float) -> str:
    minutes, rest_s = divmod(round(duration_s), 60)
    return f"{minutes} min {rest_s} s" if minutes else f"{duration_s:.0f} s"
