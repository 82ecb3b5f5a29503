"""Connections as they age: who gets the calls, what a dead one costs, what is opened ahead."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import grpc
import pytest

from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import DeadlineError, NotSentError, ReplyLostError
from asr_client.settings.config import ClientConfig
from asr_client.settings.connections import Connections
from asr_client.transports.grpc import GRPCTransport
from asr_client.transports.grpc_async import AsyncGRPCTransport
from asr_client.transports.grpc_channels import ChannelRing, channel_options, channel_target
from asr_client.transports.http import HTTPTransport
from asr_client.transports.http_async import AsyncHTTPTransport
from asr_client.transports.http_pool import Kept
from asr_client.transports.lifetimes import Lifetimes

PATIENCE_S = 30.0
TINY = Request("POST", "/pkg.Service/Echo", body=(b"tiny",))
RESET = struct.pack("ii", 1, 0)  # SO_LINGER, that makes of closing a reset


class Time:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Blocking:
    """An asynchronous transport, called like the other one, on a loop of its own."""

    def __init__(self, transport: AsyncHTTPTransport | AsyncGRPCTransport) -> None:
        self._transport = transport
        self._loop = asyncio.new_event_loop()

    def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send one."""
        return self._loop.run_until_complete(self._transport.send(request, deadline))

    def warm(self, count: int, deadline: Deadline) -> None:
        """Open ahead."""
        self._loop.run_until_complete(self._transport.warm(count, deadline))

    def close(self) -> None:
        """Close the transport and its loop."""
        self._loop.run_until_complete(self._transport.close())
        self._loop.run_until_complete(asyncio.sleep(0))  # asyncio closes a step later
        self._loop.close()


AnyTransport = HTTPTransport | GRPCTransport | Blocking
Open = Callable[..., AnyTransport]


