"""Shared memory, through which Triton and its model processes exchange tensors."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

__all__ = ["free_bytes", "regions", "unlink"]

_SHM_DIR = Path("/dev/shm")  # noqa: S108 - POSIX shared memory lives here, and only here


def free_bytes() -> int:
    """Return the room left; 0 where there is none at all."""
    try:
        return shutil.disk_usage(_SHM_DIR).free
    except OSError:
        return 0


def regions(server_id: str) -> list[Path]:
    """Find the shared memory of a server: its id starts their names, see `command_line`."""
    return list(_SHM_DIR.glob(f"{server_id}_*"))


def unlink(server_id: str) -> None:
    """Remove the shared memory that a killed server could not remove itself."""
    for region in regions(server_id):
        with contextlib.suppress(OSError):
            region.unlink()
