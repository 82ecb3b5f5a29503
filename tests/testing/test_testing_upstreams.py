"""Whom the gateway asks, whom next, and what it makes of what comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_client.testing import EchoUpstream, Gateway, UpstreamReply, open_route

NOBODY = "http://127.0.0.1:1"
MODEL = "/v2/models/asr"
CALL = f"{MODEL}/generate"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PATIENCE_S = 30.0

Upstream = tuple[str, list[bytes]]


@pytest.fixture
def scripted() -> Iterator[Callable[..., Upstream]]:
    """Start an upstream that answers each request with the next of some bytes, then hangs up."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(*answers: bytes) -> Upstream:
        listener = socket.create_server(("127.0.0.1", 0))
        heard: list[bytes] = []
        thread = threading.Thread(target=serve, args=(listener, list(answers), heard), daemon=True)
        thread.start()
        listeners.append(listener)
        threads.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}", heard

    def serve(listener: socket.socket, answers: list[bytes], heard: list[bytes]) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    converse(connection, answers, heard)

    def converse(connection: socket.socket, answers: list[bytes], heard: list[bytes]) -> None:
        while request := connection.recv(65536):
            heard.append(request.split(b" ", 1)[0])
            answer = answers.pop(0) if answers else b""
            if not answer:
                return
            connection.sendall(answer)

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(PATIENCE_S)


def test_replicas_take_turns_for_requests_of_one_connection(asr_gateway: Any, ask: Any) -> None:
    """A gateway spreads requests; it is connections that a Service pins."""
    with Gateway(EchoUpstream()) as one, Gateway(EchoUpstream()) as two:
        gateway = asr_gateway([one.url, two.url])
        for _ in range(6):
            assert ask(gateway.port, "GET", MODEL, kept=True).status == 200
        assert (len(one.calls), len(two.calls)) == (3, 3)


def test_refused_connection_goes_to_the_next_replica_for_post_too(
    asr_gateway: Any, ask: Any
) -> None:
    """Nothing was sent, so nothing can run twice."""
    with Gateway(EchoUpstream("text")) as alive:
        gateway = asr_gateway([NOBODY, alive.url])
        answered = ask(gateway.port, "POST", CALL, body=b'{"audio": ""}')
    assert answered.status == 200
    assert [call.tries for call in gateway.calls] == [2]


def test_sent_post_is_never_repeated(scripted: Any, asr_gateway: Any, ask: Any) -> None:
    """The upstream hears it once, and the client is told 502."""
    url, heard = scripted(b"")
    gateway = asr_gateway(url, retries=5)
    assert ask(gateway.port, "POST", CALL, body=b"{}").status == HTTPStatus.BAD_GATEWAY
    assert heard == [b"POST"]


def test_get_is_repeated_as_often_as_kong_does(scripted: Any, asr_gateway: Any, ask: Any) -> None:
    """Five retries are six tries."""
    url, heard = scripted()
    gateway = asr_gateway(url, retries=5)
    assert ask(gateway.port, "GET", MODEL).status == HTTPStatus.BAD_GATEWAY
    assert heard == [b"GET"] * 6
    assert [call.tries for call in gateway.calls] == [6]


def test_stale_connection_fails_a_post_and_repeats_a_get(
    scripted: Any, asr_gateway: Any, ask: Any
) -> None:
    """The sporadic 502 of a scale-down: only POST shows it, whatever retries say."""
    url, heard = scripted(OK, b"", OK, b"", OK)
    gateway = asr_gateway(url, retries=0)
    methods = ("GET", "POST", "GET", "GET")
    statuses = [ask(gateway.port, method, MODEL, kept=True).status for method in methods]
    assert statuses == [200, 502, 200, 200]
    assert heard == [b"GET", b"POST", b"GET", b"GET", b"GET"]


def test_silent_upstream_is_given_up_after_the_read_timeout(asr_gateway: Any, ask: Any) -> None:
    """504 for a POST, asked once."""
    over = threading.Event()

    def upstream(_: object) -> UpstreamReply:
        over.wait(PATIENCE_S)
        return UpstreamReply()

    gateway = asr_gateway(upstream, read_timeout_s=0.05)
    answered = ask(gateway.port, "POST", CALL, body=b"{}")
    over.set()
    assert (answered.status, answered.reason) == (504, "Gateway Time-out")
    assert int(answered.get("X-Kong-Upstream-Latency")) >= 50


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
    ids=["length", "chunked"],
)
def test_upstream_that_breaks_off_truncates_the_answer(
    broken: bytes, scripted: Any, asr_gateway: Any, ask: Any
) -> None:
    """200 has been said already: the connection's end is all that is left to say."""
    url, _ = scripted(broken)
    gateway = asr_gateway(url, read_timeout_s=0.1)
    answered = ask(gateway.port, "GET", MODEL)
    assert (answered.status, answered.body, answered.complete) == (200, b"hello", False)


