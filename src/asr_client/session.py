"""What a client's calls share, and the two things that a flow can ask of its driver."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import uuid4

from asr_client.config import ClientConfig
from asr_client.contracts.kserve import KServe
from asr_client.contracts.speech import Recognizer
from asr_client.contracts.wire import Call, Request
from asr_client.deadline import Clock, Deadline

__all__ = ["Effect", "Flow", "Route", "Send", "Session", "Work", "perform"]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Send:
    """Send this, and come back with the Reply; or throw the transport's error into the flow."""

    request: Request
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Work:
    """Run this blocking function somewhere it does not hold up others, and bring its result."""

    function: Callable[[], object]


Effect = Send | Work
# The driver answers Send with a Reply and Work with the function's result; a generator type has
# room for one answer type only, hence Any.
Flow = Generator[Effect, Any, Value]


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one model: who recognises, and why in this way."""

    recognizer: Recognizer
    why_protocol: str
    why_contract: str


@dataclass(frozen=True, slots=True)
class Session:
    """
    What a client's calls share.

    Attributes:
        config: Its settings.
        kserve: The codec of health, lists and introspection.
        routes: Models met so far. Two threads may find the same route at once; they find the same.
        clock: Monotonic seconds.
    """

    config: ClientConfig
    kserve: KServe
    routes: dict[str, Route] = field(default_factory=dict)
    clock: Clock = time.monotonic


def perform(call: Call[Value], deadline: Deadline, request_id: str = "") -> Flow[Value]:
    """Send one call under its id, and read the reply."""
    # Kong keeps the client's id where its correlation plugin is on (docs/servers.md 6).
    header = ("X-Request-ID", request_id or uuid4().hex)
    request = replace(call.request, headers=(*call.request.headers, header))
    reply = yield Send(request, deadline)
    return call.parse(reply)
