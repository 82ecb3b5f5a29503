"""What the doctor concludes: one finding a check, and the report of all; pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
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


# What a check gives: what it says, perhaps an advice, and by name *facts* and *rows*.
passed = partial(Finding, "passed")
warning = partial(Finding, "warning")  # it works today, and is not right
failed = partial(Finding, "failed")
skipped = partial(Finding, "skipped")  # it could not be made, or has nothing to look at


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
