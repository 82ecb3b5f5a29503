"""What the judging of an autoscaler comes to: values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from asr_loadtest.autoscaler.verdict.timings import Timings

__all__ = ["AutoscalerVerdict", "RuleVerdict", "State"]

# "held" is shown, not presumed: what was not exercised has not passed.
State = Literal["held", "broken", "not_exercised"]


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """
    One rule of the HPA, held against what was seen.

    Attributes:
        name: "min_replicas", "max_replicas", "scale_up_rate", "scale_down_rate", "scale_up_window",
            "scale_down_window", "target_cpu" (one for each metric), "pdb".
        state: "broken" only where that is certain; "held" only where the rule was put to the test.
        words: One sentence; no full stop.
        evidence: Lines with times and figures.
        needs: What would put it to the test, or would show more; empty where nothing is needed.
    """

    name: str
    state: State
    words: str
    evidence: tuple[str, ...] = ()
    needs: str = ""

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AutoscalerVerdict:
    """
    All rules of one HPA.

    Attributes:
        rules: In a fixed order.
        timings: How long things took, and what they cost.
        caveats: What could not be seen, or had to be assumed.
        figures: The span that was judged: `from_s`, `until_s`.
    """

    rules: tuple[RuleVerdict, ...]
    timings: Timings
    caveats: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_broken(self) -> bool:
        """Whether a rule was broken for certain."""
        return any(rule.state == "broken" for rule in self.rules)

    def in_state(self, state: State) -> tuple[RuleVerdict, ...]:
        """Give the rules of one state."""
        return tuple(rule for rule in self.rules if rule.state == state)

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return {
            "is_broken": self.is_broken,
            "rules": [rule.to_fields() for rule in self.rules],
            "timings": self.timings.to_fields(),
            "caveats": list(self.caveats),
            **self.figures,
        }
