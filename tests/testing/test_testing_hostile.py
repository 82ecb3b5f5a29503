"""Clients that break off, bytes that nobody expects, and an end in the middle of everything."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from asr_client.errors import ConfigError
from asr_client.testing import EchoUpstream, Gateway, ServiceAddress, Tls, UpstreamReply
from asr_client.testing.background import LoopThread, each_in_a_task
from asr_client.testing.replicas import Replica
from asr_client.testing.upstreams import Pool

TLS = Path(__file__).parent.parent / "data" / "tls"
MODEL = "/v2/models/asr"
LIVE = b"GET /v2/health/live HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /v2/models/asr/generate HTTP/1.1\r\nHost: h\r\n"
PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def _silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever clients do, asyncio has nothing to complain of, and nothing is left open."""
    yield
    gc.collect()  # finds what was left open, which pytest makes an error
    complaints = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert complaints == []


def connect(port: int, said: bytes = b"") -> socket.socket:
    """Connect, and say something."""
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    connection.sendall(said)
    return connection


def all_of(connection: socket.socket) -> bytes:
    """Read until the other side has nothing more to say."""
    pieces = []
    with connection:
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 50\r\n\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"Transfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ],
)
def test_body_that_breaks_off_is_refused_and_written_down(asr_gateway: Any, body: bytes) -> None:
    """As nginx does, whether it was cut or is none; the next connection is served."""
    gateway = asr_gateway()
    connection = connect(gateway.port, POST + body)
    connection.shutdown(socket.SHUT_WR)
    assert all_of(connection).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    with connect(gateway.port, LIVE) as other:
        assert other.recv(15) == b"HTTP/1.1 200 OK"
    assert [call.status for call in gateway.calls] == [400, 200]


def test_old_client_gets_its_answer_and_the_end(asr_gateway: Any) -> None:
    """HTTP/1.0 knows neither chunks nor kept connections."""
    reply = UpstreamReply(b"text", headers=(("Transfer-Encoding", "chunked"),))
    gateway = asr_gateway(lambda _: reply)
    connection = connect(gateway.port, b"GET /v2/health/live HTTP/1.0\r\n\r\n")
    head, _, body = all_of(connection).partition(b"\r\n\r\n")
    assert (b"chunked" in head, body) == (False, b"text")


def test_requests_may_come_before_the_answers(asr_gateway: Any) -> None:
    """Three at once over one connection, one of them long: three answers in order."""
    gateway = asr_gateway(lambda request: UpstreamReply(request.method.encode()))
    long = POST + b"Content-Length: 100000\r\n\r\n" + b"\r" * 100_000
    connection = connect(gateway.port, LIVE + long + LIVE)
    connection.shutdown(socket.SHUT_WR)
    bodies = [part.rpartition(b"\r\n\r\n")[2] for part in all_of(connection).split(b"HTTP/1.1 200")]
    assert bodies[1:] == [b"GET", b"POST", b"GET"]


def test_any_byte_of_a_header_passes_both_ways(asr_gateway: Any) -> None:
    """Letters outside ASCII are bad manners, and nothing that Kong minds."""
    gateway = asr_gateway(
        lambda request: UpstreamReply(headers=(("X-Heard", request.headers["x-said"]),)),
        correlation_header="X-Request-ID",
    )
    said = LIVE[:-2] + b"X-Said: \xe9\xff\r\nX-Request-ID: \xe8\r\n\r\n"
    with connect(gateway.port, said) as connection:
        answered = connection.recv(65536)
    assert b"X-Heard: \xe9\xff\r\n" in answered
    assert b"X-Request-ID: \xe8\r\n" in answered


@pytest.mark.parametrize(
    "fields",
    [
        {"status": 99},
        {"status": 204, "body": b"a body"},
        {"headers": (("X", "a\nb"),)},
        {"headers": (("X", "\u0928"),)},
        {"headers": (("Content-Length", "9"),), "body": b"less"},
    ],
)
def test_answer_that_http_cannot_carry_is_told_to_its_author(
    asr_gateway: Any, ask: Any, fields: dict[str, Any]
) -> None:
    """A drill is refused when it is set; an upstream of one's own fails with the reason."""
    gateway = asr_gateway(lambda _: UpstreamReply(**fields))
    with pytest.raises(ConfigError, match="no server can give this answer"):
        gateway.answers(**{"status": 200, **fields})
    answered = ask(gateway.port, "GET", MODEL)
    assert (answered.status, b"no server can give" in answered.body) == (500, True)


