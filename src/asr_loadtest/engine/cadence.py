"""How often to look at something for hours, without as many looks as there are seconds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cadence"]

_LOOKS = 900


@dataclass(slots=True)
class Cadence:
    """
    An interval that doubles after every 900 looks: a day of looks at every second is 6000.

    Attributes:
        every_s: Seconds to the next look.
    """

    every_s: float
    _looks: int = 0

    def next_s(self) -> float:
        """Give the seconds to wait before one more look."""
        self._looks += 1
        if self._looks > _LOOKS:
            self._looks = 1
            self.every_s *= 2
        return self.every_s
