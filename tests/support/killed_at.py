"""
asr-transcribe that kills itself, as kill -9 would, at one step of what it writes.

    python killed_at.py STEP:NUMBER ARGUMENTS...

The steps are those of files.py and journal.py, counted over the whole process: "open" of an output
that is being written, its "write" (half of it), "sync", "place" (before it has its name), "placed"
(after), and the journal's "line" (half of it), "lined" (after it, before it is synced).
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["STEPS"]

STEPS = ("open", "write", "sync", "place", "placed", "line", "lined")


class _Death:
    """Comes at the given step."""

    def __init__(self, step: str, number: int) -> None:
        self._step = step
        self._number = number
        self._seen: Counter[str] = Counter()

    def is_now(self, step: str) -> bool:
        self._seen[step] += 1
        return step == self._step and self._seen[step] == self._number


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _lie_in_wait(death: _Death) -> None:
    """Put oneself before the calls of the system that the steps are made of."""
    real_open, real_write, real_sync, real_replace = os.open, os.write, os.fsync, Path.replace
    parts: set[int] = set()

    def opened(path: Any, flags: int, *rest: Any, **others: Any) -> int:
        file = real_open(path, flags, *rest, **others)
        if str(path).endswith(".part"):
            parts.add(file)
            if death.is_now("open"):
                _die()
        return file

    def wrote(file: int, data: bytes) -> int:
        if death.is_now("line"):
            real_write(file, data[: len(data) // 2])
            _die()
        written = real_write(file, data)
        if death.is_now("lined"):
            _die()
        return written

    def synced(file: int) -> None:
        if file in parts:
            parts.discard(file)
            if death.is_now("write"):
                os.ftruncate(file, os.fstat(file).st_size // 2)
                _die()
            if death.is_now("sync"):
                _die()
        real_sync(file)

    def replaced(path: Path, target: Any) -> Path:
        if death.is_now("place"):
            _die()
        new = real_replace(path, target)
        if death.is_now("placed"):
            _die()
        return new

    os.open, os.write, os.fsync = opened, wrote, synced  # type: ignore[assignment]
    Path.replace = replaced  # type: ignore[method-assign]


def main() -> None:
    """Lie in wait, and begin."""
    step, _, number = sys.argv.pop(1).partition(":")
    assert step in STEPS, step
    _lie_in_wait(_Death(step, int(number)))
    sys.argv[0] = "asr-transcribe"
    from asr_client.cli.transcribe import main as run

    run()


if __name__ == "__main__":
    main()
