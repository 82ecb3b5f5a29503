"""HTTP on real sockets, in both colours: TLS, large bodies, early answers, lost connections."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ContractError, DeadlineError, NotSentError
from asr_client.settings.config import ClientConfig
from asr_client.settings.connections import Connections
from asr_client.transports.http import HTTPTransport
from asr_client.transports.http_async import AsyncHTTPTransport
from one_request import PATIENCE_S, TINY, both_colours

TLS = Path(__file__).parent.parent / "data" / "tls"
CA_FILE = str(TLS / "ca.pem")
# More than the buffers of two sockets hold.
HUGE = Request("POST", "/echo", body=(bytes(48 * 2**20),))
MAX_CONNECTIONS = Connections().max_open
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"


class Echo:
    """A server that answers each request with its body, over TLS if it is given a context."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.connections = 0
        self.port = 0

    def start(self) -> None:
        """Return when it listens."""
        self._thread.start()
        assert self._is_up.wait(PATIENCE_S)

    def stop(self) -> None:
        """Return when it has gone."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE_S)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(
            self._converse, "127.0.0.1", 0, ssl=self._tls, backlog=1024
        )
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        await self._over.wait()
        server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(re.search(rb"Content-Length: (\d+)", head)[1])
                body = await reader.readexactly(size)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                writer.write(body)
                await writer.drain()
        writer.transport.abort()


@pytest.fixture
def echo() -> Iterator[Echo]:
    """Answer each request with its body."""
    yield from running(Echo(None))


@pytest.fixture
def tls_echo() -> Iterator[Echo]:
    """Do so over TLS, as "localhost" of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    yield from running(Echo(context))


def running(server: Echo) -> Iterator[Echo]:
    """Keep it up while a test runs."""
    server.start()
    yield server
    server.stop()


# --- TLS ----------------------------------------------------------------------------------------


@both_colours
@pytest.mark.parametrize("size", [4, 2_000_000])
def test_tls_carries_any_body_when_the_authority_is_named(
    ask: Callable[..., Reply], tls_echo: Echo, size: int
) -> None:
    """Head, body and reply arrive whole over TLS, in one record or in hundreds."""
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    reply = ask(
        f"https://localhost:{tls_echo.port}",
        Request("POST", "/", body=(body[:1000], memoryview(body)[1000:])),
        tls_ca_file=CA_FILE,
    )
    assert (reply.status, reply.body == body) == (200, True)


@both_colours
def test_tls_refuses_the_server_when_its_authority_is_unknown(
    ask: Callable[..., Reply], tls_echo: Echo
) -> None:
    """Nothing is sent to a server that cannot be trusted, and the hint names the setting."""
    with pytest.raises(NotSentError, match="certificate verify failed") as caught:
        ask(f"https://localhost:{tls_echo.port}")
    assert "tls_ca_file" in caught.value.hint


@both_colours
def test_tls_refuses_the_server_when_it_has_another_name(
    ask: Callable[..., Reply], tls_echo: Echo
) -> None:
    """A trusted authority is not enough: the certificate must be for the host that was called."""
    with pytest.raises(NotSentError, match="mismatch") as caught:
        ask(f"https://127.0.0.1:{tls_echo.port}", tls_ca_file=CA_FILE)
    assert "another host's" in caught.value.hint


@both_colours
def test_tls_handshake_ends_at_the_deadline_when_the_server_is_silent(
    ask: Callable[..., Reply], raw_server: Callable[..., str]
) -> None:
    """The deadline covers the handshake, too."""
    url = raw_server(lambda _, over: over.wait(PATIENCE_S)).replace("http:", "https:")
    with pytest.raises(DeadlineError):
        ask(url, limit_s=0.5, tls_ca_file=CA_FILE)


# --- bodies and replies -------------------------------------------------------------------------


@both_colours
def test_body_arrives_byte_for_byte_when_it_is_large(ask: Callable[..., Reply], echo: Echo) -> None:
    """Two megabytes in parts of every kind of buffer arrive as one body, in order."""
    body = bytes(range(250)) * 8_000
    parts = (body[:300], memoryview(body)[300:1_900_000], bytearray(body[1_900_000:]))
    reply = ask(f"http://127.0.0.1:{echo.port}", Request("POST", "/", body=parts))
    assert reply.body == body


