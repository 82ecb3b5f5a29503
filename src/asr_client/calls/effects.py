"""
What a flow can ask of its driver, and how it asks.

A flow is a generator that yields effects and is sent their results: it decides, the driver acts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline

__all__ = ["Effect", "Flow", "Send", "Sleep", "Work", "send", "sleep", "work"]

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


Effect = Send | Work | Sleep
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
