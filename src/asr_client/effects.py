"""
What a flow can ask of its driver, and how it asks.

A flow is a generator that yields effects and is sent their results: it decides, the driver acts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast
from uuid import uuid4

from asr_client.contracts.wire import Exchange, Request
from asr_client.deadline import Deadline

__all__ = ["Effect", "Flow", "Send", "Work", "perform", "work"]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Send:
    """Send this, and come back with the Reply; or throw the transport's error into the flow."""

    request: Request
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Work:
    """Run this blocking function where it does not hold up others, and bring its result in time."""

    function: Callable[[], object]
    deadline: Deadline


Effect = Send | Work
# A generator type has room for one type of answer, and Send and Work have different ones: hence
# Any, which `perform` and `work` keep to themselves.
Flow = Generator[Effect, Any, Value]


def perform(exchange: Exchange[Value], deadline: Deadline, request_id: str = "") -> Flow[Value]:
    """Send one exchange's request under its id, and read the reply."""
    # Kong keeps the client's id where its correlation plugin is on (docs/servers.md 6).
    header = ("X-Request-ID", request_id or uuid4().hex)
    request = replace(exchange.request, headers=(*exchange.request.headers, header))
    reply = yield Send(request, deadline)
    return exchange.parse(reply)


def work(function: Callable[[], Value], deadline: Deadline) -> Flow[Value]:
    """Have a blocking function run, and take its result."""
    result = yield Work(function, deadline)
    return cast("Value", result)
