"""What a scenario is: load tests, what they are run against, and what must come of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from asr_loadtest.selftest.expectations import Expectation
from asr_loadtest.selftest.servers import Servers

__all__ = ["Happening", "Place", "Scenario", "Stage", "Trial"]


@dataclass(frozen=True, slots=True)
class Happening:
    """
    What happens during a load test.

    Attributes:
        at_s: When, in seconds since its first request could go.
        do: Makes it happen; may take its time.
    """

    at_s: float
    do: Callable[[], None]


def _nothing() -> Mapping[str, float]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Something to run a load test against, while it is up.

    Attributes:
        url: The load test's host.
        options: What else Locust must be told of it.
        happenings: What happens there, in order.
        secrets: What the load test must show nowhere.
        observe: Tells, after the load test, what the place itself has counted.
    """

    url: str
    options: tuple[str, ...] = ()
    happenings: tuple[Happening, ...] = ()
    secrets: tuple[str, ...] = ()
    observe: Callable[[], Mapping[str, float]] = field(default=_nothing)


class Stage(Protocol):
    """Puts up a place, and takes it down again."""

    def open(self, servers: Servers) -> AbstractContextManager[Place]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    One load test.

    Attributes:
        name: What is special about it; a name for a folder.
        stage: What it is run against.
        options: What Locust is told, beside host, run time and folder.
        lasts_s: Its run time.
        expects: What must come of it.
        slo: Text of its SLO file; empty for the default SLO.
    """

    name: str
    stage: Stage
    options: tuple[str, ...]
    lasts_s: float
    expects: tuple[Expectation, ...]
    slo: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    Load tests that prove one thing together.

    Attributes:
        name: For --only.
        proves: That thing, in a sentence.
        trials: The load tests, in order.
    """

    name: str
    proves: str
    trials: tuple[Trial, ...]
