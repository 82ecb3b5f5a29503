"""One connection to an API server: what raw answers become."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from asr_loadtest.cluster.kubernetes.access import find_access
from asr_loadtest.cluster.kubernetes.api.connection import ApiConnection
from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from kubeconfigs import write_kubeconfig
from raw_servers import Conversation, RawServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SILENCE_S = 20.0

Connect = Callable[..., ApiConnection]


@pytest.fixture
def connect(tmp_path: Path, raw_server: RawServer) -> Iterator[Connect]:
    """Make a connection to a server that says these bytes, piece by piece, and hangs up."""
    with ExitStack() as connections:

        def make(*pieces: bytes, then: Conversation | None = None) -> ApiConnection:
            def converse(connection: socket.socket, over: threading.Event) -> None:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.recv(2**16)
                for piece in pieces:
                    connection.sendall(piece)
                if then is not None:
                    then(connection, over)

            access = find_access(kubeconfig=write_kubeconfig(tmp_path, raw_server(converse)))
            return connections.enter_context(closing(ApiConnection(access.credentials)))

        yield make


def say_nothing(_: socket.socket, over: threading.Event) -> None:
    """Stay connected."""
    over.wait()


def chunk(data: bytes) -> bytes:
    """A piece of a chunked answer."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def lines_of(connection: ApiConnection) -> list[bytes]:
    """All lines of a watch that ends in good order."""
    connection.open_watch("/watch", {"watch": "true"}, SILENCE_S)
    return list(iter(lambda: connection.next_line(SILENCE_S), None))


def test_lines_come_whole_however_they_were_sent(connect: Connect) -> None:
    """Cut anywhere, two at once, empty ones; only a line feed ends one."""
    pieces = [b'{"a":', b'1}\n{"b', b'":"\xc2\x85 \xe2\x80\xa8"}\n\n{"c":3}\n{"d"', b":4}\n"]
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    lines = lines_of(connect(head, *map(chunk, pieces), b"0\r\n\r\n"))
    assert lines == [b'{"a":1}', b'{"b":"\xc2\x85 \xe2\x80\xa8"}', b'{"c":3}', b'{"d":4}']


def test_line_that_was_cut_off_comes_as_it_is(connect: Connect) -> None:
    """Where closing ends the answer, nothing else tells that it was cut; reading it will."""
    assert lines_of(connect(HEAD + b'\r\n{"a":1}\n{"b"')) == [b'{"a":1}', b'{"b"']


def test_chunk_that_was_cut_off_is_trouble(connect: Connect) -> None:
    """The server has died."""
    connection = connect(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"ff\r\nab")
    connection.open_watch("/watch", {}, SILENCE_S)
    with pytest.raises(TroubleError) as trouble:
        connection.next_line(SILENCE_S)
    assert trouble.value.status is None


def test_silence_is_trouble(connect: Connect) -> None:
    """A peer that is gone without a word is not waited for without end."""
    connection = connect(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", then=say_nothing)
    connection.open_watch("/watch", {}, 0.2)
    with pytest.raises(TroubleError, match=r"nothing heard for 0.2 s"):
        connection.next_line(0.2)


def test_interrupted_connection_waits_for_nobody(connect: Connect) -> None:
    """Also if it was interrupted before it was connected."""
    connection = connect(then=say_nothing)
    connection.interrupt()
    with pytest.raises(TroubleError) as trouble:
        connection.get("/list", {})
    assert "nothing heard" not in trouble.value.words


@pytest.mark.parametrize(
    ("head", "body", "told"),
    [
        (
            b"429 Too Many Requests\r\nRetry-After: 1",
            b"Too many requests, please try again later.\n",
            ("HTTP 429: Too many requests, please try again later.", 429, 1.0),
        ),
        (
            b"403 Forbidden",
            b'{"kind":"Status","message":"pods is forbidden","reason":"Forbidden"}',
            ("HTTP 403: pods is forbidden", 403, 0.0),
        ),
        (b"404 Not Found", b"404 page not found\n", ("HTTP 404: 404 page not found", 404, 0.0)),
        (b"503 x\r\nRetry-After: Mon, 1 Jan 2029", b"", ("HTTP 503:", 503, 0.0)),
        (b"302 Found\r\nLocation: http://127.0.0.1:1/", b"", ("HTTP 302:", 302, 0.0)),
        (b"500 x", b"<html>\n" + b"x" * 5000, (f"HTTP 500: <html> {'x' * 300}"[:200], 500, 0.0)),
    ],
)
def test_refusal_is_one_line_with_its_status(
    connect: Connect, head: bytes, body: bytes, told: tuple[str, int, float]
) -> None:
    """A Status's message, or the text of whoever stands before; no redirect is followed."""
    answer = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body)
    with pytest.raises(TroubleError) as of_list:
        connect(answer).get("/list", {})
    with pytest.raises(TroubleError) as of_watch:
        connect(answer).open_watch("/watch", {}, SILENCE_S)
    for each in (of_list.value, of_watch.value):
        assert (each.words, each.status, each.retry_after_s) == told


def test_page_that_is_no_json_is_trouble(connect: Connect) -> None:
    """The login page of a proxy."""
    with pytest.raises(TroubleError, match="no JSON"):
        connect(HEAD + b"Content-Length: 6\r\n\r\n<html>").get("/list", {})