@both_colours
def test_reply_is_read_when_it_comes_before_the_request_is_whole(
    ask: Callable[..., Reply], raw_server: Callable[..., str]
) -> None:
    """A gateway that refuses a large body need not read it: its 413 is the answer."""

    def refuse(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nbulk")

    reply = ask(raw_server(refuse), HUGE)
    assert (reply.status, reply.body) == (413, b"bulk")


@both_colours
def test_reply_is_refused_when_it_does_not_end(
    ask: Callable[..., Reply], raw_server: Callable[..., str]
) -> None:
    """A reply beyond all reason is an error before it fills the memory."""

    def pour(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while not over.is_set():
            connection.sendall(bytes(2**20))

    with pytest.raises(ContractError, match="larger than 64 MiB"):
        ask(raw_server(pour))


# --- deadlines ----------------------------------------------------------------------------------


def trickle(connection: socket.socket, over: threading.Event) -> None:
    """Send a byte of the body now and then."""
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not over.wait(0.02):
        connection.sendall(b"x")


def read_nothing(_: socket.socket, over: threading.Event) -> None:
    """Let the request's body pile up."""
    over.wait(PATIENCE_S)


@both_colours
@pytest.mark.parametrize(("converse", "request_"), [(trickle, TINY), (read_nothing, HUGE)])
def test_deadline_ends_the_call_when_the_server_is_slow_to_speak_or_to_listen(
    ask: Callable[..., Reply],
    raw_server: Callable[..., str],
    converse: Callable[..., None],
    request_: Request,
) -> None:
    """The deadline bounds sending as it bounds reading, however many bytes still move."""
    with pytest.raises(DeadlineError, match="waiting for"):
        ask(raw_server(converse), request_, limit_s=0.5)


# --- connections --------------------------------------------------------------------------------


def receive_tiny(connection: socket.socket) -> None:
    """Read TINY to its end, in however many pieces it comes."""
    received = b""
    while not received.endswith(b"tiny"):
        received += connection.recv(1024)


def answer_once(hung_up: threading.Event) -> Callable[[socket.socket, threading.Event], None]:
    """Promise to keep the connection, and hang up after one answer."""

    def converse(connection: socket.socket, _: threading.Event) -> None:
        receive_tiny(connection)
        connection.sendall(DONE)
        connection.shutdown(socket.SHUT_RDWR)
        hung_up.set()

    return converse


def test_connection_is_replaced_when_the_server_has_closed_it(
    raw_server: Callable[..., str],
) -> None:
    """A farewell that came between two calls does not cost the second."""
    hung_up = threading.Event()
    transport = HTTPTransport(ClientConfig.resolve(raw_server(answer_once(hung_up))))
    for _ in range(3):
        assert transport.send(TINY, Deadline.after(PATIENCE_S)).body == b"done"
        assert hung_up.wait(PATIENCE_S)
        hung_up.clear()
    transport.close()


@pytest.mark.parametrize("is_busy", [False, True], ids=["loop runs", "loop is busy"])
def test_async_connection_is_replaced_when_the_server_has_closed_it(
    raw_server: Callable[..., str], is_busy: bool
) -> None:
    """The loop need not even have run since the farewell came."""
    hung_up = threading.Event()

    async def calls() -> None:
        transport = AsyncHTTPTransport(ClientConfig.resolve(raw_server(answer_once(hung_up))))
        for _ in range(3):
            assert (await transport.send(TINY, Deadline.after(PATIENCE_S))).body == b"done"
            if is_busy:
                assert hung_up.wait(PATIENCE_S)
            else:
                assert await asyncio.to_thread(hung_up.wait, PATIENCE_S)
            hung_up.clear()
        await transport.close()

    asyncio.run(calls())


def test_async_pool_stays_whole_when_calls_are_cancelled(raw_server: Callable[..., str]) -> None:
    """Cancelling more calls than there are connections leaves room for the next."""
    arrived = threading.Semaphore(0)
    shall_answer = threading.Event()

    def converse(connection: socket.socket, _: threading.Event) -> None:
        receive_tiny(connection)
        arrived.release()
        if shall_answer.is_set():
            connection.sendall(DONE)
        connection.recv(1)  # until the client hangs up

    async def calls() -> Reply:
        transport = AsyncHTTPTransport(ClientConfig.resolve(raw_server(converse)))
        for _ in range(MAX_CONNECTIONS + 1):
            call = asyncio.create_task(transport.send(TINY, Deadline.after(PATIENCE_S)))
            assert await asyncio.to_thread(arrived.acquire, timeout=PATIENCE_S)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        shall_answer.set()
        try:
            return await transport.send(TINY, Deadline.after(PATIENCE_S))
        finally:
            await transport.close()

    assert asyncio.run(calls()).body == b"done"


def numbered(number: int) -> Request:
    """Make a request that is like no other."""
    return Request("POST", "/", body=(b"%d " % number * 1000,))


def test_async_calls_share_the_connections_when_there_are_more_calls(echo: Echo) -> None:
    """Of 500 calls at once each gets its own answer, over no more connections than allowed."""

    async def calls() -> list[Reply]:
        transport = AsyncHTTPTransport(ClientConfig.resolve(f"http://127.0.0.1:{echo.port}"))
        limit = Deadline.after(PATIENCE_S)
        replies = await asyncio.gather(*(transport.send(numbered(n), limit) for n in range(500)))
        await transport.close()
        return replies

    replies = asyncio.run(calls())
    assert [reply.body for reply in replies] == [numbered(n).body[0] for n in range(500)]
    assert echo.connections <= MAX_CONNECTIONS


def test_threads_share_one_transport(echo: Echo) -> None:
    """Of 500 calls from 16 threads each gets its own answer, over a connection a thread."""
    transport = HTTPTransport(ClientConfig.resolve(f"http://127.0.0.1:{echo.port}"))

    def call(number: int) -> bytes:
        return transport.send(numbered(number), Deadline.after(PATIENCE_S)).body

    with ThreadPoolExecutor(16) as threads:
        bodies = list(threads.map(call, range(500)))
    transport.close()
    assert bodies == [numbered(n).body[0] for n in range(500)]
    assert echo.connections <= 16


def test_connection_in_use_is_closed_when_its_call_ends_after_close(
    raw_server: Callable[..., str],
) -> None:
    """Closing the transport does not break a call in flight, and leaves nothing open behind it."""
    arrived, shall_answer, hung_up = threading.Event(), threading.Event(), threading.Event()

    def converse(connection: socket.socket, _: threading.Event) -> None:
        receive_tiny(connection)
        arrived.set()
        shall_answer.wait(PATIENCE_S)
        connection.sendall(DONE)
        if connection.recv(1) == b"":
            hung_up.set()

    transport = HTTPTransport(ClientConfig.resolve(raw_server(converse)))
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(transport.send, TINY, Deadline.after(PATIENCE_S))
        assert arrived.wait(PATIENCE_S)
        transport.close()
        shall_answer.set()
        assert call.result().body == b"done"
    assert hung_up.wait(PATIENCE_S)
