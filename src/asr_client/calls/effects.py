"""
What a flow can ask of its driver, and how it asks.

A flow is a generator that yields effects and is sent their results: it decides, the driver acts.
Most make one request after the other. Some start others beside them, and a few are streams, which
take what a caller hands in and emit what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ASRError

__all__ = [
    "NO_MORE",
    "Effect",
    "Emit",
    "Ended",
    "Flow",
    "Send",
    "Sleep",
    "Start",
    "Take",
    "Wait",
    "Work",
    "emit",
    "send",
    "sleep",
    "take",
    "wait",
    "work",
]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Send:
    """Send this, and come back with the Reply; or throw the transport's error into the flow."""

    request: Request
    deadline: Deadline
    key: ApiKey | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """
    Run this blocking function where it does not hold up others, and bring its result in time.

    *doing* says what it does, for the error when time is up.
    """

    function: Callable[[], object]
    deadline: Deadline
    doing: str


@dataclass(frozen=True, slots=True)
class Sleep:
    """Come back after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Start:
    """Drive this flow beside the one that says so; `Wait` tells of its end under this key."""

    key: object
    flow: Flow[Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """A started flow's end: its result, or the ASRError that it ended with."""

    key: object
    value: Any = None
    error: ASRError | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Come back when a started flow has Ended; with None when *seconds* pass before."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """Come back with the next of what the caller hands in; with NO_MORE after the last."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand this to the caller, and come back when the next is wanted."""

    value: object


class _NoMore(Enum):
    NO_MORE = "no more"


NO_MORE = _NoMore.NO_MORE

Effect = Send | Work | Sleep | Start | Wait | Take | Emit
# A generator type has room for one type of answer, and effects have different ones: hence Any,
# which the functions below keep to themselves.
Flow = Generator[Effect, Any, Value]


def send(request: Request, deadline: Deadline, key: ApiKey | None) -> Flow[Reply]:
    """Have a request sent, and take the reply."""
    reply = yield Send(request, deadline, key)
    return cast("Reply", reply)


def work(function: Callable[[], Value], deadline: Deadline, doing: str) -> Flow[Value]:
    """Have a blocking function run, and take its result."""
    result = yield Work(function, deadline, doing)
    return cast("Value", result)


def sleep(seconds: float) -> Flow[None]:
    """Let time pass."""
    yield Sleep(seconds)


def wait(seconds: float | None = None) -> Flow[Ended | None]:
    """Wait for one of the started flows to end."""
    ended = yield Wait(seconds)
    return cast("Ended | None", ended)


def take() -> Flow[object]:
    """Take the next of what the caller hands in."""
    taken: object = yield Take()
    return taken


def emit(value: object) -> Flow[None]:
    """Hand something to the caller."""
    yield Emit(value)
