"""Who owns a connection: one process, one event loop, one call at a time, in both wires."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest

from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ASRError, ConfigError, ReplyLostError
from asr_client.settings.config import ClientConfig
from asr_client.settings.connections import Connections
from asr_client.transports import open_async_transport, open_transport

MAX_CONNECTIONS = Connections().max_open
PATIENCE_S = 30.0
TINY = Request("POST", "/pkg.Service/Echo", body=(b"tiny",))
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"


def http_echo() -> tuple[str, Callable[[], None]]:
    """Start a server that answers with the request's body, and tells the caller's port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            head = f"HTTP/1.1 200 OK\r\nPeer: {self.client_address[1]}\r\n"
            self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 1024

        def handle_error(self, *_: object) -> None:
            """Callers that hang up are what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return f"http://127.0.0.1:{server.server_port}", stop


def grpc_server(answer: Callable[..., bytes]) -> tuple[str, Callable[[], None]]:
    """Start a server that answers every method so."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, _: object) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return f"grpc://127.0.0.1:{port}", lambda: server.stop(0).wait(PATIENCE_S)


@pytest.fixture(params=["http", "grpc"])
def echo_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Answer each request with its body, on either wire."""
    url, stop = http_echo() if request.param == "http" else grpc_server(lambda body, _: body)
    yield url
    stop()


@pytest.fixture
def echo_http() -> Iterator[str]:
    """Do so over HTTP."""
    url, stop = http_echo()
    yield url
    stop()


@pytest.fixture
def echo_grpc() -> Iterator[str]:
    """Do so over gRPC."""
    url, stop = grpc_server(lambda body, _: body)
    yield url
    stop()


# --- processes ----------------------------------------------------------------------------------

# Forks in a process of its own; the alarm ends a child that hangs, and fails the test.
FORK = """
import asyncio, os, signal, sys
from asr_client.settings.config import ClientConfig
from asr_client.contracts.wire import Request
from asr_client.deadline import Deadline
from asr_client.transports import open_async_transport, open_transport

url, colour, when = sys.argv[1:]
config = ClientConfig.resolve(url, environ={})
transport = open_transport(config) if colour == "sync" else open_async_transport(config)

def call(who):
    done = transport.send(Request("POST", "/a.B/C", body=(who.encode(),)), Deadline.after(20))
    reply = done if colour == "sync" else asyncio.run(done)
    assert reply.body == who.encode(), reply
    return reply.headers.get("peer")

