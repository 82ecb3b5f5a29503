"""Replies that end early, and replies that do not end: neither passes for a whole one."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ReplyLostError
from asr_client.settings.config import ClientConfig
from asr_client.transports import open_async_transport, open_transport

PATIENCE_S = 30.0
TLS = Path(__file__).parent.parent / "data" / "tls"
TINY = Request("POST", "/echo", body=(b"tiny",))
HEAD = b"HTTP/1.1 200 OK\r\n"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER, that makes of closing a reset


def at_once() -> None:
    """Lose no time between two calls."""


def ask_sync(
    url: str, calls: int = 1, between: Callable[[], object] = at_once, **settings
) -> list[Reply]:
    """Send requests through one transport."""
    transport = open_transport(ClientConfig.resolve(url, environ={}, **settings))
    replies = []
    try:
        for _ in range(calls):
            replies.append(transport.send(TINY, Deadline.after(PATIENCE_S)))
            between()
    finally:
        transport.close()
    return replies


def ask_async(
    url: str, calls: int = 1, between: Callable[[], object] = at_once, **settings
) -> list[Reply]:
    """Do the same asynchronously."""

    async def call() -> list[Reply]:
        transport = open_async_transport(ClientConfig.resolve(url, environ={}, **settings))
        replies = []
        try:
            for _ in range(calls):
                replies.append(await transport.send(TINY, Deadline.after(PATIENCE_S)))
                between()
        finally:
            await transport.close()
        return replies

    return asyncio.run(call())


both_colours = pytest.mark.parametrize("ask", [ask_sync, ask_async])
Ask = Callable[..., list[Reply]]


def say(reply: bytes, *, resets: bool = False) -> Callable[[socket.socket, object], None]:
    """Read a request, say this, and hang up."""

    def converse(connection: socket.socket, _: object) -> None:
        received = b""
        while not received.endswith(b"tiny"):
            received += connection.recv(4096)
        connection.sendall(reply)
        if resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    return converse


@both_colours
@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 2",
        HEAD + b"Content-Length: 10\r\n",
        HEAD + b"Content-Length: 10\r\n\r\n",
        HEAD + b"Content-Length: 10\r\n\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n8\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
    ],
)
def test_reply_that_ends_early_is_lost(
    ask: Ask, reply: bytes, raw_server: Callable[..., str], *, resets: bool
) -> None:
    """Whatever the framing promised and did not bring, the call is not answered."""
    with pytest.raises(ReplyLostError) as caught:
        ask(raw_server(say(reply, resets=resets)))
    assert (caught.value.executed, caught.value.retryable) == ("maybe", "yes")


@both_colours
def test_reply_without_length_ends_with_the_connection(
    ask: Ask, raw_server: Callable[..., str]
) -> None:
    """HTTP/1.0 knows no other end."""
    (reply,) = ask(raw_server(say(HEAD + b"\r\nwhole")))
    assert reply.body == b"whole"


@both_colours
def test_reply_without_length_is_lost_when_the_connection_is_reset(
    ask: Ask, raw_server: Callable[..., str]
) -> None:
    """A reset is no end."""
    with pytest.raises(ReplyLostError):
        ask(raw_server(say(HEAD + b"\r\nhalf", resets=True)))


def test_reply_without_length_is_lost_when_tls_ends_without_farewell(
    raw_server: Callable[..., str],
) -> None:
    """
    Anybody on the way can close a connection; only the server can say farewell in TLS.

    For threads only: asyncio hides the difference.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")

    def converse(connection: socket.socket, _: object) -> None:
        with context.wrap_socket(connection.dup(), server_side=True) as encrypted:
            encrypted.recv(4096)
            encrypted.sendall(HEAD + b"\r\nhalf")
        connection.shutdown(socket.SHUT_RDWR)

    url = raw_server(converse).replace("http://127.0.0.1", "https://localhost")
    with pytest.raises(ReplyLostError):
        ask_sync(url, tls_ca_file=str(TLS / "ca.pem"))


@both_colours
@pytest.mark.parametrize("together", [True, False], ids=["at once", "later"])
def test_bytes_after_the_reply_are_nobodys_reply(
    ask: Ask, raw_server: Callable[..., str], *, together: bool
) -> None:
    """The connection is not used again: the next call must not take them for its own."""
    stray = HEAD + b"Content-Length: 5\r\n\r\nstray"
    whole = HEAD + b"Content-Length: 4\r\n\r\ngood"
    connections: list[int] = []
    strays = threading.Semaphore(0)
    may_stray = threading.Semaphore(0)

    def converse(connection: socket.socket, over: threading.Event) -> None:
        connections.append(1)
        say(whole + stray if together else whole)(connection, over)
        if not together:
            assert may_stray.acquire(timeout=PATIENCE_S)
            connection.sendall(stray)
        strays.release()
        connection.recv(1)

    def await_stray() -> None:
        may_stray.release()
        assert strays.acquire(timeout=PATIENCE_S)

    replies = ask(raw_server(converse), 3, await_stray)
    assert [reply.body for reply in replies] == [b"good"] * 3
    assert len(connections) == 3
