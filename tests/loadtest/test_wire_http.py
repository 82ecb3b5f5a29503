"""The generator's HTTP on real sockets: replies of every kind, large requests, deadlines."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from asr_client.errors import ConfigError
from gevent_process import PATIENCE_S, GeventProcess, gevents
from http_conversations import DONE, HEAD, read_request, say
from raw_servers import Conversation, RawServer

__all__ = ["gevents"]

CA_FILE = str(Path(__file__).parent.parent / "data" / "tls" / "ca.pem")
# More than the buffers of two sockets hold.
HUGE = 48 * 2**20
TOGETHER = 50


# --- replies ------------------------------------------------------------------------------------

WHOLE_REPLIES = {
    "with a length": [DONE],
    "byte by byte": [bytes([byte]) for byte in DONE],
    "in chunks": [HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\ndo\r\n", b"2\r\nne\r\n0\r\n\r\n"],
    "to the end of the connection": [HEAD + b"\r\ndo", b"ne"],
    "after a 100": [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"Content-Length: 4\r\n\r\n", b"done"],
    "after a 100, together": [b"HTTP/1.1 100 Continue\r\n\r\n" + DONE],
    "compressed unasked": [
        HEAD + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"done"),
    ],
}


@pytest.mark.parametrize("way", WHOLE_REPLIES)
def test_reply_is_read_whole(gevents: GeventProcess, raw_server: RawServer, way: str) -> None:
    """However it is framed, and in however many pieces it comes."""
    reply = gevents.wire(raw_server(say(*WHOLE_REPLIES[way]))).ask()
    assert (reply["status"], reply["body"]) == (200, "done")


def test_reply_headers_have_lower_case_names(gevents: GeventProcess, raw_server: RawServer) -> None:
    """As the SDK's classification wants them; a value may hold any byte."""
    answer = HEAD + b"X-Kong-Proxy-Latency: 3\r\nX-Name: caf\xe9\r\nContent-Length: 0\r\n\r\n"
    reply = gevents.wire(raw_server(say(answer))).ask()
    assert reply["headers"] == {
        "x-kong-proxy-latency": "3",
        "x-name": "caf\xe9",
        "content-length": "0",
    }


LOST_REPLIES = {
    "none": ([], "connection", "connect"),
    "half a head": ([HEAD], "truncated", "truncated"),
    "half a body": ([HEAD + b"Content-Length: 4\r\n\r\ndo"], "truncated", "truncated"),
    "half a chunk": (
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\ndo"],
        "truncated",
        "truncated",
    ),
    "a 100 alone": ([b"HTTP/1.1 100 Continue\r\n\r\n"], "truncated", "truncated"),
    "no HTTP": ([b"SSH-2.0-OpenSSH_9.2\r\n\r\n"], "server_error", "server_bug"),
    "no chunks": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\nx"], "server_error", "server_bug"),
}


@pytest.mark.parametrize("way", LOST_REPLIES)
def test_broken_reply_is_told_from_a_whole_one(
    gevents: GeventProcess, raw_server: RawServer, way: str
) -> None:
    """What breaks off is no reply, and the model may have run."""
    parts, outcome, code = LOST_REPLIES[way]
    error = gevents.wire(raw_server(say(*parts))).ask()
    assert (error["outcome"], error["code"], error["executed"]) == (outcome, code, "maybe")


