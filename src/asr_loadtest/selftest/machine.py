"""How busy this machine is, by whomever."""

from __future__ import annotations

from pathlib import Path
from typing import Self

__all__ = ["BusyClock"]

_IDLE = (3, 4)  # idle, and waiting for a disk
_STAT = Path("/proc/stat")


class BusyClock:
    """Measures what share of all CPU time is used, within a `with` block."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None
        self.share: float | None = None

    def __enter__(self) -> Self:
        self._before = _times()
        return self

    def __exit__(self, *_: object) -> None:
        before, after = self._before, _times()
        if before is None or after is None or after[1] <= before[1]:
            return
        self.share = 1 - (after[0] - before[0]) / (after[1] - before[1])


def _times() -> tuple[int, int] | None:
    """Read idle and whole CPU time so far, in ticks of all cores; None where nobody tells."""
    try:
        line = _STAT.read_text(encoding="ascii").partition("\n")[0]
        # Guests' time is in that of their hosts already.
        ticks = [int(word) for word in line.split()[1:9]]
    except (OSError, ValueError):
        return None
    return sum(ticks[place] for place in _IDLE), sum(ticks)
