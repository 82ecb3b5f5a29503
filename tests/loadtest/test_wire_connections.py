"""The generator's HTTP on real sockets: TLS, and connections that are kept."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from asr_client.testing import Gateway, Tls, UpstreamReply, open_route
from gevent_process import PATIENCE_S, GeventProcess, gevents
from http_conversations import DONE, HEAD, read_request, say
from raw_servers import RawServer

__all__ = ["gevents"]

TLS = Path(__file__).parent.parent / "data" / "tls"
CA_FILE = str(TLS / "ca.pem")


# --- TLS ----------------------------------------------------------------------------------------


@pytest.fixture
def tls_gateway() -> Iterator[Gateway]:
    """Answer over TLS as "localhost", of an authority that nobody knows."""

    def answer(request: object) -> UpstreamReply:
        return UpstreamReply(hashlib.sha256(request.body).hexdigest().encode())

    options = {"routes": (open_route(),), "tls": Tls(TLS / "server.pem")}
    with Gateway(answer, **options) as gateway:
        yield gateway


def test_tls_carries_any_body_over_one_connection(
    gevents: GeventProcess, tls_gateway: Gateway
) -> None:
    """Bodies of one record and of hundreds arrive whole, the second on the kept connection."""
    wire = gevents.wire(f"https://localhost:{tls_gateway.port}", tls_ca_file=CA_FILE)
    replies = [wire.ask(zeros=zeros) for zeros in (0, 2_000_000, 0)]
    digests = [hashlib.sha256(b"tiny" + bytes(zeros)).hexdigest() for zeros in (0, 2_000_000, 0)]
    assert [reply["body"] for reply in replies] == digests
    assert [reply["connection"] for reply in replies] == [1, 1, 1]


def test_tls_connection_that_was_made_ahead_is_used(
    gevents: GeventProcess, tls_gateway: Gateway
) -> None:
    """The tickets that a server sends after the handshake are no farewell."""
    wire = gevents.wire(f"https://localhost:{tls_gateway.port}", tls_ca_file=CA_FILE)
    wire.warm(1)
    assert wire.ask()["connection"] == 1


@pytest.mark.parametrize(
    ("host", "trusted", "words"),
    [
        ("localhost", None, "certificate verify failed"),
        ("127.0.0.1", CA_FILE, "mismatch"),
    ],
)
def test_tls_refuses_whom_it_cannot_trust(
    gevents: GeventProcess, tls_gateway: Gateway, host: str, trusted: str | None, words: str
) -> None:
    """An unknown authority, another name: nothing is sent."""
    error = gevents.wire(f"https://{host}:{tls_gateway.port}", tls_ca_file=trusted).ask()
    assert (error["code"], error["origin"], error["executed"]) == ("tls", "tls", "no")
    assert words in error["text"]
    assert tls_gateway.calls == ()


@pytest.mark.parametrize("drill", ["resets", "truncates"])
def test_tls_reply_that_breaks_off_is_lost(
    gevents: GeventProcess, tls_gateway: Gateway, drill: str
) -> None:
    """An end without TLS's farewell is a cut, and no sign of a wrong certificate."""
    wire = gevents.wire(f"https://localhost:{tls_gateway.port}", tls_ca_file=CA_FILE)
    getattr(tls_gateway, drill)()
    error = wire.ask()
    assert error["outcome"] in ("connection", "truncated")
    assert (error["origin"], error["executed"], wire.open_connections) == ("tcp", "maybe", 0)


# --- connections --------------------------------------------------------------------------------


def test_connection_is_replaced_when_the_server_has_closed_it(
    gevents: GeventProcess, raw_server: RawServer
) -> None:
    """A farewell that came between two requests does not cost the second."""
    hung_up = threading.Event()

    def converse(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(DONE)
        connection.shutdown(socket.SHUT_RDWR)
        hung_up.set()

    wire = gevents.wire(raw_server(converse))
    for number in (1, 2, 3):
        reply = wire.ask()
        assert (reply["body"], reply["connection"]) == ("done", number)
        assert hung_up.wait(PATIENCE_S)
        hung_up.clear()


@pytest.mark.parametrize("together", [False, True], ids=["later", "together"])
def test_bytes_behind_a_reply_are_nobodys_reply(
    gevents: GeventProcess, raw_server: RawServer, *, together: bool
) -> None:
    """The connection is not used again: the next request must not take them for its own."""
    stray = HEAD + b"Content-Length: 5\r\n\r\nstray"
    may_stray, has_strayed = threading.Semaphore(0), threading.Semaphore(0)

    def converse(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(DONE + stray if together else DONE)
        if not together:
            assert may_stray.acquire(timeout=PATIENCE_S)
            connection.sendall(stray)
        has_strayed.release()
        connection.recv(1)

    wire = gevents.wire(raw_server(converse))
    for number in (1, 2):
        reply = wire.ask()
        assert (reply["body"], reply["connection"]) == ("done", number)
        may_stray.release()
        assert has_strayed.acquire(timeout=PATIENCE_S)
    wire.close()


def test_connection_that_the_server_ends_is_not_kept(
    gevents: GeventProcess, raw_server: RawServer
) -> None:
    """`Connection: close` is a farewell ahead of time."""
    answer = HEAD + b"Connection: close\r\nContent-Length: 4\r\n\r\ndone"
    wire = gevents.wire(raw_server(say(answer)))
    assert (wire.ask()["body"], wire.open_connections) == ("done", 0)


def test_connecting_counts_once(gevents: GeventProcess, raw_server: RawServer) -> None:
    """A request on a kept connection did not wait for one."""

    def converse(connection: socket.socket, _: threading.Event) -> None:
        while True:
            read_request(connection)
            connection.sendall(DONE)

    wire = gevents.wire(raw_server(converse))
    first, second = (wire.ask()["phases"]["connect_s"] for _ in range(2))
    wire.close()
    assert (first > 0, second) == (True, 0.0)


def test_connection_in_use_is_closed_when_its_request_ends_after_close(
    gevents: GeventProcess, raw_server: RawServer
) -> None:
    """Closing does not break a request on its way, and leaves nothing open behind it."""
    arrived, shall_answer, hung_up = threading.Event(), threading.Event(), threading.Event()

    def converse(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        arrived.set()
        shall_answer.wait(PATIENCE_S)
        connection.sendall(DONE)
        if connection.recv(1) == b"":
            hung_up.set()

    wire = gevents.wire(raw_server(converse))
    begun = wire.begin()
    assert arrived.wait(PATIENCE_S)
    wire.close()
    shall_answer.set()
    assert [reply["body"] for reply in wire.finish(begun)] == ["done"]
    assert wire.open_connections == 0
    assert hung_up.wait(PATIENCE_S)