def test_reply_is_refused_when_it_does_not_end(
    gevents: GeventProcess, raw_server: RawServer
) -> None:
    """A reply beyond all reason is an error before it fills the memory."""

    def pour(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(HEAD + b"Content-Length: 1000000000000\r\n\r\n")
        while not over.is_set():
            connection.sendall(bytes(2**20))

    error = gevents.wire(raw_server(pour)).ask()
    assert (error["error"], "larger than 64 MiB" in error["text"]) == ("ContractError", True)


@pytest.mark.parametrize("endless", [b"HTTP/1.1 100 Continue\r\n\r\n", b"X-A: a\r\n"])
def test_head_without_end_is_refused(
    gevents: GeventProcess, raw_server: RawServer, endless: bytes
) -> None:
    """It comes as fast as it is read: without a bound, no other greenlet would have a turn."""

    def pour(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(HEAD if endless.startswith(b"X") else b"")
        while not over.is_set():
            connection.sendall(endless * 1000)

    error = gevents.wire(raw_server(pour)).ask()
    assert "its headers do not end" in error["text"]


# --- requests -----------------------------------------------------------------------------------


def test_body_arrives_byte_for_byte_when_it_is_large(
    gevents: GeventProcess, raw_server: RawServer
) -> None:
    """Parts of any size arrive as one body, in order."""

    def digest(connection: socket.socket, _: threading.Event) -> None:
        hashed = hashlib.sha256(read_request(connection)).hexdigest().encode()
        connection.sendall(HEAD + b"Content-Length: 64\r\n\r\n" + hashed)

    reply = gevents.wire(raw_server(digest)).ask(body=["a", "", "bc" * 10_000], zeros=3_000_000)
    sent = b"a" + b"bc" * 10_000 + bytes(3_000_000)
    assert reply["body"] == hashlib.sha256(sent).hexdigest()


def test_refusal_is_read_when_it_comes_before_the_request_is_whole(
    gevents: GeventProcess, raw_server: RawServer
) -> None:
    """A gateway that refuses a large body need not read it: its 413 is the answer."""

    def refuse(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nbulk")

    wire = gevents.wire(raw_server(refuse))
    reply = wire.ask(zeros=HUGE)
    assert (reply["status"], reply["body"], wire.open_connections) == (413, "bulk", 0)


def test_header_that_cannot_travel_is_the_callers_error(
    gevents: GeventProcess, raw_server: RawServer
) -> None:
    """Nothing is sent."""
    error = gevents.wire(raw_server(say(DONE))).ask(headers=[("X-Name", "हिन्दी")])
    assert (error["error"], error["code"], error["executed"]) == ("ConfigError", "config", "no")


@pytest.fixture
def meeting() -> Iterator[str]:
    """Answer nobody before fifty requests are there; gives the URL."""
    barrier = threading.Barrier(TOGETHER)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            barrier.wait(PATIENCE_S)
            self.wfile.write(DONE)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = TOGETHER
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_greenlets_wait_for_their_answers_together(gevents: GeventProcess, meeting: str) -> None:
    """Fifty requests are on their way at once, each over a connection of its own; all are kept."""
    wire = gevents.wire(meeting)
    for _ in range(2):
        replies = wire.ask_together(TOGETHER, zeros=64_000)
        assert [reply["status"] for reply in replies] == [200] * TOGETHER
        assert {reply["connection"] for reply in replies} == set(range(1, TOGETHER + 1))
    assert wire.open_connections == TOGETHER


# --- deadlines ----------------------------------------------------------------------------------


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """Listen, and have no room for anybody: connecting hangs."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def stay_silent(_: socket.socket, over: threading.Event) -> None:
    """Neither read nor write."""
    over.wait(PATIENCE_S)


def trickle(connection: socket.socket, over: threading.Event) -> None:
    """Send a byte of the body now and then."""
    read_request(connection)
    connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    while not over.wait(0.02):
        connection.sendall(b"x")


def test_deadline_bounds_connecting(gevents: GeventProcess, deaf_url: str) -> None:
    """Nothing was sent."""
    error = gevents.wire(deaf_url).ask(limit_s=0.3)
    assert (error["outcome"], error["code"], error["executed"]) == ("timeout", "deadline", "no")


def test_connecting_has_a_limit_of_its_own(gevents: GeventProcess, deaf_url: str) -> None:
    """A host that does not answer is unreachable, and that is not the caller's deadline."""
    error = gevents.wire(deaf_url, connect_timeout_s=0.3).ask()
    assert (error["outcome"], error["code"], error["executed"]) == ("connection", "connect", "no")


@pytest.mark.parametrize(
    ("scheme", "converse", "zeros", "executed"),
    [
        ("https", stay_silent, 0, "no"),
        ("http", stay_silent, 0, "maybe"),
        ("http", stay_silent, HUGE, "maybe"),
        ("http", trickle, 0, "maybe"),
    ],
    ids=["TLS handshake", "reply", "sending", "slow reply"],
)
def test_deadline_bounds_every_part_of_a_request(  # noqa: PLR0913, PLR0917 - one request
    gevents: GeventProcess,
    raw_server: RawServer,
    scheme: str,
    converse: Conversation,
    zeros: int,
    executed: str,
) -> None:
    """Whatever hangs, and however many bytes still move; no connection is left behind."""
    url = raw_server(converse).replace("http:", f"{scheme}:")
    wire = gevents.wire(url, tls_ca_file=CA_FILE)
    error = wire.ask(limit_s=0.3, zeros=zeros)
    assert (error["outcome"], error["executed"]) == ("timeout", executed)
    assert wire.open_connections == 0


# --- where it cannot work -----------------------------------------------------------------------


def test_proxy_is_refused(gevents: GeventProcess) -> None:
    """It would be measured, too."""
    with pytest.raises(ConfigError, match="not through a proxy"):
        gevents.wire("http://127.0.0.1:1", proxy="http://127.0.0.1:2")


def test_process_without_patched_sockets_is_refused() -> None:
    """There every request would block all others, and the figures would not show it."""
    code = (
        "from asr_client.errors import ConfigError\n"
        "from asr_client.settings.config import ClientConfig\n"
        "from asr_loadtest.engine.wires.connection_policy import ConnectionPolicy\n"
        "from asr_loadtest.engine.wires.wire import open_wire\n"
        "try: open_wire(ClientConfig.resolve('http://127.0.0.1:1'), ConnectionPolicy())\n"
        "except ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "runs under Locust" in done.stdout
