"""
A folder for each running server, and the sweeping of those that a crash left behind.

The folder's name is the server's id; the supervisor holds a lock in it as long as it lives, which
the kernel releases however it ends. So "is it stale?" needs no process ids: whoever gets the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from asr_client.embedded import processes, shared_memory
from asr_client.errors import EmbeddedError

__all__ = ["ID_PREFIX", "StateDir", "remove_leftovers", "state_root", "sweep"]

ID_PREFIX = "asr-embedded-"
# A folder is made, locked, and only then given its name, which it loses again before it is removed.
# One that kept this prefix is a leftover of those moments.
_PASSING_PREFIX = "passing-"
_PASSING_FOR_AT_MOST_S = 600.0


@dataclass(frozen=True)
class StateDir:
    """
    The folder of one server; a context manager that removes it, processes and memory included.

    Attributes:
        path: Holds models, backends, the log.
        lock: Open file, locked.
    """

    path: Path
    lock: int

    @classmethod
    def create(cls, root: Path) -> StateDir:
        """Make a folder under *root* that no other supervisor will touch."""
        server_id = ID_PREFIX + secrets.token_hex(6)
        unnamed = root / (_PASSING_PREFIX + server_id)
        unnamed.mkdir(mode=0o700)
        lock = os.open(unnamed / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return cls(unnamed.rename(root / server_id), lock)

    @property
    def server_id(self) -> str:
        """The unique name of this server."""
        return self.path.name

    @property
    def log_path(self) -> Path:
        """Where Triton's output goes."""
        return self.path / "triton.log"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _remove(self.path)
        os.close(self.lock)


def state_root() -> Path:
    """
    Return the folder of all servers of this user, made if needed.

    Raises:
        EmbeddedError: If somebody else prepared a folder of that name.
    """
    root = Path(tempfile.gettempdir(), f"asr-client-{os.getuid()}")
    root.mkdir(mode=0o700, exist_ok=True)
    status = root.lstat()
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    if not private or status.st_uid != os.getuid():
        raise EmbeddedError(
            f"{root} is not a private folder of this user", hint="remove it, or set TMPDIR"
        )
    return root


def sweep(root: Path) -> list[str]:
    """
    Clean up after supervisors that were killed; servers whose supervisor lives are not touched.

    Returns:
        The ids of the servers cleaned up.
    """
    for path in root.glob(f"{_PASSING_PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):  # it has passed
            if time.time() - path.stat().st_mtime > _PASSING_FOR_AT_MOST_S:
                shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in root.glob(f"{ID_PREFIX}*") if _swept(path)]


def remove_leftovers(server_id: str) -> None:
    """Kill what still runs for *server_id*, and then unlink its shared memory."""
    processes.kill_all(server_id)
    shared_memory.unlink(server_id)


def _swept(path: Path) -> bool:
    try:
        lock = os.open(path / "lock", os.O_RDWR)
    except OSError:
        return False  # its supervisor is removing it at this moment, or somebody else sweeps
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        _remove(path)
        return True
    finally:
        os.close(lock)


def _remove(path: Path) -> None:
    """Leave nothing of a server: first those who write, then what they wrote."""
    remove_leftovers(path.name)
    passing = path.with_name(_PASSING_PREFIX + path.name)
    with contextlib.suppress(FileNotFoundError):  # its supervisor was quicker than this sweep
        path.rename(passing)
    shutil.rmtree(passing, ignore_errors=True)
