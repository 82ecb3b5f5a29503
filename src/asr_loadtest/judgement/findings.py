"""What is wrong with a measurement, or with a plan for one: values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Finding", "Severity"]

# After a run: "invalid" takes it its worth, "caveat" goes along with its figures.
# Before one: "stop" says that it makes no sense, "warn" that it may not.
Severity = Literal["invalid", "caveat", "stop", "warn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that the reader of the figures must know.

    Attributes:
        severity: How much it matters.
        name: Which check found it, such as "lag".
        words: What was found, with figures and limits; no full stop.
        remedy: What to do about it; empty where there is nothing to do.
        figures: The same for machines: names with their units.
    """

    severity: Severity
    name: str
    words: str
    remedy: str = ""
    figures: Mapping[str, float | int | None] = field(default_factory=dict)

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return asdict(self)
