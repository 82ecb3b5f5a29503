"""Kept connections to the upstream replicas, and what can go wrong on them."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import TypeVar

import h11

from asr_client.testing.headers import Headers, as_bytes
from asr_client.testing.kong_rules import BAD_GATEWAY, GATEWAY_TIMEOUT, NAME_UNKNOWN
from asr_client.testing.refusals import RefusalError
from asr_client.testing.replicas import Replica

__all__ = ["Pool", "UpstreamConnection", "UpstreamHead"]

_PIECE_BYTES = 64 * 2**10

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class UpstreamHead:
    """The head of an upstream's answer."""

    status: int
    reason: str
    headers: Headers


class UpstreamConnection:
    """
    One connection to one replica, for one exchange at a time.

    Args:
        replica: Whose it is.
        reader: From it.
        writer: To it.
        read_timeout_s: For each wait for its next bytes.
    """

    def __init__(
        self,
        replica: Replica,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        read_timeout_s: float,
    ) -> None:
        self.replica = replica
        self._was_kept = False
        self._is_kept = False
        self._reader = reader
        self._writer = writer
        self._read_timeout_s = read_timeout_s
        self._wire = h11.Connection(h11.CLIENT)

    async def ask(self, method: str, target: str, headers: Headers, body: bytes) -> UpstreamHead:
        """
        Send a whole request and wait for the head of its answer.

        Raises:
            RefusalError: The 502 or 504 that follows when there is none.
        """
        self._is_kept = False
        request = h11.Request(method=method, target=target, headers=as_bytes(headers))
        events: list[h11.Event] = [request, h11.Data(data=body), h11.EndOfMessage()]
        self._writer.write(b"".join(self._wire.send(event) or b"" for event in events))
        await self._bounded(self._writer.drain())
        while not isinstance(event := await self._next_event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise self._broken()
        answered = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in event.headers.raw_items()
        )
        return UpstreamHead(event.status_code, event.reason.decode("latin-1"), answered)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the answer's body as it comes; raises RefusalError where it breaks off."""
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                yield bytes(event.data)

    @property
    def is_dead(self) -> bool:
        """Whether the upstream has ended an idle connection, as far as is known here."""
        return self._reader.at_eof() or self._writer.is_closing()

    def renew(self) -> bool:
        """Make ready for another exchange; tell whether there can be one."""
        if self._wire.our_state is not h11.DONE or self._wire.their_state is not h11.DONE:
            return False
        self._wire.start_next_cycle()
        self._was_kept = self._is_kept = True
        return True

    def close(self) -> None:
        """End it."""
        self._writer.close()

    def close_unless_kept(self) -> None:
        """End it where the exchange did not come to its end."""
        if not self._is_kept:
            self.close()

    async def _next_event(self) -> object:
        try:
            while (event := self._wire.next_event()) is h11.NEED_DATA:
                self._wire.receive_data(await self._bounded(self._reader.read(_PIECE_BYTES)))
        except h11.RemoteProtocolError as error:
            raise self._broken() from error
        return event

    async def _bounded(self, work: Awaitable[Value]) -> Value:
        try:
            async with asyncio.timeout(self._read_timeout_s):
                return await work
        except TimeoutError as error:
            raise RefusalError(GATEWAY_TIMEOUT, was_sent=True) from error
        except OSError as error:
            raise self._broken() from error

    def _broken(self) -> RefusalError:
        return RefusalError(BAD_GATEWAY, was_sent=True, was_stale=self._was_kept)


class Pool:
    """
    Connections between exchanges; belongs to one event loop.

    Args:
        connect_timeout_s: For a new connection.
        read_timeout_s: For each wait for the upstream's next bytes.
    """

    def __init__(self, connect_timeout_s: float, read_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._idle: defaultdict[Replica, list[UpstreamConnection]] = defaultdict(list)
        self._is_closed = False

    async def connection(self, replica: Replica) -> UpstreamConnection:
        """
        Give a kept connection or a new one.

        Raises:
            RefusalError: If there is none to be had; nothing was sent then.
        """
        idle = self._idle[replica]
        while idle:
            connection = idle.pop()
            if not connection.is_dead:
                return connection
            connection.close()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                reader, writer = await asyncio.open_connection(replica.host, replica.port)
        except TimeoutError as error:
            raise RefusalError(GATEWAY_TIMEOUT) from error
        except socket.gaierror as error:
            raise RefusalError(NAME_UNKNOWN) from error
        except OSError as error:
            raise RefusalError(BAD_GATEWAY) from error
        return UpstreamConnection(replica, reader, writer, self._read_timeout_s)

    def keep(self, connection: UpstreamConnection) -> None:
        """Take a connection back after an exchange, if it can be used again."""
        if not self._is_closed and connection.renew():
            self._idle[connection.replica].append(connection)

    def forget(self, replica: Replica) -> None:
        """End the idle connections to one replica."""
        for connection in self._idle.pop(replica, []):
            connection.close()

    def close(self) -> None:
        """End all idle connections, and keep no more."""
        self._is_closed = True
        for replica in tuple(self._idle):
            self.forget(replica)
