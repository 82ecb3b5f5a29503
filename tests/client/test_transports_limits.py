"""Deadlines around connecting and working, and what a server or a caller gets wrong."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import grpc
import pytest

from asr_client.calls.effects import Flow, work
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.drive import run_async
from asr_client.errors import (
    ConfigError,
    ContractError,
    DeadlineError,
    NotSentError,
    ReplyLostError,
)
from asr_client.settings.config import ClientConfig
from asr_client.transports import open_async_transport, open_transport
from asr_client.transports.grpc_messages import failed_reply
from one_request import PATIENCE_S, ask_sync, both_colours

AGES_S = 1e18


@pytest.fixture
def grpc_server() -> Iterator[Callable[..., str]]:
    """Start servers that answer every method so; gives the URL."""
    servers: list[grpc.Server] = []

    def start(answer: Callable[..., bytes]) -> str:
        class Handler(grpc.GenericRpcHandler):
            def service(self, _: object) -> grpc.RpcMethodHandler:
                return grpc.unary_unary_rpc_method_handler(answer)

        server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.max_send_message_length", -1)])
        server.add_generic_rpc_handlers((Handler(),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return f"grpc://127.0.0.1:{port}"

    yield start
    for server in servers:
        server.stop(0).wait(PATIENCE_S)


# --- connecting ---------------------------------------------------------------------------------


@pytest.fixture
def deaf_addresses() -> Iterator[list[tuple[str, int]]]:
    """Listen on four addresses, and have no room for anybody: connecting there hangs."""
    with ExitStack() as sockets:
        addresses: list[tuple[str, int]] = []
        for number in range(1, 5):
            port = addresses[0][1] if addresses else 0
            listener = sockets.enter_context(socket.socket())
            listener.bind((f"127.0.0.{number}", port))
            listener.listen(0)
            addresses.append(listener.getsockname())
            for _ in range(4):
                filler = sockets.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(addresses[-1])
        yield addresses


def resolve_to(monkeypatch: pytest.MonkeyPatch, addresses: list[tuple[str, int]]) -> None:
    """Let every name have these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    def getaddrinfo(*_: object, flags: int = 0, **__: object) -> list[tuple[object, ...]]:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror
        return found

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_connecting_shares_its_time_among_the_addresses(
    monkeypatch: pytest.MonkeyPatch, deaf_addresses: list[tuple[str, int]]
) -> None:
    """Four addresses together get what the setting allows, not each of them."""
    waits: list[float] = []
    connect = socket.socket.connect

    class Watched(socket.socket):
        def connect(self, address: tuple[str, int]) -> None:
            waits.append(self.gettimeout())
            connect(self, address)

    resolve_to(monkeypatch, deaf_addresses)
    monkeypatch.setattr(socket, "socket", Watched)
    with pytest.raises(NotSentError, match="timed out"):
        ask_sync(f"http://many.test:{deaf_addresses[0][1]}", connect_timeout_s=0.4)
    assert len(waits) == 4
    assert sum(waits) <= 0.4 + 0.01


