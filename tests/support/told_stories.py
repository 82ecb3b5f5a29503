"""Stories of the watcher, told to a server that a test has written down; time passes as told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.follow.story import (
    Ask,
    NextLine,
    OpenWatch,
    Renew,
    Report,
    Story,
    Wait,
)
from asr_loadtest.cluster.kubernetes.follow.watch_story import Means
from asr_loadtest.cluster.kubernetes.sightings import Sighting, WatchState

__all__ = ["After", "Telling", "a_deployment", "a_list", "a_status", "an_event", "tell"]

Json = Mapping[str, Any]
_NONE: Any = object()


@dataclass(frozen=True)
class After:
    """What comes so many seconds later."""

    seconds: float
    what: Any = _NONE


@dataclass
class Telling:
    """What came of a story: its steps, the time they took, and what was seen."""

    steps: list[Any]
    seen: list[Sighting]
    at_s: float

    @property
    def asked(self) -> list[Json]:
        """The queries of its requests."""
        return [each.query for each in self.steps if isinstance(each, Ask | OpenWatch)]

    @property
    def waits(self) -> list[float]:
        """How long it waited each time."""
        return [each.seconds for each in self.steps if isinstance(each, Wait)]

    @property
    def renewals(self) -> int:
        """How often it read the credentials anew."""
        return sum(isinstance(each, Renew) for each in self.steps)

    @property
    def states(self) -> list[tuple[bool, str]]:
        """What it said of its hearing."""
        return [(e.is_heard, e.trouble) for e in self.seen if isinstance(e, WatchState)]

    @property
    def objects(self) -> list[Any]:
        """What it said of objects."""
        return [each for each in self.seen if not isinstance(each, WatchState)]


def tell(
    begin: Callable[[Means], Story], answers: Iterable[Any], pace: Pace | None = None
) -> Telling:
    """
    Tell a story until the answers are used up; pauses are the longest possible.

    Args:
        begin: Makes the story.
        answers: To its requests, and the lines of its watches: what is sent back, or a TroubleError
            that is thrown; each perhaps `After` some time.
        pace: The story's.
    """
    told = Telling([], [], 0.0)
    story = begin(Means(lambda: told.at_s, lambda: told.at_s, lambda: 0.0, pace or Pace()))
    coming = iter(answers)
    step = next(story)
    while True:
        told.steps.append(step)
        if isinstance(step, Report):
            told.seen += step.sightings
        if isinstance(step, Wait):
            told.at_s += step.seconds
        if isinstance(step, Report | Wait | Renew):
            step = story.send(None)
            continue
        answer = next(coming, _NONE)
        if isinstance(answer, After):
            told.at_s += answer.seconds
            answer = answer.what
        if answer is _NONE:
            story.close()
            return told
        step = _pass_on(story, step, answer)


def _pass_on(story: Story, step: Any, answer: Any) -> Any:
    if isinstance(answer, TroubleError):
        return story.throw(answer)
    if isinstance(step, NextLine) and isinstance(answer, dict):
        answer = json.dumps(answer).encode()
    return story.send(answer)


def a_deployment(version: int, replicas: int = 1, uid: str = "u-1", name: str = "asr") -> Json:
    """A Deployment at a version."""
    return {
        "metadata": {"name": name, "uid": uid, "resourceVersion": str(version)},
        "spec": {"replicas": replicas},
    }


def a_list(version: int, *items: Json, more: str = "") -> Json:
    """A list, or a page of it."""
    metadata = {"resourceVersion": str(version), **({"continue": more} if more else {})}
    return {"kind": "DeploymentList", "metadata": metadata, "items": list(items)}


def an_event(kind: str, thing: Json) -> Json:
    """A line of a watch."""
    return {"type": kind, "object": thing}


def a_status(code: int, message: str) -> Json:
    """An ERROR of a watch."""
    return an_event("ERROR", {"kind": "Status", "code": code, "message": message})
