"""One client's HTTP/1.1 connection, seen from the server: requests in, answers out."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from dataclasses import dataclass

import h11

from asr_client.errors import ConfigError
from asr_client.testing.headers import Headers, as_bytes, first, values, with_length
from asr_client.testing.kong_rules import Refusal

__all__ = ["HttpConnection", "HttpRequest", "MalformedRequestError", "check_answer", "reset"]

_LARGEST_HEAD_BYTES = 32 * 2**10
_PIECE_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """
    The head of a request.

    Attributes:
        method: In capitals.
        target: Path and query.
        headers: As they came.
    """

    method: str
    target: str
    headers: Headers

    @property
    def declared_bytes(self) -> int | None:
        """How large the body is said to be; None where only its end will tell."""
        if values(self.headers, "Transfer-Encoding"):
            return None
        return int(first(self.headers, "Content-Length") or 0)

    @property
    def closes(self) -> bool:
        """Whether the client wants no further request on this connection."""
        return "close" in first(self.headers, "Connection").lower()


class MalformedRequestError(Exception):
    """
    What came is no HTTP request.

    Args:
        refusal: What nginx says to that.
        headers: As much of the request as can be read.
    """

    def __init__(self, refusal: Refusal, headers: Headers) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.headers = headers


class HttpConnection:
    """
    Reads requests and writes answers, one after the other.

    Args:
        reader: From the client.
        writer: To the client.
        begun: What has been read already.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: bytes = b""
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._wire = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD_BYTES)
        self._head = begun
        self._is_head = False
        if begun:
            self._wire.receive_data(begun)

    async def next_request(self) -> HttpRequest | None:
        """
        Wait for a request; None when the client has gone.

        Raises:
            MalformedRequestError: If something else comes.
        """
        event = await self._next_event()
        if not isinstance(event, h11.Request):
            return None
        if _size_bytes(event) > _LARGEST_HEAD_BYTES:  # h11 minds it only until the head is whole
            raise self._malformed("too long")
        if self._wire.they_are_waiting_for_100_continue:  # Kong says so even before a refusal
            await self._send(
                h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            )
        self._head = b""
        self._is_head = event.method == b"HEAD"
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in event.headers.raw_items()
        )
        return HttpRequest(event.method.decode(), event.target.decode("latin-1"), headers)

    async def body(self, limit_bytes: int | None = None) -> bytes:
        """
        Read the body, or as much of it as shows that it is larger than the limit.

        Raises:
            MalformedRequestError: If it is none, or ends before its end.
        """
        pieces: list[bytes] = []
        size_bytes = 0
        while self._wire.their_state is h11.SEND_BODY:
            event = await self._next_event()
            if isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
                size_bytes += len(event.data)
            if limit_bytes is not None and size_bytes > limit_bytes:
                break
        return b"".join(pieces)

    async def begin(self, status: int, reason: str, headers: Headers) -> None:
        """Send the head of an answer."""
        await self._send(_head(status, reason, headers))

    async def send(self, piece: bytes) -> None:
        """Send a piece of the body."""
        await self._send(h11.Data(data=piece))

    async def end(self) -> None:
        """Send the end of the answer."""
        await self._send(h11.EndOfMessage())

    async def answer(self, status: int, reason: str, headers: Headers, body: bytes) -> None:
        """Send a whole answer; *headers* tell its length, also to HEAD, which gets no body."""
        content = [h11.Data(data=body)] if body and not self._is_head else []
        await self._send(_head(status, reason, headers), *content, h11.EndOfMessage())

    async def settle(self) -> bool:
        """Read what is left of the request; tell whether another one may come."""
        while self._wire.their_state is h11.SEND_BODY:
            await self._next_event()
        if self._wire.our_state is not h11.DONE or self._wire.their_state is not h11.DONE:
            return False
        self._wire.start_next_cycle()
        return True

    async def hang(self, seconds: float) -> None:
        """Stay silent for so long, or until the client has had enough."""
        try:
            async with asyncio.timeout(seconds):
                await self._reader.read(1)
        except TimeoutError:
            return

    def reset(self) -> None:
        """End the connection as a crash does: with a reset."""
        reset(self._writer)

    async def _send(self, *events: h11.Event) -> None:
        data = b"".join(self._wire.send(event) or b"" for event in events)
        self._writer.write(data)
        await self._writer.drain()

    async def _next_event(self) -> object:
        try:
            while (event := self._wire.next_event()) is h11.NEED_DATA:
                data = await self._reader.read(_PIECE_BYTES)
                # Only of a head: the bytes of a body would be taken for the next request's.
                if self._wire.their_state is h11.IDLE and len(self._head) <= _LARGEST_HEAD_BYTES:
                    self._head += data
                self._wire.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise self._malformed(str(error)) from error
        return event

    def _malformed(self, why: str) -> MalformedRequestError:
        accept = re.search(rb"(?im)^accept:[ \t]*(.*?)[ \t]*\r?$", self._head)
        headers = (("Accept", accept.group(1).decode("latin-1")),) if accept else ()
        status, message = 400, "Bad request"
        if "too long" in why:
            message = "Request header or cookie too large"
            if len(self._head.partition(b"\r\n")[0]) > _LARGEST_HEAD_BYTES:
                # nginx gives up within the first line, and never sees an Accept.
                status, message, headers = 414, "URI too long", ()
        return MalformedRequestError(Refusal(status, message, by_nginx=True, closes=True), headers)


def check_answer(status: int, headers: Headers, body: bytes) -> None:
    """Raise ConfigError for what HTTP cannot carry: told to its author, not to a client."""
    wire = h11.Connection(h11.SERVER)
    wire.receive_data(b"GET / HTTP/1.0\r\n\r\n")
    wire.next_event()
    try:
        wire.send(_head(status, "", with_length(headers, body)))
        if body:
            wire.send(h11.Data(data=body))
        wire.send(h11.EndOfMessage())
    except (h11.LocalProtocolError, ValueError, TypeError) as error:
        raise ConfigError(f"no server can give this answer: {error}") from error


def _size_bytes(head: h11.Request) -> int:
    """Give a head's size, but for its first line's version."""
    fields = sum(len(name) + len(value) + len(": \r\n") for name, value in head.headers)
    return len(head.method) + len(head.target) + fields


def _head(status: int, reason: str, headers: Headers) -> h11.Response:
    return h11.Response(
        status_code=status, reason=reason.encode("latin-1"), headers=as_bytes(headers)
    )


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset, dropping what was not sent yet."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
