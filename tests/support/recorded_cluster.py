"""Recordings of a Kubernetes API and of HPAs, read once, and a plain client for their replay."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from asr_loadtest.replay import Recording, ReplayServer, read_recording

__all__ = [
    "SCENARIOS",
    "TRACES",
    "WatchSeen",
    "ask",
    "recorded",
    "records",
    "samples",
    "trace",
    "watch",
    "watches",
]

_DATA = Path(__file__).parent.parent / "data"
_RAW = _DATA / "kube-api"
_HPA = _DATA / "hpa-traces"

SCENARIOS = (
    "step-up-hard",
    "scale-down-lowmem",
    "slow-gpu-start",
    "server-restart",
    "token-revoked",
)
TRACES = tuple(sorted(path.name.removesuffix(".json.gz") for path in _HPA.glob("*.json.gz")))

Record = dict[str, Any]


class WatchSeen(NamedTuple):
    """A recorded watch: its opening, and the events that came."""

    opened: Record
    events: Sequence[Record]
    ended_s: float


@lru_cache
def recorded(name: str) -> Recording:
    """Read a raw recording or a trace as the replay does; a trace's name begins with "hpa/"."""
    if name.startswith("hpa/"):
        return read_recording(_HPA / f"{name.removeprefix('hpa/')}.json.gz")
    return read_recording(_RAW / f"{name}.jsonl.gz")


@lru_cache
def records(name: str) -> Sequence[Record]:
    """Read a raw recording as it is."""
    with gzip.open(_RAW / f"{name}.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


@lru_cache
def trace(name: str) -> Record:
    """Read a trace as it is."""
    with gzip.open(_HPA / f"{name}.json.gz", "rt") as text:
        read: Record = json.load(text)
        return read


def samples() -> dict[str, Record]:
    """Give the single answers by name; of a watch's records the last with a body."""
    return {each["name"]: each for each in records("samples") if each["body"] is not None}


def watches(name: str) -> Iterator[WatchSeen]:
    """Give the watches that were recorded, in order of their openings."""
    found = records(name)
    for opened in (each for each in found if each.get("phase") == "open"):
        of_this = [r for r in found if r.get("conn") == opened["conn"] and r["t"] >= opened["t"]]
        ends = [r["t"] for r in of_this if r["phase"] in ("end", "error")]
        events = [r for r in of_this if r["phase"] == "event"]
        yield WatchSeen(opened, events, min(ends, default=float("inf")))


def ask(
    server: ReplayServer, path: str, *, token: str | None = "", method: str = "GET", body: str = ""
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send one request; the server's own token goes along unless another or None is given."""
    connection = _connect(server)
    try:
        connection.request(method, path, body or None, _headers(server, token))
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


@contextmanager
def watch(server: ReplayServer, path: str, **query: object) -> Iterator[Iterator[Record]]:
    """Open a watch; gives its events as they come, until it ends."""
    connection = _connect(server)
    try:
        url = f"{path}?{urlencode({'watch': 'true', **query})}"
        connection.request("GET", url, headers=_headers(server, ""))
        reply = connection.getresponse()
        assert reply.status == 200
        yield (json.loads(line) for line in reply)
    finally:
        connection.close()


def _connect(server: ReplayServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(str(urlsplit(server.url).netloc), timeout=20)


def _headers(server: ReplayServer, token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token or server.token}"}
