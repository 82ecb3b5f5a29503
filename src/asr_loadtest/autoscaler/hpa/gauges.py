"""
How usage is held against a target: as a percentage of requests, or as an amount per pod.

Source: metrics/utilization.go and replica_calculator.go of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from asr_loadtest.autoscaler.hpa.samples import MetricFailedError

__all__ = ["AverageGauge", "Gauge", "Reading", "UtilizationGauge"]

_WHOLE_REQUEST_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a gauge shows.

    Attributes:
        ratio: To the target.
        average_milli: Per pod, in thousandths.
        utilization: Whole percent of the requests; None if there is no such target.
    """

    ratio: float
    average_milli: int
    utilization: int | None = None


class Gauge(Protocol):
    """Usage against one target."""

    def read(self, used_milli: Mapping[str, int]) -> Reading:
        """Hold the usage of these pods against the target."""

    def stand_in_milli(self, pod: str, ratio: float) -> int | None:
        """Give what a pod without a sample counts as, by the others' ratio; None: left out."""


@dataclass(frozen=True, slots=True)
class UtilizationGauge:
    """
    Usage against what the pods request.

    Attributes:
        target_percent: averageUtilization.
        requests_milli: By pod.
    """

    target_percent: int
    requests_milli: Mapping[str, int]

    def read(self, used_milli: Mapping[str, int]) -> Reading:
        """
        Hold usage against requests: a whole percent, truncated, and only then the ratio.

        Raises:
            MetricFailedError: If none of these pods is known.
        """
        known = [pod for pod in used_milli if pod in self.requests_milli]
        requested = sum(self.requests_milli[pod] for pod in known)
        if not requested:
            raise MetricFailedError("no metrics returned matched known pods")
        used = sum(used_milli[pod] for pod in known)
        percent = used * 100 // requested
        return Reading(percent / self.target_percent, used // len(known), percent)

    def stand_in_milli(self, pod: str, ratio: float) -> int | None:
        """Count it as all of its request where the others are low, as idle where they are high."""
        if ratio < 1:
            percent = max(_WHOLE_REQUEST_PERCENT, self.target_percent)
            return self.requests_milli[pod] * percent // 100
        return 0 if ratio > 1 else None


@dataclass(frozen=True, slots=True)
class AverageGauge:
    """
    Usage against an amount per pod.

    Attributes:
        target_milli: averageValue, in thousandths.
    """

    target_milli: int

    def read(self, used_milli: Mapping[str, int]) -> Reading:
        """Average over all samples, those of pods that are gone included."""
        average = sum(used_milli.values()) // len(used_milli)
        return Reading(average / self.target_milli, average)

    def stand_in_milli(self, pod: str, ratio: float) -> int | None:  # noqa: ARG002 - all are alike
        """Count it as right on target where the others are low, as idle else."""
        return self.target_milli if ratio < 1 else 0
