"""
What one watch is sent, and when: its whole future, as steps in order of time. Pure.

The recording is known to its end, so nothing has to be found out while a watch is open: whoever
serves it waits for each step's time and sends its line.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asr_loadtest.replay.api.selectors import Selector
from asr_loadtest.replay.api.statuses import expired_watch
from asr_loadtest.replay.api.wire import encode_line
from asr_loadtest.replay.faults import Ending, FaultScript
from asr_loadtest.replay.history import Change, History
from asr_loadtest.replay.resources import Resource

__all__ = ["Step", "WatchOrder", "plan_watch"]

_BOOKMARKS_EVERY_S = 60.0
_INITIAL_END = {"annotations": {"k8s.io/initial-events-end": "true"}}


@dataclass(frozen=True, slots=True)
class WatchOrder:
    """
    A watch as asked for; times are seconds of the recording.

    Attributes:
        resource: Which objects.
        selects: Which of them.
        version: Where to start: what came later is sent; None starts with all that there is.
        opened_s: When it was asked for.
        ends_s: When it is over.
        last_bookmark_s: When the bookmark is due that comes shortly before the end.
        bookmarks: Whether any were asked for.
        marks_initial: Whether a bookmark is to say where the initial objects end.
    """

    resource: Resource
    selects: Selector
    version: int | None
    opened_s: float
    ends_s: float
    last_bookmark_s: float
    bookmarks: bool = False
    marks_initial: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """
    Something to send, or the end.

    Attributes:
        at_s: When, in seconds of the recording.
        line: A whole line; empty at the end.
        ending: How the watch ends; None before.
    """

    at_s: float
    line: bytes = b""
    ending: Ending | None = None


def plan_watch(history: History, script: FaultScript, order: WatchOrder) -> Iterator[Step]:
    """Give all steps of a watch, in order; the last one has an ending."""
    oldest = history.oldest(order.resource, order.opened_s)
    if order.version is not None and order.version < oldest:
        yield Step(order.opened_s, _error_line(order, order.version, oldest))
        yield Step(order.opened_s, ending="close")
        return
    end_s, ending = script.watch_end(order.opened_s, order.ends_s)
    for due_s, line in _lines(history, order):
        at_s = script.after_silence(due_s)
        if due_s >= order.ends_s or at_s > end_s:
            break
        yield Step(at_s, line)
    if ending == "expire":
        version = history.version_at(end_s)
        yield Step(end_s, _error_line(order, version - 1, version))
    yield Step(end_s, ending="close" if ending == "expire" else ending)


def _lines(history: History, order: WatchOrder) -> Iterator[tuple[float, bytes]]:
    """Everything that would be sent if the watch never ended, in order of time."""
    version = order.version
    if version is None:
        version = history.version_at(order.opened_s)
        for each in history.objects(order.resource, version):
            if order.selects(each):
                yield order.opened_s, _event_line("ADDED", each)
        if order.marks_initial:
            yield order.opened_s, _bookmark_line(order.resource, version, _INITIAL_END)
    changes = (
        (max(change.at_s, order.opened_s), _change_line(change))
        for change in history.changes_after(order.resource, version)
        if order.selects(change.object)
    )
    bookmarks = _bookmarks(history, order, version)
    yield from heapq.merge(changes, bookmarks, key=lambda due: due[0])


def _bookmarks(history: History, order: WatchOrder, version: int) -> Iterator[tuple[float, bytes]]:
    """A bookmark tells how far the watch has seen; never further back than where it started."""
    if order.resource.skeleton is None or not order.bookmarks:
        return
    for at_s in _bookmark_times(order):
        reached = history.version_at(at_s)
        if reached >= version:
            yield at_s, _bookmark_line(order.resource, reached)


def _bookmark_times(order: WatchOrder) -> Iterator[float]:
    at_s = order.opened_s + _BOOKMARKS_EVERY_S
    while at_s < order.last_bookmark_s:
        yield at_s
        at_s += _BOOKMARKS_EVERY_S
    yield order.last_bookmark_s


def _change_line(change: Change) -> bytes:
    return _event_line(change.type, change.object)


def _bookmark_line(
    resource: Resource, version: int, metadata: Mapping[str, Any] | None = None
) -> bytes:
    head = {"kind": resource.kind, "apiVersion": resource.api_version}
    metadata = {"resourceVersion": str(version), **(metadata or {})}
    return _event_line("BOOKMARK", {**head, "metadata": metadata, **(resource.skeleton or {})})


def _error_line(order: WatchOrder, version: int, oldest: int) -> bytes:
    return _event_line("ERROR", expired_watch(order.resource, version, oldest))


def _event_line(kind: str, thing: Mapping[str, Any]) -> bytes:
    return encode_line({"type": kind, "object": thing})
