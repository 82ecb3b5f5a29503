"""Recordings of a real Kong, and a client that shows every byte of an answer's head."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from functools import cache
from http.client import HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from asr_client.auth import ApiKey
from asr_client.testing.plugin import asr_gateway, asr_triton

__all__ = ["asr_gateway", "asr_triton"]

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
KEY = ApiKey("KEY-FOR-TESTS")
PATIENCE_S = 30.0


class Answered(NamedTuple):
    """An answer as it came, header by header."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    complete: bool

    def get(self, name: str) -> str:
        """Give a header's value, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@cache
def _all(name: str) -> dict[str, Any]:
    lines = gzip.decompress((RECORDINGS / f"{name}.jsonl.gz").read_bytes()).splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


@pytest.fixture
def recorded() -> Callable[[str], Any]:
    """Give what a real Kong 3.9.1 did: `recorded("k39-01-nokey")`."""
    return lambda identity: _all("grpc" if identity.startswith("g") else "http")[identity]


@pytest.fixture
def ask() -> Iterator[Callable[..., Answered]]:
    """Send one request over a connection of its own, or over one that is kept."""
    sockets: dict[int, socket.socket] = {}

    def ask(  # noqa: PLR0913 - one request
        port: int,
        method: str,
        path: str,
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
        *,
        raw: bytes = b"",
        kept: bool = False,
    ) -> Answered:
        wanted = [("Host", "gw.test"), ("Accept", "application/json"), ("X-API-Key", KEY.reveal())]
        if headers is None:
            length = [("Content-Length", str(len(body)))] if method == "POST" else []
            headers = [*wanted, *length]
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        request = raw or "\r\n".join([*lines, "", ""]).encode() + body
        if not (kept and port in sockets):
            if port in sockets:
                sockets.pop(port).close()
            sockets[port] = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        sockets[port].sendall(request)
        return read_answer(sockets[port], method)

    yield ask
    for each in sockets.values():
        each.close()


def read_answer(connection: socket.socket, method: str = "GET") -> Answered:
    """Read one answer to its end, or to where it breaks off."""
    with HTTPResponse(connection, method=method) as response:
        response.begin()
        try:
            body, complete = response.read(), True
        except IncompleteRead as broken:
            body, complete = broken.partial, False
        headers = list(response.headers.items())
        return Answered(response.status, response.reason, headers, body, complete)
