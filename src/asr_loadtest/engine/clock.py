"""The run's clock: seconds since a zero that all workers share."""

from __future__ import annotations

import time
from dataclasses import dataclass

from asr_loadtest.load.samples import to_microseconds

__all__ = ["RunClock"]


@dataclass(frozen=True, slots=True)
class RunClock:
    """
    Counts from the run's zero, on this process's monotonic clock.

    Attributes:
        zero_s: The zero, on `time.monotonic`.
    """

    zero_s: float

    @classmethod
    def starting_in(cls, seconds: float) -> RunClock:
        """Let the run begin in so many seconds."""
        return cls(time.monotonic() + seconds)

    def now_s(self) -> float:
        """Give seconds since the zero, to the microsecond, as samples keep them."""
        return to_microseconds(time.monotonic() - self.zero_s)