@pytest.fixture(params=["sync", "async"])
def open_(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open transports of either colour, with a clock of the test's and dice that fall on 0.5."""
    opened: list[AnyTransport] = []

    def start(url: str, clock: Callable[[], float] | None = None, **settings: object) -> object:
        connections = Connections(**settings)
        config = ClientConfig.resolve(url, environ={}, connections=connections)
        ages = Lifetimes(connections, clock, lambda: 0.5) if clock else None
        sync, async_ = (
            (GRPCTransport, AsyncGRPCTransport)
            if config.endpoint.is_grpc
            else (HTTPTransport, AsyncHTTPTransport)
        )
        is_sync = request.param == "sync"
        opened.append(sync(config, ages) if is_sync else Blocking(async_(config, ages)))
        return opened[-1]

    yield start
    for transport in opened:
        transport.close()


def ask(transport: AnyTransport) -> str:
    """Send one request; gives the text of its reply."""
    return transport.send(TINY, Deadline.after(PATIENCE_S)).body.decode()


# --- a Service before three replicas ------------------------------------------------------------


class Service:
    """
    What a Kubernetes Service does: it leads each connection to the next replica.

    A replica answers with its number, and hangs up when it is told to, with or without a farewell.
    """

    def __init__(self, replicas: int) -> None:
        self._accepted = threading.Condition()
        self._connections = 0
        self.dies_at_next_request = threading.Event()
        self._turns = itertools.cycle(range(replicas))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def has_accepted(self, connections: int) -> bool:
        """Wait until there have been as many; whether there were no more."""
        with self._accepted:
            enough = self._accepted.wait_for(lambda: self._connections >= connections, PATIENCE_S)
            return enough and self._connections == connections

    def stop(self) -> None:
        """Return when nothing runs any more."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                replica = str(next(self._turns))
                with self._accepted:
                    self._connections += 1
                    self._accepted.notify_all()
                serving = threading.Thread(target=self._serve, args=(connection, replica))
                self._threads.append(serving)
                serving.start()

    def _serve(self, connection: socket.socket, replica: str) -> None:
        with connection, suppress(OSError):
            while True:
                received = b""
                while not received.endswith(b"tiny"):
                    data = connection.recv(4096)
                    if not data:
                        return
                    received += data
                if self.dies_at_next_request.is_set():
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    return
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + replica.encode()
                connection.sendall(answer)


@pytest.fixture
def service() -> Iterator[Service]:
    """Run three replicas behind one address."""
    service = Service(3)
    yield service
    service.stop()


def test_calls_stay_with_one_replica_when_connections_have_no_age(
    open_: Open, service: Service
) -> None:
    """That is what keeping connections alone leads to."""
    time = Time()
    transport = open_(service.url, time, max_age_s=None)
    replicas = Counter()
    for _ in range(60):
        replicas[ask(transport)] += 1
        time.now_s += 10
    assert replicas == {"0": 60}


def test_calls_spread_over_the_replicas_when_connections_age(open_: Open, service: Service) -> None:
    """A connection serves for a minute, and the next one goes wherever the Service leads it."""
    time = Time()
    transport = open_(service.url, time, max_age_s=60)
    replicas = Counter()
    for _ in range(60):
        replicas[ask(transport)] += 1
        time.now_s += 10
    assert set(replicas) == {"0", "1", "2"}
    assert service.has_accepted(10)
    assert max(replicas.values()) <= 24


def test_connection_that_was_idle_too_long_is_not_used(open_: Open, service: Service) -> None:
    """The gateway may be about to close it."""
    time = Time()
    transport = open_(service.url, time, idle_s=30, max_age_s=None)
    ask(transport)
    time.now_s += 29
    ask(transport)
    assert service.has_accepted(1)
    time.now_s += 30
    ask(transport)
    assert service.has_accepted(2)


def test_calls_go_round_the_kept_connections(open_: Open, service: Service) -> None:
    """The longest unused is lent first, so every replica that was reached stays in use."""
    transport = open_(service.url)
    transport.warm(3, Deadline.after(PATIENCE_S))
    assert sorted(ask(transport) for _ in range(3)) == ["0", "1", "2"]
    assert service.has_accepted(3)


# --- dead connections ---------------------------------------------------------------------------


def test_kept_connections_are_dropped_when_one_of_them_is_dead(
    open_: Open, service: Service
) -> None:
    """One call is lost, the error says on what; the next one meets a new connection."""
    transport = open_(service.url)
    transport.warm(5, Deadline.after(PATIENCE_S))
    service.dies_at_next_request.set()
    with pytest.raises(ReplyLostError) as caught:
        ask(transport)
    assert caught.value.on_kept_connection
    assert caught.value.executed == "maybe"
    service.dies_at_next_request.clear()
    ask(transport)
    assert service.has_accepted(6)


def test_error_says_so_when_the_connection_was_new(open_: Open, service: Service) -> None:
    """Then the server was there, and broke."""
    transport = open_(service.url)
    service.dies_at_next_request.set()
    with pytest.raises(ReplyLostError) as caught:
        ask(transport)
    assert not caught.value.on_kept_connection


# --- ahead of the calls -------------------------------------------------------------------------


def test_warm_opens_what_is_missing_and_no_more_than_allowed(open_: Open, service: Service) -> None:
    """Calls then find their connections, and the phases say that nothing was connected."""
    transport = open_(service.url, max_open=4)
    for count, opened in ((2, 2), (2, 2), (3, 3), (100, 4)):
        transport.warm(count, Deadline.after(PATIENCE_S))
        ask(transport)
        assert service.has_accepted(opened)
    assert transport.send(TINY, Deadline.after(PATIENCE_S)).phases.connect_s == 0.0


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_warm_says_so_when_nobody_is_there(open_: Open, scheme: str) -> None:
    """As a call would."""
    with pytest.raises((NotSentError, DeadlineError)):
        open_(f"{scheme}://127.0.0.1:1").warm(1, Deadline.after(0.3))


# --- where the time goes ------------------------------------------------------------------------


def test_phases_tell_a_new_connection_from_a_kept_one(open_: Open, service: Service) -> None:
    """All four are there and none is negative; only the first call connects."""
    transport = open_(service.url)
    first, second = (transport.send(TINY, Deadline.after(PATIENCE_S)).phases for _ in range(2))
    assert first.connect_s > 0
    assert second.connect_s == 0.0
    for phases in (first, second):
        assert min(phases.send_s, phases.server_s, phases.receive_s) >= 0


# --- gRPC ---------------------------------------------------------------------------------------


@pytest.fixture
def peers() -> Iterator[tuple[str, list[str]]]:
    """Echo every message; gives the URL, and the list that gets the address of each caller."""
    seen: list[str] = []

    def answer(body: bytes, context: grpc.ServicerContext) -> bytes:
        seen.append(context.peer())
        return body

    class Handler(grpc.GenericRpcHandler):
        def service(self, _: object) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://localhost:{port}", seen
    server.stop(0).wait(PATIENCE_S)


def test_grpc_channels_take_turns(open_: Open, peers: tuple[str, list[str]]) -> None:
    """Each has a connection of its own, opened ahead if asked for."""
    url, seen = peers
    transport = open_(url, grpc_channels=3)
    transport.warm(5, Deadline.after(PATIENCE_S))
    for _ in range(6):
        assert ask(transport) == "tiny"
    assert seen[:3] == seen[3:]
    assert len(set(seen)) == 3


def test_grpc_channel_is_replaced_when_it_is_old(open_: Open, peers: tuple[str, list[str]]) -> None:
    """The next call gets a new connection, and so perhaps another replica."""
    url, seen = peers
    time = Time()
    transport = open_(url, time, max_age_s=60)
    for _ in range(4):
        ask(transport)
        time.now_s += 31
    assert seen[0] == seen[1]
    assert seen[2] == seen[3]
    assert seen[1] != seen[2]


def test_grpc_channel_outlives_its_age_while_a_call_uses_it() -> None:
    """It is handed over for closing when the last call ends, not before."""
    time, names = Time(), itertools.count()
    ring = ChannelRing(lambda: next(names), Lifetimes(Connections(), time, lambda: 0.5))
    old, same = ring.lend(), ring.lend()
    time.now_s += 61
    new = ring.lend()
    assert (old.core, same.core, new.core) == (0, 0, 1)
    assert ring.give_back(new) == []
    assert ring.give_back(old) == []
    assert ring.all() == [1, 0]
    assert ring.give_back(same) == [0]
    assert ring.all() == [1]


def test_grpc_uses_all_addresses_when_asked_for(open_: Open, peers: tuple[str, list[str]]) -> None:
    """A name is resolved by DNS, and its addresses are used in turn."""
    url, _ = peers
    settings = Connections(grpc_round_robin=True)
    config = ClientConfig.resolve(url, environ={}, connections=settings)
    assert channel_target(config) == f"dns:///{config.endpoint.authority}"
    assert "round_robin" in dict(channel_options(config))["grpc.service_config"]
    assert ask(open_(url, grpc_round_robin=True)) == "tiny"


def test_phases_do_not_count_the_time_of_an_early_reply_twice() -> None:
    """A refusal may come in the middle of a long upload; the parts still add up to the whole."""
    stream = SimpleNamespace(sent_s=9.0, first_byte_s=2.0)
    kept = Kept(SimpleNamespace(), stream, 0.5, born_s=1.0, ends_s=60.0, lent_s=1.0)
    phases = kept.phases(10.0)
    assert (phases.send_s, phases.server_s, phases.receive_s) == (8.0, 0.0, 1.0)
