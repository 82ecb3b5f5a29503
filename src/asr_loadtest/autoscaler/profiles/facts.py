"""What a load for an autoscaler is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asr_loadtest.autoscaler.advise.findings.resting import resting_place
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.autoscaler.hpa.weighing import is_tolerated

__all__ = ["START_S", "HpaFacts"]

START_S = 60.0
"""ASSUMED: how long a new pod takes to be ready, where nobody has measured it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HpaFacts:
    """
    What is known of an autoscaler and its pods before the start.

    Attributes:
        spec: What the HPA declares.
        replicas: How many there are; 0: not known, as few as it may have.
        start_s: From a pod's creation to its readiness.
        memory_percent: What a pod holds of the memory that it requests, whatever the load; None:
            not known, taken for so little that it holds no replica up.
        speed: How many seconds of the cluster pass in one; 1 but for recordings that are played.
    """

    spec: HpaSpec
    replicas: int = 0
    start_s: float = START_S
    memory_percent: float | None = None
    speed: float = 1.0

    @property
    def fewest(self) -> int:
        """The fewest replicas that a load can be served by."""
        return max(self.spec.minimum, 1)

    @property
    def first(self) -> int:
        """Replicas at the start, within the HPA's limits, which it puts right at its next look."""
        return min(max(self.replicas, self.fewest), self.spec.maximum)

    @property
    def memory_floor(self) -> int:
        """Where the memory that pods hold anyway ends a way down from the most replicas."""
        ratio = self._memory_ratio
        return self.fewest if ratio is None else resting_place(ratio, self.spec).from_most

    def wish_of_memory(self, replicas: int) -> int:
        """Give how many the memory target wants of so many; the fewest where nothing is known."""
        ratio = self._memory_ratio
        if ratio is None:
            return self.fewest
        return replicas if is_tolerated(ratio, self.spec.rules) else math.ceil(ratio * replicas)

    @property
    def _memory_ratio(self) -> float | None:
        for metric in self.spec.metrics:
            is_share = metric.name == "memory" and metric.target_type == "Utilization"
            if is_share and self.memory_percent is not None:
                return int(self.memory_percent) / metric.target
        return None

    @property
    def drivers(self) -> tuple[str, ...]:
        """Names of the metrics that a load raises: all but memory, which a model holds anyway."""
        return tuple(each.name for each in self.spec.metrics if each.name != "memory")
