"""What must come of a load test, stated and looked for; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.load.histogram import RELATIVE_ERROR
from asr_loadtest.load.outcomes import Outcome
from asr_loadtest.selftest.evidence import Evidence

__all__ = [
    "Expectation",
    "Look",
    "asks_fewer_than",
    "bound_by",
    "counted_as_by_triton",
    "exits",
    "good_between",
    "has_outcome",
    "keeps_secrets",
    "measures_nothing",
    "observes",
    "p99_below",
    "p99_between",
    "refused_as_by_gateway",
    "reports_p99_of_samples",
    "slowest_above",
]


@dataclass(frozen=True, slots=True)
class Look:
    """
    What was found where something was expected.

    Attributes:
        found: In words.
        holds: Whether it is as expected.
    """

    found: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Expectation:
    """
    One thing that must be so.

    Attributes:
        expected: In words.
        look: Looks whether it is.
    """

    expected: str
    look: Callable[[Evidence], Look]


def exits(code: ExitCode) -> Expectation:
    """The process ends with this exit code."""
    words = {each.value: f"exit {each.value} ({each.word.replace('_', ' ')})" for each in ExitCode}

    def look(evidence: Evidence) -> Look:
        ended = evidence.exit_code
        return Look(words.get(ended, f"exit {ended}"), ended == code)

    return Expectation(words[code.value], look)


def p99_between(low_s: float, high_s: float) -> Expectation:
    """The reported p99 of the response times lies between two figures."""
    return Expectation(
        f"p99 from {low_s:g} to {high_s:g} s",
        lambda evidence: _figure(evidence.reported_p99_s, lambda p99_s: low_s <= p99_s <= high_s),
    )


def p99_below(high_s: float) -> Expectation:
    """The reported p99 of the response times is below a figure."""
    return Expectation(
        f"p99 below {high_s:g} s",
        lambda evidence: _figure(evidence.reported_p99_s, lambda p99_s: p99_s < high_s),
    )


def slowest_above(low_s: float) -> Expectation:
    """The slowest good reply took longer than this."""
    return Expectation(
        f"slowest reply above {low_s:g} s",
        lambda evidence: _figure(
            max(evidence.responses_s, default=None), lambda most_s: most_s > low_s
        ),
    )


def reports_p99_of_samples() -> Expectation:
    """The reported p99 is that of the raw samples, within what the histogram promises."""

    def look(evidence: Evidence) -> Look:
        reported_s, own_s = evidence.reported_p99_s, evidence.p99_s
        if reported_s is None or own_s is None:
            return _NO_FIGURE
        apart = abs(reported_s - own_s) / own_s
        return Look(f"{apart:.2%} apart", apart <= RELATIVE_ERROR)

    return Expectation(f"within {RELATIVE_ERROR:.0%} of the raw samples' p99", look)


def asks_fewer_than(wanted: int) -> Expectation:
    """Less was asked than was wanted."""
    return Expectation(
        f"fewer requests than the {wanted} wanted",
        lambda evidence: Look(
            f"{len(evidence.samples)} requests", 0 < len(evidence.samples) < wanted
        ),
    )


def good_between(low_rps: float, high_rps: float) -> Expectation:
    """The reported rate of good replies lies between two figures."""

    def look(evidence: Evidence) -> Look:
        good_rps = evidence.good_rps
        if good_rps is None:
            return _NO_FIGURE
        return Look(f"{good_rps:.1f} a second", low_rps <= good_rps <= high_rps)

    return Expectation(f"{low_rps:g} to {high_rps:g} good replies a second", look)


def has_outcome(outcome: Outcome) -> Expectation:
    """Some requests ended so."""

    def look(evidence: Evidence) -> Look:
        outcomes = evidence.outcomes
        counts = ", ".join(f"{count} {name}" for name, count in outcomes.most_common())
        return Look(counts or "no request", outcomes[outcome] > 0)

    return Expectation(f"class {outcome}", look)


def bound_by(constraint: str) -> Expectation:
    """The report names who bound the load."""
    return Expectation(
        f"bound by the {constraint}",
        lambda evidence: Look(
            f"bound by the {evidence.binding}" if evidence.binding else "nobody named",
            evidence.binding == constraint,
        ),
    )


def counted_as_by_triton() -> Expectation:
    """As many good replies were counted here as by the server."""

    def look(evidence: Evidence) -> Look:
        good, served = evidence.outcomes["ok"], evidence.served
        told = "not known" if served is None else str(served)
        return Look(f"{good} here, {told} there", good > 0 and good == served)

    return Expectation("good replies as many as Triton's own", look)


def refused_as_by_gateway() -> Expectation:
    """As many refusals were counted here as by the gateway."""

    def look(evidence: Evidence) -> Look:
        here, there = evidence.outcomes["rate_limited"], evidence.observed["refused"]
        return Look(f"{here} here, {there:.0f} there", here == there)

    return Expectation("refusals as many as the gateway's own", look)


def observes(name: str, low: float, high: float, *, expected: str, shows: str) -> Expectation:
    """
    What the place has counted lies within bounds.

    Args:
        name: Of the figure.
        low: The least that holds.
        high: The most that holds.
        expected: That in words.
        shows: How the figure is written, such as "{:.0%}".
    """

    def look(evidence: Evidence) -> Look:
        value = evidence.observed[name]
        return Look(shows.format(value), low <= value <= high)

    return Expectation(expected, look)


def measures_nothing() -> Expectation:
    """The load test does not start."""
    return Expectation(
        "nothing measured",
        lambda evidence: Look(f"{len(evidence.samples)} requests", not evidence.samples),
    )


def keeps_secrets() -> Expectation:
    """The key is neither in its output nor in any of its files."""
    return Expectation(
        "the key is shown nowhere",
        lambda evidence: Look(
            f"in {', '.join(evidence.leaks)}" if evidence.leaks else "nowhere", not evidence.leaks
        ),
    )


_NO_FIGURE = Look("no figure", holds=False)


def _figure(seconds: float | None, holds: Callable[[float], bool]) -> Look:
    if seconds is None:
        return _NO_FIGURE
    return Look(f"{seconds:.3f} s", holds(seconds))
