"""
What is known of a resource's objects, so that each version is told once.

A server may send history again: a watch that begins with an old version is not always refused, and
old replica counts come once more (seen on Kubernetes 1.36.2). Versions of one resource only rise,
so a watch is believed only beyond the highest version that was seen; a list, which is always the
present, is believed as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.objects import READERS
from asr_loadtest.cluster.kubernetes.resources import WatchedResource
from asr_loadtest.cluster.kubernetes.sightings import Sighting

__all__ = ["KnownObjects"]

Json = Mapping[str, Any]

# Of an object that is not as the API describes it: one that cannot be read must not end the watch.
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, ConfigError)


@dataclass(frozen=True, slots=True)
class _Alive:
    """An object that is there, and what was told of it last."""

    body: Json
    told: Sighting | None


class KnownObjects:
    """
    The objects of one resource.

    Attributes:
        version: Up to which all is known; empty if a list is needed.
    """

    def __init__(self, resource: WatchedResource) -> None:
        self.version = ""
        self._read = READERS[resource.plural]
        self._is_ours = resource.is_ours
        self._alive: dict[str, _Alive] = {}

    def take_list(self, items: Iterable[Json], version: str, at_s: float) -> list[Sighting]:
        """Compare with all that there is now: what is new or changed, and what has vanished."""
        listed = {each["metadata"]["uid"]: each for each in items}
        vanished = [uid for uid in self._alive if uid not in listed]
        told = [self._bury(self._alive.pop(uid).body, at_s) for uid in vanished]
        told += [self._note(uid, body, at_s) for uid, body in listed.items()]
        self.version = version
        return [each for each in told if each is not None]

    def take(self, body: Json, at_s: float, *, is_gone: bool = False) -> Sighting | None:
        """Give what a watch told of an object; None if it is history, or tells nothing new."""
        uid, version = body["metadata"]["uid"], body["metadata"]["resourceVersion"]
        if not _is_later(version, self.version):
            return None
        self.version = version
        if not is_gone:
            return self._note(uid, body, at_s)
        return self._bury(body, at_s) if self._alive.pop(uid, None) else None

    def pass_by(self, version: str) -> None:
        """Note that nothing else has changed up to this version."""
        if version and _is_later(version, self.version):
            self.version = version

    def _note(self, uid: str, body: Json, at_s: float) -> Sighting | None:
        before = self._alive.get(uid)
        seen = self._sighting(body, at_s, is_gone=False)
        self._alive[uid] = _Alive(body, seen)
        is_same = before and before.told and seen == replace(before.told, at_s=at_s)
        return None if is_same else seen

    def _bury(self, body: Json, at_s: float) -> Sighting | None:
        return self._sighting(body, at_s, is_gone=True)

    def _sighting(self, body: Json, at_s: float, *, is_gone: bool) -> Sighting | None:
        try:
            return self._read(body, at_s, is_gone=is_gone) if self._is_ours(body) else None
        except _UNREADABLE:
            return None


def _is_later(version: str, than: str) -> bool:
    """Compare as whole numbers: the API promises so since 1.35, and did so ever before."""
    if version.isdecimal() and than.isdecimal():
        return int(version) > int(than)
    return version != than
