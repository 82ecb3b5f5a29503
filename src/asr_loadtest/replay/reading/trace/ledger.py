"""Objects as they become known, put in order and numbered at the end as a store would have."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from asr_loadtest.replay.history import Change, ChangeType, History
from asr_loadtest.replay.resources import Resource

__all__ = ["Ledger"]

_FIRST_VERSION = 1000
# A store is busy with more than what is watched; and a fault may need a number in between.
_STEP = 5


class Ledger:
    """Takes objects in any order."""

    def __init__(self) -> None:
        self._entries: list[Change] = []

    def put(self, at_s: float, resource: Resource, thing: Mapping[str, Any]) -> None:
        """Take an object's state from *at_s* on; what is from before second 0 is there at 0."""
        self._entries.append(Change(max(0.0, at_s), 0, resource, "MODIFIED", thing))

    def delete(self, at_s: float, resource: Resource, thing: Mapping[str, Any]) -> None:
        """Take an object's end, and its last state."""
        self._entries.append(Change(max(0.0, at_s), 0, resource, "DELETED", thing))

    def history(self) -> History:
        """Number all changes in order of time."""
        known: set[tuple[Resource, str]] = set()
        changes = []
        for index, entry in enumerate(sorted(self._entries, key=attrgetter("at_s"))):
            version = _FIRST_VERSION + _STEP * index
            identity = (entry.resource, entry.name)
            kind: ChangeType = "MODIFIED" if identity in known else "ADDED"
            known.add(identity)
            if entry.type == "DELETED":
                kind = "DELETED"
                known.discard(identity)
            metadata = {**entry.object["metadata"], "resourceVersion": str(version)}
            thing = {**entry.object, "metadata": metadata}
            changes.append(Change(entry.at_s, version, entry.resource, kind, thing))
        marks = [(change.at_s, change.version) for change in changes]
        return History(changes, marks or [(0.0, _FIRST_VERSION)])
