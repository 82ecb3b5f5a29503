"""
What the HTTP engine costs: our encoder on other libraries, beside tritonclient's engine.

The rest is as in transports.py. Read it with docs/decisions/0002-http-engine.md.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from transports import (
    DEADLINE_S,
    Ask,
    Audio,
    Contender,
    Urls,
    encode,
    main,
    our_transport,
    recognizer_for,
    their_client,
)

from asr_client.contracts.wire import Reply


def _asking(post: Callable[[str, dict[str, str], tuple[Any, ...]], Reply]) -> Ask:
    """Make a contender of an engine: *post* takes (path, headers, body parts)."""
    recognizer = recognizer_for("http")

    def ask(audio: Audio) -> str:
        call = encode(recognizer, audio)
        headers = {**dict(call.request.headers), "Content-Length": str(call.request.size_bytes)}
        return call.parse(post(call.request.path, headers, call.request.body)).texts[0]

    return ask


@contextmanager
def engine_httpx(wire: str, urls: Urls) -> Iterator[Ask]:
    """Yield httpx.Client."""
    import httpx

    with httpx.Client(base_url=urls[wire], timeout=DEADLINE_S, trust_env=False) as client:

        def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
            reply = client.post(path, headers=headers, content=body)
            return Reply(reply.status_code, reply.headers, reply.content)

        yield _asking(post)


@contextmanager
def engine_http_client(wire: str, urls: Urls) -> Iterator[Ask]:
    """Yield the standard library's http.client, on one kept connection."""
    import http.client

    connection = http.client.HTTPConnection(urlsplit(urls[wire]).netloc, timeout=DEADLINE_S)

    def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, names, reply.read())

    yield _asking(post)
    connection.close()


@contextmanager
def engine_urllib3(wire: str, urls: Urls) -> Iterator[Ask]:
    """Yield urllib3.HTTPConnectionPool."""
    import urllib3

    with urllib3.connection_from_url(urls[wire], timeout=DEADLINE_S) as pool:

        def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
            reply = pool.urlopen("POST", path, body=body, headers=headers, retries=False)
            names = {name.lower(): value for name, value in reply.headers.items()}
            return Reply(reply.status, names, reply.data)

        yield _asking(post)


@contextmanager
def engine_h11(wire: str, urls: Urls) -> Iterator[Ask]:
    """Yield h11, httpcore's parser, on one plain socket: the least that httpcore could cost."""
    import h11

    at = urlsplit(urls[wire])
    connection = socket.create_connection((at.hostname, at.port), DEADLINE_S)
    protocol = h11.Connection(h11.CLIENT)

    def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
        request = h11.Request(
            method="POST", target=path, headers=[("Host", at.netloc), *headers.items()]
        )
        whole = b"".join(body)
        head = protocol.send(request)
        for event in (h11.Data(whole), h11.EndOfMessage()):
            protocol.send(event)
        sent = connection.sendmsg([head, whole])  # the head at least goes at once
        connection.sendall(memoryview(whole)[sent - len(head) :])
        reply, chunks = None, []
        while (event := protocol.next_event()).__class__ is not h11.EndOfMessage:
            if event is h11.NEED_DATA:
                protocol.receive_data(connection.recv(2**16))
            elif isinstance(event, h11.Response):
                reply = event
            else:
                chunks.append(event.data)
        protocol.start_next_cycle()
        names = {name.decode(): value.decode() for name, value in reply.headers}
        return Reply(reply.status_code, names, b"".join(chunks))

    yield _asking(post)
    connection.close()


GROUPS = {
    "engines": (
        Contender("tritonclient.http", their_client),
        Contender("our codec, httpcore (ours)", our_transport),
        Contender("our codec, bare h11", engine_h11, needs="h11"),
        Contender("our codec, http.client", engine_http_client, needs="http"),
        Contender("our codec, urllib3", engine_urllib3, needs="urllib3"),
        Contender("our codec, httpx.Client", engine_httpx, needs="httpx"),
    )
}

if __name__ == "__main__":
    main(__doc__, GROUPS)
