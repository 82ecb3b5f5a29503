"""
What a story asks of who drives it, step by step.

A story is a generator. It yields a step and is sent what came of it; what went wrong with an `Ask`,
an `OpenWatch` or a `NextLine` is thrown into it as a TroubleError. So retrying reads as what it is.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from asr_loadtest.cluster.kubernetes.sightings import Sighting, WatchState

__all__ = ["Ask", "Hearing", "NextLine", "OpenWatch", "Renew", "Report", "Step", "Story", "Wait"]


@dataclass(frozen=True, slots=True)
class Ask:
    """GET a JSON document; it is sent back parsed."""

    path: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenWatch:
    """Begin a watch; None is sent back."""

    path: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NextLine:
    """Wait for a line of the watch: bytes, or None when it has ended in good order."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Let so many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """Read the credentials anew; if that fails, the next request says why."""


@dataclass(frozen=True, slots=True)
class Report:
    """Pass on what was seen."""

    sightings: tuple[Sighting, ...]


Step = Ask | OpenWatch | NextLine | Wait | Renew | Report
Story = Generator[Step, Any, None]


class Hearing:
    """Whether a resource is heard of; says so when that changes."""

    def __init__(self, resource: str) -> None:
        self._resource = resource
        self._last: tuple[bool, str] | None = None

    def note(self, at_s: float, trouble: str = "") -> tuple[WatchState, ...]:
        """Give the new state, if it is one; trouble is empty where all is well."""
        state = (not trouble, trouble)
        if state == self._last:
            return ()
        self._last = state
        return (
            WatchState(at_s=at_s, resource=self._resource, is_heard=not trouble, trouble=trouble),
        )
