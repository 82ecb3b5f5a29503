"""A point in time that everything a call does must respect."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from asr_client.errors import ConfigError, DeadlineError
from asr_client.faults import Executed

__all__ = ["Clock", "Deadline", "check_seconds"]

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Deadline:
    """
    The end of a caller's patience.

    Attributes:
        at_s: The instant on *clock* at which time is up.
        limit_s: How long the call was given, for messages.
        clock: Monotonic seconds; tests pass their own.
    """

    at_s: float
    limit_s: float
    clock: Clock = time.monotonic

    @classmethod
    def after(cls, limit_s: float, *, clock: Clock = time.monotonic) -> Deadline:
        """Start counting now."""
        return cls(clock() + limit_s, limit_s, clock)

    def remaining_s(self) -> float:
        """Seconds left; negative once it has passed."""
        return self.at_s - self.clock()

    def require_s(self, doing: str) -> float:
        """
        Seconds left, always positive.

        Raises:
            DeadlineError: If none is left; *doing* names what was about to happen, and has not.
        """
        remaining_s = self.remaining_s()
        if remaining_s <= 0:
            raise self.error(doing, executed="no")
        return remaining_s

    def error(self, doing: str, *, executed: Executed = "maybe") -> DeadlineError:
        """Build the error that tells what was going on when time ran out."""
        return DeadlineError(
            f"the deadline of {self.limit_s:g} s passed while {doing}",
            hint="give more time (deadline_s, --deadline), or send shorter audio",
            fault=replace(DeadlineError.fault, executed=executed),
        )


def check_seconds(name: str, value: float) -> None:
    """Refuse what is no positive, finite number of seconds (ConfigError); *name* says whose."""
    if not 0 < value < math.inf:
        raise ConfigError(f"{name} must be a positive number of seconds, not {value!r}")
