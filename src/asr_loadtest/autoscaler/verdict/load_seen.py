"""The load, as far as the autoscaler's judge asks for it: a value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LoadSeen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSeen:
    """
    What was asked of the servers; all times on the cluster timeline's axis.

    Attributes:
        rises_s: When the load rose; None if it did not.
        falls_s: When it fell again; None if it did not.
        violations: Spans in which the SLO was not met, in order, apart from each other.
        failures: When requests failed, and how many.
    """

    rises_s: float | None = None
    falls_s: float | None = None
    violations: tuple[tuple[float, float], ...] = ()
    failures: tuple[tuple[float, int], ...] = ()