@pytest.mark.parametrize("reply", [None, "text"])
def test_function_that_gives_no_reply_fails_with_the_reason(
    asr_gateway: Any, ask: Any, reply: object
) -> None:
    """A forgotten return is a 500 that says so."""
    answered = ask(asr_gateway(lambda _: reply).port, "GET", MODEL)
    assert (answered.status, b"UpstreamReply" in answered.body) == (500, True)


def test_status_without_a_name_passes(asr_gateway: Any, ask: Any) -> None:
    """Services invent statuses, 299 for example."""
    assert ask(asr_gateway(lambda _: UpstreamReply(status=299)).port, "GET", MODEL).status == 299


@pytest.mark.parametrize("tls", [None, Tls(TLS / "server.pem")])
def test_stop_is_silent_in_the_middle_of_everything(tls: Tls | None) -> None:
    """Handshakes, heads, bodies, hanging calls and kept connections end, and leave nothing."""
    context = ssl.create_default_context(cafile=TLS / "ca.pem")
    with ExitStack() as open_ones:
        gateway = open_ones.enter_context(Gateway(EchoUpstream(), tls=tls))
        gateway.hangs(path="*/generate")
        for said in (LIVE, LIVE[:20], POST, POST + b"Content-Length: 2\r\n\r\n{}"):
            connection = open_ones.enter_context(connect(gateway.port))
            if tls:
                connection = context.wrap_socket(connection, server_hostname="localhost")
                open_ones.enter_context(connection)
            connection.sendall(said)
            if said == LIVE:
                assert connection.recv(15) == b"HTTP/1.1 200 OK"
        assert gateway.waits_for_calls(2, PATIENCE_S)
        for _ in range(20):
            open_ones.enter_context(connect(gateway.port))
        gateway.stop()


def test_service_address_stops_silently_while_connections_come() -> None:
    """Those that were accepted a moment ago end like the others."""
    with Gateway(EchoUpstream()) as gateway, ExitStack() as open_ones:
        for _ in range(10):
            service = ServiceAddress([gateway.url]).start()
            port = int(service.url.rpartition(":")[2])
            made = [open_ones.enter_context(connect(port)) for _ in range(10)]
            service.stop()
            assert all(has_ended(each) for each in made)


def has_ended(connection: socket.socket) -> bool:
    """Whether the other side has closed or reset it, within the connection's time limit."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_conversation_that_never_began_is_ended_too() -> None:
    """A task that is cancelled before its first step cannot close anything itself."""

    async def begin() -> None:
        each_in_a_task(converse)(*await asyncio.open_connection(sock=here))

    async def converse(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    here, there = socket.socketpair()
    with there:
        there.settimeout(PATIENCE_S)
        thread = LoopThread("test")
        thread.run(begin())
        thread.stop()
        assert there.recv(1) == b""


def test_closed_pool_keeps_nothing(asr_gateway: Any) -> None:
    """What comes back after the end is ended as well."""

    async def come_back() -> bool:
        pool = Pool(PATIENCE_S, PATIENCE_S)
        connection = await pool.connection(Replica.at(asr_gateway().url))
        await connection.ask("GET", "/v2/health/live", (("Host", "h"),), b"")
        assert [piece async for piece in connection.pieces()] == []
        pool.close()
        pool.keep(connection)
        connection.close_unless_kept()
        return connection.is_dead

    assert asyncio.run(come_back())


def test_grpc_threads_end_with_the_gateway() -> None:
    """A test run starts many gateways and keeps some of them in variables."""
    gateway = Gateway(EchoUpstream(), "grpc://127.0.0.1:1").start()
    with grpc.insecure_channel(gateway.grpc_url.removeprefix("grpc://")) as channel:
        with pytest.raises(grpc.RpcError):
            channel.unary_unary("/inference.GRPCInferenceService/ServerLive")(b"")
        ours = [each for each in threading.enumerate() if each.name.startswith("gateway-grpc")]
    gateway.stop()
    for each in ours:
        each.join(PATIENCE_S)
    assert [each.is_alive() for each in ours] == [False]
