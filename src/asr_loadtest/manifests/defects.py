"""What is wrong with a manifest: a value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Defect"]


@dataclass(frozen=True, slots=True)
class Defect:
    """
    One thing that will not work as whoever wrote it meant it to.

    Attributes:
        name: Which check found it, such as "nodeport-range".
        where: Kind, name and file of the object.
        words: What was found; no full stop.
        remedy: What to write instead.
    """

    name: str
    where: str
    words: str
    remedy: str

    def __str__(self) -> str:
        """Give all of it in one line."""
        return f"{self.where}: {self.words} ({self.name}) -> {self.remedy}"
