"""
Looks at the command lines of all processes, again and again: `ps` shows them to everybody.

Runs as a process of its own, because a thread would disturb tests that fork. It is told on stdin
what to look for, and says on stdout who shows it, once stdin is closed.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

__all__ = ["Watch"]

_LOOK_EVERY_S = 0.05


class Watch:
    """
    What has been seen so far.

    Args:
        wanted: What no command line may hold.
    """

    def __init__(self, wanted: bytes) -> None:
        self.finds: dict[str, str] = {}
        self._wanted = wanted
        self._settled: dict[str, bytes] = {}

    def look(self) -> None:
        """Look at each process that is new, or was not yet itself when last looked at."""
        here = {name for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - quicker
        before, self._settled = self._settled, {}
        for process in here:
            line = before.get(process)
            if line is None:
                # Between fork and exec it still shows its parent's: such a look does not count.
                line = _command_line(process)
                if line == before.get(f"{process} before"):
                    self._settled[process] = line
                else:
                    self._settled[f"{process} before"] = line
                self._note(process, line)
            else:
                self._settled[process] = line

    def _note(self, process: str, line: bytes) -> None:
        if self._wanted in line:
            program = line.split(b"\0")[0].decode(errors="replace")
            self.finds[process] = f"the command line of process {process}, {program}"


def _command_line(process: str) -> bytes:
    try:
        return Path("/proc", process, "cmdline").read_bytes()
    except OSError:  # it has ended, or is not ours to look at
        return b""


def main() -> None:
    """Watch until stdin is closed."""
    watch = Watch(sys.stdin.readline().strip().encode())
    while not select.select([sys.stdin], [], [], _LOOK_EVERY_S)[0]:
        watch.look()
    watch.look()
    print("\n".join(watch.finds.values()))


if __name__ == "__main__":
    main()
