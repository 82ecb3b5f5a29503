"""What load tests are run against: places where something happens whose figures are known."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from asr_client.auth import ApiKey
from asr_client.embedded import EmbeddedTriton
from asr_client.testing import EchoUpstream, Gateway, ServiceAddress
from asr_loadtest.selftest.scenario import Happening, Place
from asr_loadtest.selftest.servers import BRISK, TIGHT, Servers

__all__ = [
    "FullServer",
    "GrowingService",
    "LimitingGateway",
    "LockedGateway",
    "StallingServer",
]

_RATE_LIMITED = 429
_NO_KEY = 401


@dataclass(frozen=True, slots=True)
class StallingServer:
    """
    A Triton that stops for a while: every connection waits, none breaks.

    Attributes:
        at_s: When it stops.
        lasts_s: For how long.
    """

    at_s: float
    lasts_s: float

    @contextmanager
    def open(self, servers: Servers) -> Iterator[Place]:
        """Have it up."""
        triton = servers.triton(BRISK)
        stall = Happening(self.at_s, lambda: _stall(triton, self.lasts_s))
        yield Place(url=triton.http_url, options=_metrics(triton), happenings=(stall,))


@dataclass(frozen=True, slots=True)
class FullServer:
    """A Triton that takes 40 requests a second and keeps 16 waiting."""

    @contextmanager
    def open(self, servers: Servers) -> Iterator[Place]:
        """Have it up."""
        triton = servers.triton(TIGHT)
        yield Place(url=triton.http_url, options=_metrics(triton))


@dataclass(frozen=True, slots=True)
class LimitingGateway:
    """
    A gateway that lets a consumer make so many requests a minute.

    Attributes:
        a_minute: So many.
    """

    a_minute: int

    @contextmanager
    def open(self, servers: Servers) -> Iterator[Place]:
        """Have it up, with a key of its own: it has counted nothing yet."""
        key, upstream = _new_key(), servers.triton(BRISK).http_url
        limits = {"minute": self.a_minute}
        with Gateway(upstream, api_keys=(key,), limits=limits) as gateway, _key_file(key) as path:
            yield Place(
                url=gateway.url,
                options=("--asr-api-key-file", path),
                secrets=(key.reveal(),),
                observe=lambda: {"refused": gateway.counts_by_status().get(_RATE_LIMITED, 0)},
            )


@dataclass(frozen=True, slots=True)
class LockedGateway:
    """A gateway that wants another key than the load test is given."""

    @contextmanager
    def open(self, servers: Servers) -> Iterator[Place]:  # noqa: ARG002 - nobody gets that far
        """Have it up."""
        right, wrong = _new_key(), _new_key()
        with Gateway(EchoUpstream(), api_keys=(right,)) as gateway, _key_file(wrong) as path:
            yield Place(
                url=gateway.url,
                options=("--asr-api-key-file", path),
                secrets=(wrong.reveal(),),
                observe=lambda: {
                    "let_in": sum(call.status != _NO_KEY for call in gateway.calls),
                    "kept_out": sum(call.status == _NO_KEY for call in gateway.calls),
                },
            )


@dataclass(frozen=True, slots=True)
class GrowingService:
    """
    A Service that gives connections, not requests, to one replica and later to two, in turn.

    The replicas are stand-ins before one Triton, so that each has a count of its own.

    Attributes:
        grows_at_s: When the second one is added.
        counts_from_s: From when on requests are counted.
    """

    grows_at_s: float
    counts_from_s: float

    @contextmanager
    def open(self, servers: Servers) -> Iterator[Place]:
        """Have it up."""
        triton_url = servers.triton(TIGHT).http_url
        with ExitStack() as running:
            old, new = (running.enter_context(Gateway(triton_url)) for _ in range(2))
            service = running.enter_context(ServiceAddress([old.url], choose="in-turn"))
            before: dict[Gateway, int] = {}

            def begin_to_count() -> None:
                before.update({gateway: _asked(gateway) for gateway in (old, new)})

            def observe() -> Mapping[str, float]:
                of_old, of_new = (_asked(each) - before.get(each, 0) for each in (old, new))
                return {"new_share": of_new / max(of_old + of_new, 1)}

            yield Place(
                url=service.url,
                happenings=(
                    Happening(self.grows_at_s, lambda: service.adds_replica(new.url)),
                    Happening(self.counts_from_s, begin_to_count),
                ),
                observe=observe,
            )


def _asked(gateway: Gateway) -> int:
    """Count the transcriptions that a replica was asked for."""
    return sum(call.path.endswith("/infer") for call in gateway.calls)


def _stall(triton: EmbeddedTriton, lasts_s: float) -> None:
    os.kill(triton.pid, signal.SIGSTOP)
    try:
        time.sleep(lasts_s)
    finally:
        os.kill(triton.pid, signal.SIGCONT)


def _metrics(triton: EmbeddedTriton) -> tuple[str, str]:
    return "--asr-metrics-url", triton.metrics_url


def _new_key() -> ApiKey:
    return ApiKey(secrets.token_urlsafe(24))


@contextmanager
def _key_file(key: ApiKey) -> Iterator[str]:
    """Write a key where only this user can read it."""
    with TemporaryDirectory(prefix="asr-loadtest-key-") as folder:
        path = Path(folder, "key")
        path.touch(mode=0o600)
        path.write_text(key.reveal())
        yield str(path)
