"""The generator's gRPC: many calls at once in one process, which still ends when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
import trustme

from asr_client.embedded import EmbeddedTriton
from asr_client.errors import ConfigError
from gevent_process import PATIENCE_S, GeventProcess, gevents

__all__ = ["gevents"]

TOGETHER = 8
Answer = Callable[[bytes, grpc.ServicerContext], bytes]


class Everything(grpc.GenericRpcHandler):
    """Answers every method in the same way."""

    def __init__(self, answer: Answer) -> None:
        self._method = grpc.unary_unary_rpc_method_handler(answer)

    def service(self, _: object) -> grpc.RpcMethodHandler:
        """Give the one method."""
        return self._method


@pytest.fixture
def grpc_server() -> Iterator[Callable[..., str]]:
    """Start servers that answer every method so; gives the URL."""
    servers: list[grpc.Server] = []

    def start(answer: Answer, credentials: grpc.ServerCredentials | None = None) -> str:
        server = grpc.server(ThreadPoolExecutor(TOGETHER))
        server.add_generic_rpc_handlers((Everything(answer),))
        servers.append(server)
        if credentials is None:
            port = server.add_insecure_port("127.0.0.1:0")
        else:
            port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        return f"{'grpc' if credentials is None else 'grpcs'}://localhost:{port}"

    yield start
    for server in servers:
        server.stop(0).wait(PATIENCE_S)


def echo(body: bytes, _: grpc.ServicerContext) -> bytes:
    """Give back what came."""
    return body


def test_calls_wait_for_their_answers_together(
    gevents: GeventProcess, grpc_server: Callable[..., str]
) -> None:
    """The server answers nobody before eight calls are there: one that blocks would wait alone."""
    barrier = threading.Barrier(TOGETHER)

    def meet(body: bytes, _: grpc.ServicerContext) -> bytes:
        barrier.wait(PATIENCE_S)
        return body

    replies = gevents.wire(grpc_server(meet)).ask_together(TOGETHER, zeros=0)
    assert [(reply["status"], reply["body"]) for reply in replies] == [(0, "tiny")] * TOGETHER


def test_deadline_bounds_a_call(gevents: GeventProcess, grpc_server: Callable[..., str]) -> None:
    """The model may have run."""
    over = threading.Event()

    def hang(body: bytes, _: grpc.ServicerContext) -> bytes:
        over.wait(PATIENCE_S)
        return body

    error = gevents.wire(grpc_server(hang)).ask(limit_s=0.3)
    over.set()
    assert (error["outcome"], error["code"], error["executed"]) == ("timeout", "deadline", "maybe")


def test_unreachable_server_is_told_so(gevents: GeventProcess) -> None:
    """Nothing was sent."""
    error = gevents.wire("grpc://127.0.0.1:1").ask()
    assert (error["outcome"], error["origin"], error["executed"]) == ("connection", "tcp", "no")


@pytest.mark.parametrize("is_known", [True, False])
def test_tls_is_verified(
    gevents: GeventProcess, grpc_server: Callable[..., str], tmp_path: Path, *, is_known: bool
) -> None:
    """A server of a named authority is called, one of a stranger's is not."""
    authority, named = trustme.CA(), tmp_path / "ca.pem"
    (authority if is_known else trustme.CA()).cert_pem.write_to_path(named)
    cert = authority.issue_cert("localhost")
    chain = b"".join(blob.bytes() for blob in cert.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(cert.private_key_pem.bytes(), chain)])
    told = gevents.wire(grpc_server(echo, credentials), tls_ca_file=str(named)).ask()
    assert (told.get("status"), told.get("code"), told.get("executed")) == (
        (0, None, None) if is_known else (None, "tls", "no")
    )


def test_channels_are_made_ahead(gevents: GeventProcess, grpc_server: Callable[..., str]) -> None:
    """A wire that is warm has a connection before its first call."""
    wire = gevents.wire(grpc_server(echo))
    wire.warm(1)
    assert (wire.open_connections, wire.ask()["body"]) == (1, "tiny")


# --- processes ----------------------------------------------------------------------------------


@pytest.fixture
def fresh() -> Iterator[GeventProcess]:
    """Start a process that knows nothing of gRPC yet."""
    process = GeventProcess()
    yield process
    process.kill()


def test_process_that_was_not_prepared_is_refused(fresh: GeventProcess) -> None:
    """There every call would block all others, and the figures would not show it."""
    with pytest.raises(ConfigError, match="grpc was not told of gevent"):
        fresh.wire("grpc://127.0.0.1:1")


def test_process_ends_after_calls(fresh: GeventProcess, embedded_triton: EmbeddedTriton) -> None:
    """Once its wire is closed, nothing of gRPC keeps the interpreter from ending."""
    fresh.tell("prepare_grpc")
    target = fresh.target(embedded_triton.grpc_url)
    assert [sample["outcome"] for sample in target.call("en-awb-door.flac", 2)] == ["ok", "ok"]
    target.close()
    assert fresh.end() == 0


def test_process_ends_when_a_call_is_still_on_its_way(
    fresh: GeventProcess, grpc_server: Callable[..., str]
) -> None:
    """Closing ends the call, which says so; then the process ends."""
    arrived, over = threading.Event(), threading.Event()

    def hang(body: bytes, _: grpc.ServicerContext) -> bytes:
        arrived.set()
        over.wait(PATIENCE_S)
        return body

    fresh.tell("prepare_grpc")
    wire = fresh.wire(grpc_server(hang))
    begun = wire.begin()
    assert arrived.wait(PATIENCE_S)
    wire.close()
    error = wire.finish(begun)[0]
    over.set()
    assert (error["outcome"], error["code"]) == ("connection", "cancelled")
    assert fresh.end() == 0