def test_large_bodies_pass_in_both_directions(asr_gateway: Any, ask: Any) -> None:
    """Twelve megabytes, as a long recording has."""
    gateway = asr_gateway(lambda request: UpstreamReply(request.body))
    body = bytes(range(256)) * 48_000
    assert ask(gateway.port, "POST", CALL, body=body).body == body
    assert gateway.calls[0].request_bytes == len(body)


def test_kept_connection_survives_large_bodies(asr_gateway: Any, ask: Any) -> None:
    """What belongs to one request's body is not taken for the head of the next."""
    gateway = asr_gateway()
    answers = [
        ask(gateway.port, "POST", CALL, body=b'{"audio": "' + b"A" * 100_000 + b'"}', kept=True)
        for _ in range(3)
    ]
    assert [answered.status for answered in answers] == [200, 200, 200]


def test_own_routes_replace_the_documented_ones(asr_gateway: Any, ask: Any) -> None:
    """An upstream that is no Triton is reached by its own paths."""
    gateway = asr_gateway(
        lambda request: UpstreamReply(request.path.encode()), routes=(open_route(),)
    )
    assert ask(gateway.port, "GET", "/any/path?with=query").body == b"/any/path?with=query"


def test_documented_routes_lead_to_triton(asr_gateway: Any, ask: Any) -> None:
    """The call, the prefix, and the list of models, which Triton has under another name."""
    gateway = asr_gateway(lambda r: UpstreamReply(f"{r.method} {r.path}".encode()), model="m")
    asked = {
        ("POST", "/api/v1/asr/infer"): b"POST /v2/models/m/generate",
        ("GET", "/api/v1/asr/v2/health/ready?x=1"): b"GET /v2/health/ready?x=1",
        ("GET", "/v2/models"): b"POST /v2/repository/index",
        ("GET", "/v2/models/m/config"): b"GET /v2/models/m/config",
        ("GET", "/v2/health/live"): b"GET /v2/health/live",
    }
    assert {way: ask(gateway.port, *way).body for way in asked} == asked


def test_failing_function_is_a_server_that_fails(asr_gateway: Any, ask: Any) -> None:
    """An upstream of one's own that raises answers 500, and goes on."""
    gateway = asr_gateway(lambda request: UpstreamReply(request.no_such_field))
    assert [ask(gateway.port, "GET", MODEL).status for _ in range(2)] == [500, 500]


def test_requests_decided_at_once_may_overshoot_but_no_later_one(
    asr_gateway: Any, ask: Any
) -> None:
    """Kong counts after deciding; what comes when the count is in is refused."""
    gateway = asr_gateway(limits={"hour": 3})

    def one(_: int) -> int:
        with socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S) as connection:
            connection.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: h\r\n\r\n")
            return int(connection.recv(100).split()[1])

    with ThreadPoolExecutor(12) as crowd:
        statuses = list(crowd.map(one, range(12)))
    assert 3 <= statuses.count(200) <= 12
    assert ask(gateway.port, "GET", "/v2/health/live").status == 429


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "http://127.0.0.1:1/prefix", "ftp://x"])
def test_upstream_must_be_a_plain_server(url: str) -> None:
    """What the gateway cannot reach is refused before it starts."""
    with pytest.raises(ConfigError):
        Gateway(url)


def test_gateway_starts_once_and_stops_twice() -> None:
    """Stopping is harmless, and a stopped gateway can start again."""
    gateway = Gateway(EchoUpstream())
    with gateway, pytest.raises(ConfigError, match="already running"):
        gateway.start()
    gateway.stop()
    with pytest.raises(ConfigError, match="not running"):
        _ = gateway.url
    with gateway:
        assert gateway.url.startswith("http://127.0.0.1:")
        assert len(gateway.replicas) == 1


def test_taken_port_is_told(asr_gateway: Any) -> None:
    """A fixed port that somebody has is an error, not another port."""
    first = asr_gateway()
    with pytest.raises(ConfigError, match="cannot listen"):
        Gateway(EchoUpstream(), port=first.port).start()