ports = {call("parent")} if when == "used" else set()
child = os.fork()
if not child:
    signal.alarm(30)
    try:
        ports.add(call("child"))
        print("child", len(ports), flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
if when == "used" and colour == "sync":
    ports.add(call("parent again"))
    print("parent", len(ports), flush=True)
"""


def fork(url: str, colour: str, when: str, **environ: str) -> str:
    """Use a transport in a process and its child; gives what they print."""
    done = subprocess.run(
        [sys.executable, "-c", FORK, url, colour, when],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environ},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_forked_child_has_connections_of_its_own(echo_http: str) -> None:
    """Parent and child never speak on one socket; the parent keeps the one that it had."""
    assert fork(echo_http, "sync", "used") == "child 2\nparent 1\n"


def test_forked_child_has_an_async_connection_of_its_own(echo_http: str) -> None:
    """The same for asyncio: in the child the transport belongs to the child's own loop."""
    assert fork(echo_http, "async", "used") == "child 2\n"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_grpc_transport_works_in_a_child_when_it_was_made_before_the_fork(
    echo_grpc: str, colour: str
) -> None:
    """As in a server that loads the application, and then forks its workers."""
    assert fork(echo_grpc, colour, "new") == "child 1\n"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_grpc_says_so_instead_of_hanging_when_it_was_used_before_the_fork(
    echo_grpc: str, colour: str
) -> None:
    """The core's threads stay in the parent, and deadlines with them: so nothing is tried."""
    said = fork(echo_grpc, colour, "used", GRPC_ENABLE_FORK_SUPPORT="0")
    assert said.startswith("ConfigError gRPC was in use before this process was forked")


def test_grpc_works_in_a_child_when_its_fork_support_is_on(echo_grpc: str) -> None:
    """Parent and child go on, each with a channel of its own."""
    said = fork(echo_grpc, "sync", "used", GRPC_ENABLE_FORK_SUPPORT="1")
    assert "child 1\n" in said
    assert "parent 1\n" in said


# --- one call at a time -------------------------------------------------------------------------


def send_sync(url: str, times: int) -> list[bytes]:
    """Send through one transport, one after the other."""
    transport = open_transport(ClientConfig.resolve(url, environ={}))
    bodies = [transport.send(TINY, Deadline.after(PATIENCE_S)).body for _ in range(times)]
    transport.close()
    return bodies


def send_async(url: str, times: int) -> list[bytes]:
    """Do the same asynchronously."""

    async def calls() -> list[bytes]:
        transport = open_async_transport(ClientConfig.resolve(url, environ={}))
        limit = Deadline.after(PATIENCE_S)
        bodies = [(await transport.send(TINY, limit)).body for _ in range(times)]
        await transport.close()
        return bodies

    return asyncio.run(calls())


@pytest.mark.parametrize("send", [send_sync, send_async])
def test_connection_is_not_reused_when_bytes_are_left_over(
    send: Callable[[str, int], list[bytes]], raw_server: Callable[..., str]
) -> None:
    """What a server sends beyond its reply is not the next call's reply."""
    stale = DONE.replace(b"done", b"OLD!")

    def converse(connection: socket.socket, _: threading.Event) -> None:
        received = b""
        while not received.endswith(b"tiny"):
            received += connection.recv(1024)
        connection.sendall(DONE + stale)
        connection.recv(1)  # until the client hangs up

    assert send(raw_server(converse), 3) == [b"done"] * 3


@pytest.mark.parametrize("kind", ["cancel", "deadline"])
def test_async_pool_loses_no_place_when_calls_end_at_random_moments(
    echo_http: str, kind: str
) -> None:
    """1500 calls that end anywhere leave the pool whole, and no reply to the wrong call."""
    dice = random.Random(1)  # noqa: S311 - no secret

    async def calls() -> list[Reply]:
        transport = open_async_transport(ClientConfig.resolve(echo_http, environ={}))

        async def end_early(number: int) -> None:
            limit_s = dice.random() * 0.006
            request = Request("POST", "/", body=(b"%d" % number,))
            if kind == "deadline":
                with suppress(ASRError):
                    await transport.send(request, Deadline.after(limit_s))
                return
            call = asyncio.create_task(transport.send(request, Deadline.after(PATIENCE_S)))
            asyncio.get_running_loop().call_later(limit_s, call.cancel)
            with suppress(asyncio.CancelledError):
                assert (await call).body == request.body[0]

        for start in range(0, 1500, 10):
            await asyncio.gather(*map(end_early, range(start, start + 10)))
        limit = Deadline.after(PATIENCE_S)
        assert transport._pools.get()._places._value == MAX_CONNECTIONS
        numbered = (Request("POST", "/", body=(b"%d" % n,)) for n in range(2 * MAX_CONNECTIONS))
        replies = await asyncio.gather(*(transport.send(one, limit) for one in numbered))
        await transport.close()
        return replies

    bodies = [reply.body for reply in asyncio.run(calls())]
    assert bodies == [b"%d" % number for number in range(2 * MAX_CONNECTIONS)]


# --- event loops --------------------------------------------------------------------------------


def test_async_transport_is_made_outside_a_loop(echo_url: str) -> None:
    """A client may be made where a module is loaded: it takes the loop of its first call."""
    transport = open_async_transport(ClientConfig.resolve(echo_url, environ={}))

    async def call() -> bytes:
        reply = await transport.send(TINY, Deadline.after(PATIENCE_S))
        await transport.close()
        return reply.body

    assert asyncio.run(call()) == b"tiny"


def test_async_transport_says_so_when_it_is_used_from_a_second_loop(echo_url: str) -> None:
    """A plain word instead of asyncio's and grpc's own errors, on both wires; for close, too."""
    transport = open_async_transport(ClientConfig.resolve(echo_url, environ={}))

    async def call() -> Reply:
        return await transport.send(TINY, Deadline.after(PATIENCE_S))

    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(call()).body == b"tiny"
    with pytest.raises(ConfigError, match="the event loop that first used it"):
        asyncio.run(call())
    loop.run_until_complete(transport.close())
    loop.close()


# --- closing ------------------------------------------------------------------------------------


def test_grpc_call_in_flight_ends_when_the_transport_is_closed() -> None:
    """It is told that its reply is lost, and the next call that the client is closed."""
    arrived, over = threading.Event(), threading.Event()
    url, stop = grpc_server(lambda body, _: (arrived.set(), over.wait(PATIENCE_S), body)[2])
    transport = open_transport(ClientConfig.resolve(url, environ={}))
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(transport.send, TINY, Deadline.after(PATIENCE_S))
        assert arrived.wait(PATIENCE_S)
        transport.close()
        with pytest.raises(ReplyLostError, match="this client was closed"):
            call.result(PATIENCE_S)
    with pytest.raises(ConfigError, match="this client is closed"):
        transport.send(TINY, Deadline.after(PATIENCE_S))
    over.set()
    stop()


def test_async_grpc_call_in_flight_ends_when_the_transport_is_closed() -> None:
    """A task that nobody cancelled gets no CancelledError; one that was cancelled gets it."""
    arrived, over = threading.Semaphore(0), threading.Event()
    url, stop = grpc_server(lambda body, _: (arrived.release(), over.wait(PATIENCE_S), body)[2])

    async def calls() -> None:
        transport = open_async_transport(ClientConfig.resolve(url, environ={}))
        limit = Deadline.after(PATIENCE_S)
        lost, unwanted = (asyncio.create_task(transport.send(TINY, limit)) for _ in range(2))
        for _ in range(2):
            assert await asyncio.to_thread(arrived.acquire, timeout=PATIENCE_S)
        unwanted.cancel()
        with pytest.raises(asyncio.CancelledError):
            await unwanted
        await transport.close()
        with pytest.raises(ReplyLostError, match="this client was closed"):
            await lost
        with pytest.raises(ConfigError, match="this client is closed"):
            await transport.send(TINY, limit)

    asyncio.run(calls())
    over.set()
    stop()
