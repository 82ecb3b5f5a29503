"""What a recording's outputs are called: a path below the output folder."""

from __future__ import annotations

import os
import posixpath

from asr_client.errors import ConfigError

__all__ = ["check_name", "name_of_path"]


def name_of_path(path: str, base: str = ".") -> str:
    """
    Name the outputs of *path* by its place below *base*.

    What lies elsewhere keeps its whole path, as with `cp --parents`: a name that hung on what else
    is in the list would change with it, and nothing could be resumed.

    Args:
        path: From the current folder, or absolute.
        base: The folder that the names begin below.
    """
    whole = os.path.abspath(path)
    below = os.path.relpath(whole, base)
    if below == os.pardir or below.startswith(os.pardir + os.sep):
        below = os.path.splitdrive(whole)[1].lstrip(os.sep)
    return below.replace(os.sep, "/")


def check_name(name: str, where: str) -> str:
    """
    Refuse a name that leads out of the output folder, or is none.

    Raises:
        ConfigError: If a part of it is empty, "." or "..", or holds what no file name may.
    """
    parts = name.split("/")
    is_odd = "\0" in name or (os.sep != "/" and os.sep in name)
    if is_odd or any(part in ("", ".", "..") for part in parts) or posixpath.isabs(name):
        raise ConfigError(
            f"{where}: the id {name!r} cannot name an output",
            hint='ids may hold "/", but no part of them may be empty, "." or ".."',
        )
    return name
