"""
asr-transcribe that kills itself, as kill -9 would, at one step of what it writes.

    python killed_at.py STEP:NUMBER ARGUMENTS...
    python killed_at.py never ARGUMENTS...

Where DRILL_USAGE names a file, it writes there at its end what it has used: [CPU seconds, peak
KiB].

The steps are those of bulk/files.py and bulk/journal/, counted over the whole process: "open" of
an output that is being written, its "write" (half of it is there), its "sync", "place" (before it
has its name), "placed" (after), and the journal's "line" (half of it is there) and "lined" (all of
it, not synced yet).
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["STEPS"]

STEPS = ("open", "write", "sync", "place", "placed", "line", "lined")

_open, _write, _fsync, _replace = os.open, os.write, os.fsync, Path.replace


class Death:
    """
    Lies in wait before the calls of the system that the steps are made of.

    Args:
        step: At which it comes.
        number: At the how manieth of these; 1 is the first.
    """

    def __init__(self, step: str, number: int) -> None:
        self._step = step
        self._number = number
        self._seen: Counter[str] = Counter()
        self._parts: set[int] = set()

    def lie_in_wait(self) -> None:
        """Begin."""
        death = self
        os.open, os.write, os.fsync = self.open, self.write, self.fsync  # type: ignore[assignment]
        Path.replace = lambda path, target: death.replace(path, target)  # type: ignore[method-assign,assignment]  # noqa: PLW0108 - a method of Path

    def _is_now(self, step: str) -> bool:
        self._seen[step] += 1
        return step == self._step and self._seen[step] == self._number

    def _come(self, step: str) -> None:
        if self._is_now(step):
            os.kill(os.getpid(), signal.SIGKILL)

    def open(self, path: Any, *rest: Any, **others: Any) -> int:
        """Open a file; outputs that are being written are known by their names."""
        file = _open(path, *rest, **others)
        if os.fspath(path).endswith(".part"):
            self._parts.add(file)
            self._come("open")
        return file

    def write(self, file: int, data: bytes) -> int:
        """Write a line of the journal: nothing else is written so."""
        if self._is_now("line"):
            _write(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        written = _write(file, data)
        self._come("lined")
        return written

    def fsync(self, file: int) -> None:
        """Have a file lie safely."""
        if file in self._parts:
            self._parts.discard(file)
            if self._is_now("write"):
                os.ftruncate(file, os.fstat(file).st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            self._come("sync")
        _fsync(file)

    def replace(self, path: Path, target: Path) -> Path:
        """Give a file its name."""
        self._come("place")
        new = _replace(path, target)
        self._come("placed")
        return new


def _write_usage(path: Path) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    path.write_text(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))


def main() -> None:
    """Lie in wait, and begin."""
    step, _, number = sys.argv.pop(1).partition(":")
    if step != "never":
        assert step in STEPS, step
        Death(step, int(number)).lie_in_wait()
    if usage := os.environ.get("DRILL_USAGE"):
        atexit.register(_write_usage, Path(usage))
    from asr_client.cli.transcribe import main as run

    run()


if __name__ == "__main__":
    main()
