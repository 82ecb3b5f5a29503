"""Ctrl-C and its like: the first lets a run end what is under way, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self

__all__ = ["Drain", "TerminatedError"]

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class TerminatedError(BaseException):
    """A second signal has come: everything is let go of."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Drain:
    """
    Within its `with` block, the first signal is only noted.

    A handler runs between two instructions of whatever is under way, printing too; so it does
    nothing but take note.
    """

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, object] = {}

    def requested(self) -> bool:
        """Whether a signal has come."""
        return self.number != 0

    @property
    def name(self) -> str:
        """The signal's name; empty if none has come."""
        return signal.Signals(self.number).name if self.number else ""

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.number:
            raise TerminatedError(number)
        self.number = number

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in _SIGNALS:
                number = getattr(signal, name, None)
                # nohup and background jobs ignore some; so it stays.
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # type: ignore[arg-type]
