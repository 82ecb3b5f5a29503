"""
The processes of a server, found by its id.

The id stands on the command lines of tritonserver (--id) and of its stubs (their shared memory). A
bare process id would not do: after a crash the number may belong to somebody else.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["die_with_parent", "has_id", "kill_all", "server_processes", "stubs"]

_STUB = "triton_python_backend_stub"
_PROGRAMS = ("tritonserver", _STUB)
_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def server_processes(server_id: str) -> dict[int, str]:
    """Return our living processes that belong to *server_id*: process id -> program."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            program = _program(entry, server_id)
            if program:
                found[int(entry.name)] = program
    return found


def stubs(server_id: str) -> frozenset[int]:
    """Return the process ids of the model processes of *server_id*."""
    processes = server_processes(server_id)
    return frozenset(pid for pid, program in processes.items() if program == _STUB)


def has_id(pid: int, server_id: str) -> bool:
    """Tell whether *pid* lives and still belongs to *server_id*."""
    return bool(_program(Path("/proc", str(pid)), server_id))


def _program(entry: Path, server_id: str) -> str:
    """Return which of Triton's programs runs at *entry* for *server_id*; empty if none does."""
    try:
        if entry.stat().st_uid != os.getuid():
            return ""
        # Empty for a zombie, which is as good as gone.
        command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    program = Path(command[0]).name
    # Not every process that mentions the id is the server's: somebody may be reading its log.
    if program not in _PROGRAMS or not any(server_id in word for word in command[1:]):
        return ""
    return program


def kill_all(server_id: str, timeout_s: float = 5.0) -> bool:
    """
    Kill whatever still runs for *server_id*, as after a crash, and wait for its end.

    Returns:
        Whether nothing is left.
    """
    deadline_s = time.monotonic() + timeout_s
    while remaining := server_processes(server_id):
        for pid in remaining:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


def die_with_parent() -> Callable[[], None]:
    """
    Make a function for a child to call before it becomes Triton: end when the parent ends.

    The kernel ties this to the thread that spawns: call from the main thread, which lives longest.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    parent_pid = os.getpid()

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent_pid:  # it ended before the line above
            os._exit(1)

    return in_child