def test_connecting_goes_on_to_an_address_that_answers(
    monkeypatch: pytest.MonkeyPatch,
    deaf_addresses: list[tuple[str, int]],
    raw_server: Callable[..., str],
) -> None:
    """A host that is half unreachable is reached."""
    url = raw_server(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"))
    port = int(url.rpartition(":")[2])
    resolve_to(monkeypatch, [deaf_addresses[0], ("127.0.0.1", port)])
    assert ask_sync(f"http://many.test:{port}", connect_timeout_s=0.6).body == b"done"


def test_deadline_ends_the_call_when_the_name_service_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system's resolver has no limit; the call has."""
    over = threading.Event()

    def getaddrinfo(*_: object, flags: int = 0, **__: object) -> list[tuple[object, ...]]:
        if not flags & socket.AI_NUMERICHOST:
            over.wait(PATIENCE_S)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(DeadlineError, match="connecting to"):
        ask_sync("http://slow.test:80", limit_s=0.2)
    assert not over.is_set()
    over.set()


@both_colours
@pytest.mark.parametrize(("scheme", "executed"), [("https", "no"), ("http", "maybe")])
def test_deadline_error_tells_whether_the_request_went_out(
    ask: Callable[..., Reply], raw_server: Callable[..., str], scheme: str, executed: str
) -> None:
    """A server that is silent at the handshake has not seen it; one that took it may be at work."""

    def converse(_: socket.socket, over: threading.Event) -> None:
        over.wait(PATIENCE_S)

    with pytest.raises(DeadlineError) as caught:
        ask(raw_server(converse).replace("http:", f"{scheme}:"), limit_s=0.2)
    assert caught.value.executed == executed


# --- working ------------------------------------------------------------------------------------


def test_deadline_ends_the_call_when_the_work_hangs() -> None:
    """A source that gives nothing does not hold an asynchronous caller for ever."""
    over = threading.Event()

    async def call() -> None:
        flow: Flow[bool] = work(
            lambda: over.wait(PATIENCE_S), Deadline.after(0.2), "preparing the audio"
        )
        with pytest.raises(DeadlineError, match="preparing the audio"):
            await run_async(flow, open_async_transport(ClientConfig.resolve("http://h:1")))
        assert not over.is_set()
        over.set()

    asyncio.run(call())


def test_timeout_of_the_work_itself_is_not_the_deadline() -> None:
    """What the work raises goes to the caller as it is."""

    def fail() -> None:
        raise TimeoutError("the disk")

    flow = work(fail, Deadline.after(PATIENCE_S), "reading")
    with pytest.raises(TimeoutError, match="the disk"):
        asyncio.run(run_async(flow, open_async_transport(ClientConfig.resolve("http://h:1"))))


# --- what callers get wrong ---------------------------------------------------------------------


@both_colours
def test_deadline_may_be_ages_away(
    ask: Callable[..., Reply], raw_server: Callable[..., str], grpc_server: Callable[..., str]
) -> None:
    """Neither sockets, nor locks, nor grpc are asked to wait longer than they can."""
    url = raw_server(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"))
    assert ask(url, limit_s=AGES_S, connect_timeout_s=AGES_S).body == b"done"
    assert ask(grpc_server(lambda body, _: body), limit_s=AGES_S).body == b"tiny"


@both_colours
@pytest.mark.parametrize("wire", ["http", "grpc"])
@pytest.mark.parametrize("header", [("X-Name", "हिन्दी"), ("X-Name", "a\nb"), ("bad name", "x")])
def test_header_that_cannot_travel_is_the_callers_error(
    ask: Callable[..., Reply],
    raw_server: Callable[..., str],
    grpc_server: Callable[..., str],
    wire: str,
    header: tuple[str, str],
) -> None:
    """It is a ConfigError, whatever the engine below calls it."""
    url = raw_server(answer(b"")) if wire == "http" else grpc_server(lambda body, _: body)
    with pytest.raises(ConfigError):
        ask(url, Request("POST", "/a.B/C", headers=(header,), body=(b"x",)))


@both_colours
def test_header_that_takes_no_text_is_the_callers_error(
    ask: Callable[..., Reply], grpc_server: Callable[..., str]
) -> None:
    """Names in -bin are gRPC's for bytes."""
    request = Request("POST", "/a.B/C", headers=(("x-bin", "text"),), body=(b"x",))
    with pytest.raises(ConfigError, match="cannot put the request"):
        ask(grpc_server(lambda body, _: body), request)


@pytest.mark.parametrize("open_", [open_transport, open_async_transport])
@pytest.mark.parametrize("url", ["http://h:1", "grpc://h:1"])
def test_transport_shows_no_key(open_: Callable[..., object], url: str) -> None:
    """Debuggers and error reporters print vars()."""
    transport = open_(ClientConfig.resolve(url, api_key="geheim", environ={}))
    assert "geheim" not in repr([vars(transport), *map(vars_of, vars(transport).values())])


def vars_of(value: object) -> dict[str, object]:
    """Give what the value holds, if it is one of ours."""
    is_ours = type(value).__module__.startswith("asr_client.trans")
    return getattr(value, "__dict__", {}) if is_ours else {}


# --- what servers say ---------------------------------------------------------------------------


def answer(reply: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Read a little, and say this."""

    def converse(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(reply)

    return converse


@both_colours
def test_port_that_speaks_no_http_is_called_so(
    ask: Callable[..., Reply], raw_server: Callable[..., str]
) -> None:
    """SSH's greeting is no sign of a restart."""
    with pytest.raises(ReplyLostError) as caught:
        ask(raw_server(answer(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")))
    assert "does not speak HTTP" in caught.value.hint


@both_colours
def test_wrong_compression_label_does_not_hide_a_refusal(
    ask: Callable[..., Reply], raw_server: Callable[..., str]
) -> None:
    """The status says enough; the body is given as it came. A good reply must be readable."""
    head = b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbusy"
    reply = ask(raw_server(answer(b"HTTP/1.1 503 Busy\r\n" + head)))
    assert (reply.status, reply.body) == (503, b"busy")
    with pytest.raises(ContractError, match="says gzip"):
        ask(raw_server(answer(b"HTTP/1.1 200 OK\r\n" + head)))


@both_colours
@pytest.mark.parametrize(
    ("code", "details"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, "model took too long"),
        (grpc.StatusCode.INTERNAL, "model failed: connection reset by database"),
        (grpc.StatusCode.INTERNAL, "socket closed by the tokenizer"),
        (grpc.StatusCode.UNAVAILABLE, "connection reset by database"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "larger than max"),
    ],
)
def test_grpc_refusal_is_a_reply_when_a_server_words_it(
    ask: Callable[..., Reply],
    grpc_server: Callable[..., str],
    code: grpc.StatusCode,
    details: str,
) -> None:
    """Texts that only resemble grpc's own are the server's, and so are its deadlines."""
    reply = ask(grpc_server(lambda _, context: context.abort(code, details)))
    assert (reply.status, reply.details) == (code.value[0], details)


@both_colours
def test_grpc_deadline_is_ours_when_our_time_is_up(
    ask: Callable[..., Reply], grpc_server: Callable[..., str]
) -> None:
    """Nobody else's: the call ends with DeadlineError."""
    over = threading.Event()
    with pytest.raises(DeadlineError, match="waiting for"):
        ask(grpc_server(lambda body, _: (over.wait(PATIENCE_S), body)[1]), limit_s=0.3)
    over.set()


@both_colours
def test_grpc_reply_is_refused_when_it_is_too_large(
    ask: Callable[..., Reply], grpc_server: Callable[..., str]
) -> None:
    """The same error as over HTTP."""
    with pytest.raises(ContractError, match="larger than 64 MiB"):
        ask(grpc_server(lambda *_: bytes(65 * 2**20)))


def test_grpc_connect_timeout_does_not_blame_tls() -> None:
    """What gRPC calls a "tcp handshaker" has nothing to do with TLS."""

    class Unreached(grpc.RpcError):
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAVAILABLE

        def details(self) -> str:
            return (
                "failed to connect to all addresses; last error: UNKNOWN: "
                "ipv4:10.0.0.1:8001: tcp handshaker shutdown"
            )

        def initial_metadata(self) -> None: ...
        def trailing_metadata(self) -> None: ...

    endpoint = ClientConfig.resolve("grpc://10.0.0.1:8001", environ={}).endpoint
    with pytest.raises(NotSentError, match="tcp handshaker shutdown") as caught:
        failed_reply(Unreached(), endpoint, Deadline.after(PATIENCE_S))
    assert "TLS" not in caught.value.hint
