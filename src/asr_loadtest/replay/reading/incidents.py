"""
What went wrong while a raw recording was made, read as faults, so that a replay has it as well.

From the client's side a server that is away refuses connections, or answers all with 401 or 403;
each such row of failures is one fault, until the next answer of another sort.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from asr_loadtest.replay.faults import Fault, FaultKind
from asr_loadtest.replay.history import Floor
from asr_loadtest.replay.paths import resource_at

__all__ = ["recorded_faults", "recorded_floors"]

Record = Mapping[str, Any]

_SIGNS: dict[object, FaultKind] = {None: "refuse", 401: "revoke", 403: "forbid"}
_TOO_OLD = re.compile(r"too old resource version: \d+ \((\d+)\)")
# A watch that ends in good order so long before its timeout was closed by the server's stop.
_EARLY_S = 5.0


def recorded_faults(records: Sequence[Record]) -> list[Fault]:
    """Tell what went wrong, in order of time."""
    return sorted([*_failures(records), *_breaks(records)], key=lambda fault: fault.at_s)


def recorded_floors(records: Iterable[Record]) -> list[Floor]:
    """Tell what the server had forgotten when it said 410, in order of time."""
    floors = []
    opened: dict[object, float] = {}
    for record in records:
        phase = record.get("phase")
        if phase == "open":
            opened[record["conn"]] = record["t"]
        elif phase == "event":
            found = _TOO_OLD.fullmatch(record["body"].get("object", {}).get("message", ""))
            resource = resource_at(record["path"])
            if found and resource:
                floors.append(Floor(opened[record["conn"]], int(found[1]), resource))
    return floors


def _failures(records: Iterable[Record]) -> Iterator[Fault]:
    """Rows of requests that failed alike."""
    rows = [(sign, list(row)) for sign, row in groupby(_asked(records), lambda each: each[1])]
    for index, (sign, row) in enumerate(rows):
        if sign in _SIGNS:
            at_s = row[0][0]
            until_s = rows[index + 1][1][0][0] if index + 1 < len(rows) else float("inf")
            yield Fault(_SIGNS[sign], at_s, until_s - at_s)


def _asked(records: Iterable[Record]) -> Iterator[tuple[float, object]]:
    """When each new request was answered, and how: its status, None where the server was away."""
    for record in records:
        phase = record.get("phase")
        if phase == "error":
            yield record["t"], None
        elif phase in (None, "open"):
            yield record["t"], record["status"]


def _breaks(records: Iterable[Record]) -> Iterator[Fault]:
    """Watches that broke, or were closed long before their time; all of a moment are one."""
    opened: dict[object, float] = {}
    last_s = float("-inf")
    for record in records:
        at_s, phase = record["t"], record.get("phase")
        if phase == "open":
            opened[record["conn"]] = at_s + float(record["query"]["timeoutSeconds"])
        elif phase == "event" and record["body"].get("type") == "ERROR":
            opened.pop(record["conn"], None)
        closed = phase == "end" and record["reason"] == "eof"
        is_early = closed and at_s + _EARLY_S < opened.get(record["conn"], 0.0)
        if (is_early or _is_broken(record)) and at_s > last_s + 1.0:
            last_s = at_s
            yield Fault("close" if is_early else "drop", at_s)


def _is_broken(record: Record) -> bool:
    reason = record.get("reason") or ""
    return record.get("phase") == "error" and "without sending complete message body" in reason
