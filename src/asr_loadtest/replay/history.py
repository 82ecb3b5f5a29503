"""
A cluster's objects over time: what a list holds, and what a watch still has to tell. Pure.

Versions are those of the recorded server, one row of numbers for all resources. A change is known
by its version; when it happened is what the clock goes by. Later versions never happen earlier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal

from asr_loadtest.replay.resources import EVENTS, Resource

__all__ = ["Change", "ChangeType", "Floor", "History"]

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

# Events are not held in the API server's cache: their old versions go with the store's compaction,
# every 5 minutes up to where the store was 5 minutes before. It explains each 410 that was seen.
_COMPACTION_S = 300.0


@dataclass(frozen=True, slots=True)
class Change:
    """
    An object's new state, or its end.

    Attributes:
        at_s: When, in seconds of the recording.
        version: The store's after it; the object's resourceVersion.
        resource: The object's type.
        type: As a watch calls it.
        object: As a watch gives it: with kind and apiVersion.
    """

    at_s: float
    version: int
    resource: Resource
    type: ChangeType
    object: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The object's."""
        name: str = self.object["metadata"]["name"]
        return name


@dataclass(frozen=True, slots=True)
class Floor:
    """From *at_s* on, watches of *resource* cannot start from a version below *version*."""

    at_s: float
    version: int
    resource: Resource


@dataclass(frozen=True)
class History:
    """
    All that is known of the cluster.

    Attributes:
        changes: In order of version and of time.
        marks: When the store was seen at which version, (at_s, version), in that order; also where
            nothing changed that a watcher sees.
        floors: What was forgotten, in order of time.
    """

    changes: Sequence[Change]
    marks: Sequence[tuple[float, int]]
    floors: Sequence[Floor] = field(default=())

    def version_at(self, at_s: float) -> int:
        """Tell how far the store was at *at_s*; before the first mark, that one's version."""
        return self.marks[max(0, bisect_right(self._mark_times, at_s) - 1)][1]

    def objects(self, resource: Resource, version: int) -> list[Mapping[str, Any]]:
        """Tell what there was at *version*, in order of names, as the store has them."""
        current: dict[str, Change] = {}
        for change in self._changes_of(resource):
            if change.version > version:
                break
            current[change.name] = change
        return [current[n].object for n in sorted(current) if current[n].type != "DELETED"]

    def changes_after(self, resource: Resource, version: int) -> Sequence[Change]:
        """Tell what a watch from *version* is sent, sooner or later."""
        changes = self._changes_of(resource)
        return changes[bisect_right(changes, version, key=attrgetter("version")) :]

    def oldest(self, resource: Resource, at_s: float) -> int:
        """Tell the oldest version from which a watch can start at *at_s*; 0 if there is none."""
        known = [f.version for f in self.floors if f.resource == resource and f.at_s <= at_s]
        if resource == EVENTS:
            known.append(self.compacted(at_s))
        return max(known, default=0)

    def compacted(self, at_s: float) -> int:
        """Tell the oldest version that the store itself still has at *at_s*; 0 for all."""
        compacted_s = (at_s // _COMPACTION_S - 1) * _COMPACTION_S
        return self.version_at(compacted_s) if compacted_s >= 0 else 0

    def forgetting(self, at_s: float, resources: Iterable[Resource]) -> History:
        """
        Give the history of a server that forgets all versions of *resources* at *at_s*.

        The store is one version further from then on, so that who lists again can go on: what was
        listed before is too old, what is listed now is not. Where the very next version is a
        change of the recording, there is no number for that, and the newest one stays valid.
        """
        version = self.version_at(at_s) + 1
        if any(change.version == version for change in self.changes):
            version -= 1
        floors = [*self.floors, *(Floor(at_s, version, each) for each in resources)]
        marks = sorted({*self.marks, (at_s, version)})
        return replace(self, marks=marks, floors=sorted(floors, key=attrgetter("at_s")))

    def _changes_of(self, resource: Resource) -> Sequence[Change]:
        return self._by_resource.get(resource, ())

    @cached_property
    def _mark_times(self) -> list[float]:
        return [at_s for at_s, _ in self.marks]

    @cached_property
    def _by_resource(self) -> dict[Resource, list[Change]]:
        sorted_out: dict[Resource, list[Change]] = {}
        for change in self.changes:
            sorted_out.setdefault(change.resource, []).append(change)
        return sorted_out
