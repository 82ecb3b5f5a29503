"""One recording that is to be transcribed, and what is known of it before it is opened."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

__all__ = ["STDIN", "Entry", "without_suffix"]

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One recording.

    Attributes:
        path: Where it is, from the current folder; "-" is standard input.
        name: Names its outputs: a path below the output folder with "/" between its parts, still
            with the recording's suffix.
        has_suffix: Whether the name ends in a suffix that outputs do without; ids have none.
        language: Its own language, which wins over that of the run; None where nothing says.
        text: What was spoken, where a manifest tells.
        duration_s: Its length, where a manifest tells.
        where: The place that names it, for messages: a manifest and its line; "" for an argument.
        is_named: It stands on the command line by itself, and so was meant.
    """

    path: str
    name: str
    has_suffix: bool = True
    language: str | None = None
    text: str | None = None
    duration_s: float | None = None
    where: str = ""
    is_named: bool = False

    @property
    def short_name(self) -> str:
        """Its name without the recording's suffix."""
        return without_suffix(self.name) if self.has_suffix else self.name

    @property
    def label(self) -> str:
        """What messages call it."""
        return "stdin" if self.path == STDIN else self.path


def without_suffix(name: str) -> str:
    """Take the last part's suffix away; a name such as ".wav" has none."""
    return posixpath.splitext(name)[0]
