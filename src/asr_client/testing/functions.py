"""A plain function as an upstream: for tests of error paths, where no Triton is to be had."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import responses

from asr_client.testing.background import each_in_a_task
from asr_client.testing.headers import Headers, with_length
from asr_client.testing.http_server import HttpConnection, MalformedRequestError, check_answer

__all__ = ["UpstreamFunction", "UpstreamReply", "UpstreamRequest", "serve_function"]


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """
    What arrives behind the gateway.

    Attributes:
        method: In capitals.
        path: Path and query, after the route's rewriting.
        headers: By lower-case name; the last one of a name counts.
        body: All of it.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class UpstreamReply:
    """
    What the upstream answers.

    Attributes:
        body: All of it.
        status: HTTP status.
        headers: Besides Content-Length.

    Raises:
        ConfigError: If HTTP cannot carry it.
    """

    body: bytes = b""
    status: int = 200
    headers: Headers = (("Content-Type", "application/json"),)

    def __post_init__(self) -> None:
        check_answer(self.status, self.headers, self.body)


UpstreamFunction = Callable[[UpstreamRequest], UpstreamReply]


async def serve_function(function: UpstreamFunction) -> asyncio.Server:
    """
    Serve HTTP on a free port of 127.0.0.1, answering with a function.

    The function is called in worker threads, several at a time. What it raises becomes a 500, and
    so does what is no reply.
    """

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = HttpConnection(reader, writer)
        with suppress(OSError, MalformedRequestError):
            while await _answer_one(connection, function):
                pass

    return await asyncio.start_server(each_in_a_task(converse), "127.0.0.1", 0)


async def _answer_one(connection: HttpConnection, function: UpstreamFunction) -> bool:
    head = await connection.next_request()
    if head is None:
        return False
    headers = {name.lower(): value for name, value in head.headers}
    request = UpstreamRequest(head.method, head.target, headers, await connection.body())
    reply = await asyncio.to_thread(_call, function, request)
    answered = with_length(reply.headers, reply.body)
    await connection.answer(reply.status, responses.get(reply.status, ""), answered, reply.body)
    return await connection.settle()


def _call(function: UpstreamFunction, request: UpstreamRequest) -> UpstreamReply:
    try:
        reply = function(request)
        if not isinstance(reply, UpstreamReply):
            raise TypeError(f"an upstream gives an UpstreamReply, not {reply!r}")
    except Exception as error:  # noqa: BLE001 - a server outlives what it serves
        body = json.dumps({"error": f"{type(error).__name__}: {error}"}).encode()
        return UpstreamReply(body, 500)
    return reply
