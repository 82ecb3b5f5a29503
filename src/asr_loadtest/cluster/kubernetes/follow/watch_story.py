"""
One resource, followed: list it, watch from there, go on where a watch ended, begin again at 410.

Seen on Kubernetes 1.36.2, and why it is done so:

- A BOOKMARK carries a version; the rest of it is a skeleton of zeros, and no state.
- 410 comes as an ERROR within a watch that was answered with 200, in two wordings, and as HTTP's.
- Events get no bookmarks: a quiet watch of them ends in 410 as a matter of course.
- After a crash a server refuses, then says 403 for a moment though the rights are there, then 410.
- A token that was revoked ends no open watch; the next request gets 401.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError, words_of_status
from asr_loadtest.cluster.kubernetes.follow.known import KnownObjects
from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.follow.story import (
    Ask,
    Hearing,
    NextLine,
    OpenWatch,
    Renew,
    Report,
    Step,
    Story,
    Wait,
)
from asr_loadtest.cluster.kubernetes.resources import WatchedResource
from asr_loadtest.cluster.kubernetes.sightings import Sighting

__all__ = ["Means", "WatchStory"]

Json = Mapping[str, Any]
# A page of a list; client-go's, too.
_PAGE = "500"
_OF_OBJECTS = ("ADDED", "MODIFIED", "DELETED")


@dataclass(frozen=True, slots=True)
class Means:
    """
    What a story has of the world.

    Attributes:
        now_s: Seconds since the run's zero, for what is seen.
        clock_s: Real seconds that never go back, for waiting.
        chance: From 0 to 1.
        pace: How long to wait.
    """

    now_s: Callable[[], float]
    clock_s: Callable[[], float]
    chance: Callable[[], float]
    pace: Pace


class WatchStory:
    """
    Follows one resource; `tell` is the story.

    Args:
        resource: What to follow.
        means: Clocks and the rest.
    """

    def __init__(self, resource: WatchedResource, means: Means) -> None:
        self._resource = resource
        self._means = means
        self._known = KnownObjects(resource)
        self._hearing = Hearing(resource.plural)
        # In a row: a watch that went well ends them.
        self._failures = 0
        self._has_renewed = False
        self._forbidden_since_s: float | None = None

    def tell(self) -> Story:
        """Follow without end."""
        while True:
            try:
                if not self._known.version:
                    yield from self._list()
                yield from self._watch()
            except TroubleError as trouble:
                yield from self._bear(trouble)

    # --- all is well ----------------------------------------------------------------------------

    def _list(self) -> Story:
        items: list[Json] = []
        where_to_go_on: dict[str, str] = {}
        while True:
            query = {**self._resource.query, "limit": _PAGE, **where_to_go_on}
            page = yield Ask(self._resource.path, query)
            metadata, part = _read_page(page)
            items += part
            if not metadata.get("continue"):
                break
            where_to_go_on = {"continue": metadata["continue"]}
        at_s = self._means.now_s()
        seen = self._known.take_list(items, metadata["resourceVersion"], at_s)
        yield from self._report_well(*seen)

    def _watch(self) -> Story:
        yield OpenWatch(self._resource.path, self._watch_query())
        opened_s = self._means.clock_s()
        try:
            yield from self._report_well()
            while (line := (yield NextLine())) is not None:
                seen = self._take(line)
                if seen is not None:
                    yield Report((seen,))
        finally:
            went_well = self._means.clock_s() - opened_s >= self._means.pace.brief_s
            if went_well:
                self._failures = 0
        if not went_well:
            yield self._pause()

    def _watch_query(self) -> Mapping[str, str]:
        pace = self._means.pace
        timeout_s = pace.watch_s + pace.watch_spread_s * self._means.chance()
        return {
            **self._resource.query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._known.version,
            "timeoutSeconds": str(max(1, round(timeout_s))),
        }

    def _take(self, line: bytes) -> Sighting | None:
        """Read one line of a watch; what is none of the known types is let pass."""
        kind, thing = _read_line(line)
        at_s = self._means.now_s()
        match kind:
            case "ADDED" | "MODIFIED":
                return self._known.take(thing, at_s)
            case "DELETED":
                return self._known.take(thing, at_s, is_gone=True)
            case "BOOKMARK":
                self._known.pass_by(thing.get("metadata", {}).get("resourceVersion", ""))
            case "ERROR":
                raise TroubleError(words_of_status(thing), thing.get("code") or 500)
        return None

    # --- or not ---------------------------------------------------------------------------------

    def _bear(self, trouble: TroubleError) -> Story:
        match trouble.status:
            case HTTPStatus.GONE:
                yield from self._begin_again()
            case HTTPStatus.UNAUTHORIZED:
                yield from self._renew(trouble)
            case HTTPStatus.FORBIDDEN:
                yield from self._insist(trouble)
            case None | HTTPStatus.TOO_MANY_REQUESTS:
                yield from self._come_back(trouble)
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                yield from self._come_back(trouble)
            case _:
                yield from self._report_ill(trouble.words)
                yield Wait(self._means.pace.slow_s)

    def _come_back(self, trouble: TroubleError) -> Story:
        """Nobody there, or one who cannot answer now."""
        yield from self._report_ill(trouble.words)
        yield self._pause(trouble.retry_after_s)

    def _begin_again(self) -> Story:
        """What we know is too old to go on from: list, but not again and again at once."""
        self._known.version = ""
        pause = self._pause()
        if self._failures > 1:
            yield pause

    def _renew(self, trouble: TroubleError) -> Story:
        """Our token may have been replaced: read it anew at once, and then now and then."""
        if self._has_renewed:
            yield from self._report_ill(f"not authorised: {trouble.words}")
            yield Wait(self._means.pace.slow_s)
        self._has_renewed = True
        yield Renew()

    def _insist(self, trouble: TroubleError) -> Story:
        """No rights, or a server that has not read its roles yet; time tells."""
        now_s = self._means.clock_s()
        if self._forbidden_since_s is None:
            self._forbidden_since_s = now_s
        if now_s - self._forbidden_since_s < self._means.pace.forbidden_s:
            yield self._pause()
            return
        yield from self._report_ill(f"forbidden: {trouble.words}")
        yield Wait(self._means.pace.slow_s)

    def _pause(self, at_least_s: float = 0.0) -> Wait:
        self._failures += 1
        pause_s = self._means.pace.pause_s(self._failures, self._means.chance())
        return Wait(max(pause_s, at_least_s))

    def _report_well(self, *seen: Sighting) -> Generator[Step, Any, None]:
        self._has_renewed = False
        self._forbidden_since_s = None
        yield from self._report(self._hearing.note(self._means.now_s()) + seen)

    def _report_ill(self, words: str) -> Generator[Step, Any, None]:
        yield from self._report(self._hearing.note(self._means.now_s(), words))

    def _report(self, seen: tuple[Sighting, ...]) -> Generator[Step, Any, None]:
        if seen:
            yield Report(seen)


def _read_page(page: Any) -> tuple[Json, list[Json]]:
    try:
        items = [each for each in page.get("items") or () if each["metadata"]["uid"]]
        if not page["metadata"]["resourceVersion"]:
            raise ValueError
        return page["metadata"], items
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TroubleError("what came is no list of a Kubernetes API") from error


def _read_line(line: bytes) -> tuple[str, Json]:
    """Read a line; one that was cut off, or is something else, ends the watch."""
    try:
        event = json.loads(line)
        kind, thing = event["type"], dict(event["object"])
        if kind in _OF_OBJECTS:
            _ = thing["metadata"]["resourceVersion"], thing["metadata"]["uid"]
    except (ValueError, KeyError, TypeError) as error:
        raise TroubleError("a line of the watch cannot be read") from error
    return kind, thing
