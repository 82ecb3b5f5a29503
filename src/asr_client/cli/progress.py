"""How far a run is: one line redrawn on a terminal, a few plain ones elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from asr_client.bulk.account.tally import Standing, Tally
    from asr_client.cli.console import Console

__all__ = ["Progress", "clock", "full_line", "is_worth_a_line", "short_line"]

_REDRAW_S = 0.5
_PLAIN_EVERY_S = 30.0
_PLAIN_SHARE = 0.1
# A tenth of a short run is no news.
_PLAIN_AT_LEAST_S = 3.0


def short_line(standing: Standing) -> str:
    """Say it in a line that is redrawn; what matters most comes first, for it may be cut off."""
    counts = f"{standing.over}/{standing.total}"
    parts = [f"{counts} {standing.share:4.0%}"]
    parts += [f"{standing.failed} failed"] if standing.failed else []
    parts += [f"{standing.rtfx:.1f} audio s/s"] if standing.rtfx else []
    parts += [f"{clock(standing.left_s)} left"] if standing.left_s is not None else []
    parts += [f"{standing.under_way} at a time"] if standing.under_way else []
    return "  ".join(parts)


def full_line(standing: Standing) -> str:
    """Say it in a line that stays, in a log perhaps."""
    left = "" if standing.left_s is None else f", {clock(standing.left_s)} left"
    rate = f", {standing.rtfx:.1f} s of audio a second" if standing.rtfx else ""
    skipped = f", {standing.skipped} of them before" if standing.skipped else ""
    failed = f", {standing.failed} failed" if standing.failed else ""
    return (
        f"{clock(standing.elapsed_s)}: {standing.over} of {standing.total} over"
        f" ({standing.share:.0%}){skipped}{failed}{rate}{left}"
    )


def clock(seconds: float) -> str:
    """Write a time as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def is_worth_a_line(last: Standing, now: Standing) -> bool:
    """Whether so much has come since the *last* plain line that another one is due."""
    passed_s = now.elapsed_s - last.elapsed_s
    has_moved = now.share - last.share >= _PLAIN_SHARE and passed_s >= _PLAIN_AT_LEAST_S
    return has_moved or passed_s >= _PLAIN_EVERY_S


class Progress:
    """
    Shows how a run stands, from a thread of its own, within its `with` block.

    Args:
        console: Where to.
        tally: What has come of the run.
        ending: Gives what to say once, when the run has been told to end; "" until then.
        plain: Whether lines are written where there is no terminal.
    """

    def __init__(
        self, console: Console, tally: Tally, ending: Callable[[], str], *, plain: bool
    ) -> None:
        self._console = console
        self._tally = tally
        self._ending = ending
        self._plain = plain and not console.is_terminal
        self._last = tally.standing()
        self._has_told_end = False
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._show, name="asr-progress", daemon=True)

    def _show(self) -> None:
        while not self._leaving.wait(_REDRAW_S):
            self._look()

    def _look(self) -> None:
        if not self._has_told_end and (text := self._ending()):
            self._has_told_end = True
            self._console.note(text)
        standing = self._tally.standing()
        self._console.progress(short_line(standing))
        if self._plain and is_worth_a_line(self._last, standing):
            self._last = standing
            self._console.note(full_line(standing))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join()
        self._console.clear_progress()
