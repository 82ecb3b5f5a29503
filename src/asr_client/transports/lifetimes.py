"""How old connections get: the settings, with a clock and dice that tests can hold."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from asr_client.deadline import Clock
from asr_client.settings.connections import Connections

__all__ = ["Lifetimes"]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """
    How long connections are kept, by which clock, and with which dice.

    Attributes:
        settings: The caller's.
        clock: Monotonic seconds; tests pass their own.
        random: Uniform in [0, 1); tests pass their own.
    """

    settings: Connections
    clock: Clock = time.monotonic
    random: Callable[[], float] = random.random

    def end_s(self, born_s: float) -> float:
        """When a connection that was made at *born_s* is too old."""
        return born_s + self.settings.lifetime_s(self.random())
