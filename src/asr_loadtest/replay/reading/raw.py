"""
A raw recording of a Kubernetes API, answer by answer, read as the cluster's history.

The union of all that the recorded client learned, each version of an object once: a server that was
asked to begin with an old version sends history again, and a client that lists after a 410 sees
what it knew. When a change happened is when it, or any later version, was first seen; what the
first lists held was there from the beginning.

The files are JSON Lines, gzip'd; `tests/data/kube-api/README.md` tells their keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from asr_loadtest.replay.history import Change, ChangeType, History
from asr_loadtest.replay.paths import resource_at, target_of
from asr_loadtest.replay.reading.incidents import recorded_faults, recorded_floors
from asr_loadtest.replay.recording import Poll, Recording
from asr_loadtest.replay.resources import POD_METRICS, Resource

__all__ = ["read_raw"]

Record = Mapping[str, Any]

_OK = 200
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# A pod's deletionTimestamp is when its grace period ends.
_TIMES = re.compile(r'(?<!"deletionTimestamp": )"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')


@dataclass(frozen=True, slots=True)
class _Seen:
    """A version of an object, as first seen."""

    at_s: float
    resource: Resource
    object: Mapping[str, Any]
    is_deleted: bool = False

    @property
    def version(self) -> int:
        return int(self.object["metadata"]["resourceVersion"])


@dataclass(slots=True)
class _Learned:
    """What the recorded client had learned so far."""

    seen: dict[tuple[str, int], _Seen] = field(default_factory=dict)
    marks: list[tuple[float, int]] = field(default_factory=list)
    listed: set[Resource] = field(default_factory=set)

    def take(self, seen: _Seen) -> None:
        self.seen.setdefault((seen.object["metadata"]["uid"], seen.version), seen)
        self.marks.append((seen.at_s, seen.version))

    def take_list(self, at_s: float, resource: Resource, body: Mapping[str, Any]) -> None:
        # The first one shows what there was before.
        at_s = at_s if resource in self.listed else 0.0
        version = int(body["metadata"]["resourceVersion"])
        head = {"kind": resource.kind, "apiVersion": resource.api_version}
        for item in body["items"]:
            self.take(_Seen(at_s, resource, {**head, **item}))
        self.marks.append((at_s, version))
        self._bury(at_s, resource, version, {item["metadata"]["uid"] for item in body["items"]})
        self.listed.add(resource)

    def _bury(self, at_s: float, resource: Resource, version: int, alive: set[str]) -> None:
        """What a later list lacks was deleted while nobody watched."""
        last: dict[str, _Seen] = {}
        for seen in self.seen.values():
            if seen.resource == resource and seen.version <= version:
                uid = seen.object["metadata"]["uid"]
                last[uid] = max(seen, last.get(uid, seen), key=lambda each: each.version)
        for uid, seen in last.items():
            if uid not in alive and not seen.is_deleted:
                metadata = {**seen.object["metadata"], "resourceVersion": str(version)}
                self.take(_Seen(at_s, resource, {**seen.object, "metadata": metadata}, True))


def read_raw(name: str, records: Sequence[Record], about: str = "") -> Recording:
    """
    Read the records of one file, in order of time.

    Raises:
        KeyError, TypeError, ValueError: If they are no recording.
    """
    learned, polls = _Learned(), []
    for record in records:
        resource = resource_at(record["path"])
        if resource is None or record["status"] != _OK:
            continue
        if resource == POD_METRICS:
            polls.append(Poll(record["t"], record["status"], record["body"]))
        elif record["kind"] == "list":
            learned.take_list(record["t"], resource, record["body"])
        elif record.get("phase") == "event":
            _take_event(learned, resource, record)
    marks = _settled(learned.marks)
    return Recording(
        name,
        about,
        _namespace(records),
        _started(records),
        float(records[-1]["t"]),
        History(_changes(learned.seen.values(), marks), marks, recorded_floors(records)),
        polls,
        recorded_faults(records),
    )


def _take_event(learned: _Learned, resource: Resource, record: Record) -> None:
    event, at_s = record["body"], record["t"]
    if event["type"] == "BOOKMARK":
        learned.marks.append((at_s, int(event["object"]["metadata"]["resourceVersion"])))
    elif event["type"] != "ERROR":
        learned.take(_Seen(at_s, resource, event["object"], event["type"] == "DELETED"))


def _settled(marks: Iterable[tuple[float, int]]) -> list[tuple[float, int]]:
    """Each version at the first moment at which it, or a later one, was seen."""
    first: dict[int, float] = {}
    soonest_s = float("inf")
    for version, at_s in sorted(((v, t) for t, v in marks), reverse=True):
        soonest_s = min(soonest_s, at_s)
        first[version] = soonest_s
    return sorted((at_s, version) for version, at_s in first.items())


def _changes(seen: Iterable[_Seen], marks: Sequence[tuple[float, int]]) -> list[Change]:
    times = {version: at_s for at_s, version in marks}
    known: set[str] = set()
    changes = []
    for each in sorted(seen, key=lambda one: one.version):
        uid = each.object["metadata"]["uid"]
        kind: ChangeType = "MODIFIED" if uid in known else "ADDED"
        known.add(uid)
        if each.is_deleted:
            kind = "DELETED"
        changes.append(Change(times[each.version], each.version, each.resource, kind, each.object))
    return changes


def _namespace(records: Iterable[Record]) -> str:
    for record in records:
        target = target_of(record["path"])
        if target is not None and target.namespace:
            return target.namespace
    raise ValueError("no namespace is spoken of")


def _started(records: Iterable[Record]) -> datetime:
    """
    Second 0, to the second: no time in an object is later than when the object was seen.

    Raises:
        ValueError: If there is no time in any of them.
    """
    return max(
        datetime.strptime(text, _TIME).replace(tzinfo=UTC) - timedelta(seconds=record["t"])
        for record in records
        if record["status"] == _OK and record.get("body")
        for text in _TIMES.findall(json.dumps(record["body"]))
    )
