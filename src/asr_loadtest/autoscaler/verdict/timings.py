"""
How long it took until more pods served, and what that cost.

All times are the cluster's; a span begins when the load rose.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["PodStart", "Timings"]


@dataclass(frozen=True, slots=True)
class PodStart:
    """One pod that was made during the run: its name, when it was first seen, creation to ready."""

    pod: str
    at_s: float
    start_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """
    Figures; None where there is nothing to measure, or it did not happen.

    Attributes:
        first_scale_s: From the rise of the load to the autoscaler's first scale-up after it.
        first_ready_s: From the rise to the first pod ready of those made after it.
        slo_restored_s: From the rise to the end of the last violation that began before the load
            fell; None also if there was none, or it never ended.
        slo_violation_s: Seconds of violation altogether.
        over_provisioned_pod_s: Replicas above the most that the controller could want by its own
            metrics (within min and max), times how long: what windows and rates held, or a hand.
            A lower bound: where the wish is not known, nothing is counted.
        failed_near_scale_down: Requests that failed within 30 s of a scale-down, or of a pod's
            being told to end.
        failed: Requests that failed altogether.
        pod_starts: Each pod that was made and got ready.
    """

    first_scale_s: float | None = None
    first_ready_s: float | None = None
    slo_restored_s: float | None = None
    slo_violation_s: float | None = None
    over_provisioned_pod_s: float = 0.0
    failed_near_scale_down: int | None = None
    failed: int | None = None
    pod_starts: tuple[PodStart, ...] = ()

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return asdict(self)
