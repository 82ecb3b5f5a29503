"""The gateway stand-in as its users see it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

from asr_client.auth import ApiKey
from asr_client.errors import ConfigError
from asr_client.testing.background import LoopThread, close_server, each_in_a_task
from asr_client.testing.drills import (
    Answers,
    Drill,
    FailsUpstream,
    Hangs,
    RateLimits,
    Refuses,
    Resets,
    Slow,
    TimesOut,
    Truncates,
)
from asr_client.testing.front import Front
from asr_client.testing.functions import UpstreamFunction, serve_function
from asr_client.testing.gate import Gate
from asr_client.testing.headers import Headers
from asr_client.testing.options import GatewayOptions, check_keys
from asr_client.testing.proxy_http import HttpProxy
from asr_client.testing.records import Call
from asr_client.testing.replicas import Ring

if TYPE_CHECKING:
    from asr_client.testing.proxy_grpc import GrpcProxy

__all__ = ["Gateway"]

Upstreams = str | Sequence[str] | UpstreamFunction
_CALLS_WITHIN_S = 30.0


class Gateway:
    """
    A gateway with Kong's observable rules before any upstream; listens on 127.0.0.1 only.

        with EmbeddedTriton() as triton, Gateway(triton.http_url, triton.grpc_url) as gateway:
            gateway.times_out(times=1)
            ASRClient(gateway.url).transcribe("speech.wav", language="en")
            assert [call.status for call in gateway.calls] == [504, 200]

    It runs in threads of its own; every method may be called from any thread, while it runs. The
    drills strike calls that the rules let through, in the order in which they were begun.

    Args:
        upstream_http: URL, URLs of several replicas, or a function that answers.
        upstream_grpc: URL or URLs; None: no gRPC.
        options: Keys, limits, timeouts.
        port: 0 for any free one.
        changes: Fields of *options* to set otherwise: `Gateway(url, limits={"minute": 3})`.

    Raises:
        ConfigError: If a value cannot work.
    """

    def __init__(
        self,
        upstream_http: Upstreams,
        upstream_grpc: str | Sequence[str] | None = None,
        *,
        options: GatewayOptions | None = None,
        port: int = 0,
        **changes: Any,
    ) -> None:
        self.options = replace(options or GatewayOptions(), **changes)
        self._function = upstream_http if callable(upstream_http) else None
        self._function_url = ""
        self._http_ring = Ring(() if callable(upstream_http) else _listed(upstream_http))
        self._grpc_ring = Ring(_listed(upstream_grpc))
        self._has_grpc = upstream_grpc is not None
        self._wanted_port = port
        self._gate = Gate(self.options)
        self._thread: LoopThread | None = None
        self._servers: list[asyncio.Server] = []
        self._proxy: HttpProxy | None = None
        self._front: Front | None = None
        self._grpc: GrpcProxy | None = None

    def start(self) -> Self:
        """
        Begin to listen.

        Raises:
            ConfigError: If it runs already, or the port is taken, or a certificate is unusable.
        """
        if self._thread is not None:
            raise ConfigError("this gateway is already running")
        tls = self.options.tls.context() if self.options.tls else None
        self._thread = LoopThread("gateway")
        try:
            self._grpc = self._serve_grpc() if self._has_grpc else None
            self._thread.run(self._listen(tls))
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise ConfigError(f"the gateway cannot listen: {error.strerror}") from error
            raise
        return self

    def stop(self) -> None:
        """End all connections; harmless when it is not up."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.run(self._close())
        if self._grpc is not None:
            self._grpc.stop()
        thread.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Gateway {self.url if self._thread else 'not running'}>"

    @property
    def url(self) -> str:
        """Where HTTP clients connect."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def grpc_url(self) -> str:
        """Where gRPC clients connect: the same port, as on Kong."""
        if not self._has_grpc:
            raise ConfigError("this gateway has no gRPC upstream")
        return f"{'grpcs' if self.options.tls else 'grpc'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The one port, for HTTP and gRPC."""
        if self._thread is None or not self._servers:
            raise ConfigError("the gateway is not running", hint="call start() first")
        return int(self._servers[0].sockets[0].getsockname()[1])

    # Drills: each strikes `times` calls whose path fits, and is over.

    def refuses(self, *, times: int = 1) -> Drill:
        """Reset the next connections as they are made; kept ones end now, so that new ones come."""
        drill = self._gate.drills.add(Refuses(), times)
        if self._thread is not None and self._proxy is not None and self._front is not None:
            self._thread.soon(self._proxy.close_idle)
            self._thread.soon(self._front.reset_all_grpc)
        return drill

    def hangs(self, *, seconds: float = 30.0, times: int = 1, path: str = "*") -> Drill:
        """Take the request and say nothing for *seconds*; then end the connection."""
        return self._gate.drills.add(Hangs(seconds), times, path)

    def times_out(self, *, times: int = 1, path: str = "*") -> Drill:
        """Answer with Kong's 504, at once, as if the upstream had not answered in time."""
        return self._gate.drills.add(TimesOut(), times, path)

    def truncates(self, *, times: int = 1, path: str = "*") -> Drill:
        """Let the upstream answer, and cut its answer in the middle of the body."""
        return self._gate.drills.add(Truncates(), times, path)

    def resets(
        self, *, when: Literal["before", "after"] = "before", times: int = 1, path: str = "*"
    ) -> Drill:
        """Reset the connection once the request is there: before or after the upstream ran."""
        return self._gate.drills.add(Resets(when), times, path)

    def rate_limits(self, *, retry_after_s: int = 1, times: int = 1, path: str = "*") -> Drill:
        """Answer as the limiter does when a consumer has used all of its limit."""
        return self._gate.drills.add(RateLimits(retry_after_s), times, path)

    def upstream_fails(self, *, times: int = 1, path: str = "*") -> Drill:
        """Answer with Kong's 502, as if the upstream were down."""
        return self._gate.drills.add(FailsUpstream(), times, path)

    def answers(
        self,
        status: int,
        *,
        body: bytes = b"",
        headers: Headers = (),
        times: int = 1,
        path: str = "*",
    ) -> Drill:
        """Answer with anything at all; over gRPC with the code that stands for the status."""
        return self._gate.drills.add(Answers(status, headers, body), times, path)

    def slow(self, *, seconds: float, times: int = 1, path: str = "*") -> Drill:
        """Wait before asking the upstream."""
        return self._gate.drills.add(Slow(seconds), times, path)

    # Changes of what is behind the gateway, or of who may come in.

    def rotates_key(
        self, new_key: ApiKey, *, old_key: ApiKey | None = None, overlap_s: float = 0.0
    ) -> None:
        """
        Let a new key in, and what it replaces (None: all others) for *overlap_s* more.

        Raises:
            ConfigError: If the new key is no ApiKey.
        """
        check_keys(new_key)
        self._gate.keys.rotate(new_key, old_key, self.options.clock() + overlap_s)

    def adds_replica(self, url: str) -> None:
        """Let one more upstream take its turn; its scheme says for which protocol."""
        self._ring_of(url).add(url)

    def drops_replica(self, url: str) -> None:
        """Ask an upstream no more; what it is doing it may finish."""
        replica = self._ring_of(url).drop(url)
        if replica is None or self._thread is None or self._proxy is None:
            return
        self._thread.soon(self._proxy.forwarder.pool.forget, replica)

    @property
    def replicas(self) -> tuple[str, ...]:
        """The upstreams that take turns, HTTP first."""
        return (*self._http_ring.urls, *self._grpc_ring.urls)

    # What has happened.

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, refused ones too, in order of their answers."""
        return self._gate.log.all()

    def counts_by_status(self) -> dict[int | None, int]:
        """Count the calls by HTTP status or gRPC code; None: no answer was given."""
        return self._gate.log.counts_by_status()

    def waits_for_calls(self, number: int, timeout_s: float = _CALLS_WITHIN_S) -> bool:
        """Wait until that many calls are written down; tell whether they are."""
        return self._gate.log.wait_for(number, timeout_s)

    def forgets_calls(self) -> None:
        """Begin a new list of calls."""
        self._gate.log.clear()

    @property
    def _scheme(self) -> str:
        return "https" if self.options.tls else "http"

    def _ring_of(self, url: str) -> Ring:
        return self._grpc_ring if url.startswith("grpc") else self._http_ring

    def _serve_grpc(self) -> GrpcProxy:
        from asr_client.testing.grpc_upstreams import GrpcUpstreams
        from asr_client.testing.proxy_grpc import GrpcProxy

        upstreams = GrpcUpstreams(self.options, self._grpc_ring)
        return GrpcProxy(self._gate, upstreams, self._reset_grpc)

    def _reset_grpc(self, inner_port: int) -> None:
        if self._thread is not None and self._front is not None:
            self._thread.soon(self._front.reset_grpc, inner_port)

    async def _listen(self, tls: ssl.SSLContext | None) -> None:
        self._proxy = HttpProxy(self._gate, self._http_ring, self._scheme)
        self._front = Front(self._gate.drills, self._proxy, self._grpc.port if self._grpc else 0)
        accept = each_in_a_task(self._front.serve)
        self._servers = [
            await asyncio.start_server(accept, "127.0.0.1", self._wanted_port, ssl=tls)
        ]
        if self._function is not None:
            inner = await serve_function(self._function)
            self._servers.append(inner)
            self._function_url = f"http://127.0.0.1:{inner.sockets[0].getsockname()[1]}"
            self._http_ring.add(self._function_url)

    async def _close(self) -> None:
        for server in self._servers:
            await close_server(server)
        self._servers = []
        if self._function_url:
            self._http_ring.drop(self._function_url)
        if self._proxy is not None:
            self._proxy.close_idle()
            self._proxy.forwarder.pool.close()


def _listed(urls: str | Sequence[str] | None) -> Sequence[str]:
    return (urls,) if isinstance(urls, str) else urls or ()
