"""What the doctor concludes: one finding a check, and the report of all; pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

__all__ = ["Facts", "Finding", "Report", "State", "failed", "passed", "skipped", "warning"]

State = Literal["passed", "warning", "failed", "skipped"]
# What JSON can hold.
Fact = str | int | float | bool | None | tuple[str, ...] | Mapping[str, int | float]

Facts = Mapping[str, Fact]

_NO_FACTS: Facts = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What one check came to.

    Attributes:
        state: "failed" is what keeps a transcription from working, "warning" what will one day.
        says: What was found, a sentence.
        advice: What to do about it; empty where nothing needs to be done.
        facts: The same for machines: names with their units, plain values.
        rows: Numbers of the known discrepancies that showed here (`discrepancies.py`).
        check: Which check; filled in by `judge`.
    """

    state: State
    says: str
    advice: str = ""
    facts: Facts = field(default_factory=lambda: _NO_FACTS)
    rows: tuple[int, ...] = ()
    check: str = ""


def passed(
    says: str, advice: str = "", *, facts: Facts = _NO_FACTS, rows: tuple[int, ...] = ()
) -> Finding:
    """Build the finding of a check that is content."""
    return Finding("passed", says, advice, facts, rows)


def warning(
    says: str, advice: str = "", *, facts: Facts = _NO_FACTS, rows: tuple[int, ...] = ()
) -> Finding:
    """Build the finding of what works today and is not right."""
    return Finding("warning", says, advice, facts, rows)


def failed(
    says: str, advice: str = "", *, facts: Facts = _NO_FACTS, rows: tuple[int, ...] = ()
) -> Finding:
    """Build the finding of what does not work."""
    return Finding("failed", says, advice, facts, rows)


def skipped(
    why: str, advice: str = "", *, facts: Facts = _NO_FACTS, rows: tuple[int, ...] = ()
) -> Finding:
    """Build the finding of a check that could not be made, or has nothing to look at."""
    return Finding("skipped", why, advice, facts, rows)


@dataclass(frozen=True, slots=True)
class Report:
    """
    One examination.

    Attributes:
        url: What was examined.
        model: The model that mattered.
        findings: One a check, in the order in which a request meets what they look at.
        requests: How many requests were sent; each may count under a rate limit.
        took_s: Seconds that it took.
    """

    url: str
    model: str
    findings: tuple[Finding, ...]
    requests: int
    took_s: float

    @property
    def ok(self) -> bool:
        """Whether nothing failed; warnings do not count."""
        return all(finding.state != "failed" for finding in self.findings)

    def count(self, state: State) -> int:
        """Count the findings of one state."""
        return sum(finding.state == state for finding in self.findings)
