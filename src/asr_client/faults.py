"""
What can be concluded about a failure: whose it is, what became of the request, what may be done.

Pure values at the very bottom of the package. `classification/` reads them out of replies and
broken connections, errors carry them, `retry.py` decides by them, load tests count by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["UNTOLD", "Attempt", "Code", "Executed", "Fault", "Origin", "Phases", "Retryable"]

Code = Literal[
    "auth",
    "not_found_route",
    "not_found_model",
    "bad_request",
    "too_large",
    "rate_limited",
    "overloaded",
    "gateway_upstream_unreachable",
    "gateway_timeout",
    "unavailable",
    "truncated",
    "model_error",
    "server_bug",
    "tls",
    "connect",
    "dns",
    "deadline",
    "cancelled",
    "config",
    # Ours alone: nothing was sent, or what came back cannot be a transcript.
    "language",
    "audio",
    "embedded",
    "contract",
    "error",
]

# Who decided: this client, name resolution, a socket, TLS, a proxy that is not Kong, Kong, Triton
# (or whatever stands in its place), the code of the model.
Origin = Literal["client", "dns", "tcp", "tls", "proxy", "kong", "triton", "model"]

# Did the model run?
Executed = Literal["no", "maybe", "yes"]

# May the very same request be sent again? "once": it may be another caller's fault.
Retryable = Literal["no", "once", "yes"]


@dataclass(frozen=True, slots=True)
class Fault:
    """
    The conclusion drawn from one failure; the same over HTTP and gRPC.

    Attributes:
        code: What kind of failure.
        origin: Who decided.
        executed: Did the model run?
        retryable: May the same request be sent again?
    """

    code: Code
    origin: Origin
    executed: Executed
    retryable: Retryable


@dataclass(frozen=True, slots=True)
class Phases:
    """
    Where one exchange's time went on the wire, in seconds; None where the wire does not tell.

    Attributes:
        connect_s: Name, TCP and TLS of a new connection; 0 on a kept one.
        send_s: Handing the request to the system.
        server_s: From then until the first bytes of the reply.
        receive_s: From the first bytes of the reply (or the last of a longer request) to its last.
    """

    connect_s: float | None = None
    send_s: float | None = None
    server_s: float | None = None
    receive_s: float | None = None


UNTOLD = Phases()


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One try of one request.

    Attributes:
        number: 1 for the first.
        path: Path below the server's URL, or gRPC method.
        request_id: The id under which the servers' logs know it.
        key_fingerprint: Of the API key used; empty without one.
        waited_s: Seconds of pacing and backing off before it.
        encode_s: Seconds to make its bytes.
        exchange_s: Seconds from handing it to the transport until its end there.
        parse_s: Seconds to read the reply's bytes.
        status: HTTP status or gRPC code; None if no reply came.
        fault: What was wrong; None if it worked.
        phases: Where the time on the wire went.
        gateway_s: Kong's own share (X-Kong-Proxy-Latency); includes a slow upload.
        upstream_s: The server's share as Kong saw it (X-Kong-Upstream-Latency), up to the
            reply's header.
    """

    number: int
    path: str
    request_id: str
    key_fingerprint: str
    waited_s: float
    encode_s: float
    exchange_s: float
    parse_s: float
    status: int | None
    fault: Fault | None
    phases: Phases
    gateway_s: float | None = None
    upstream_s: float | None = None

    def __str__(self) -> str:
        said = f"{self.fault.code}, said by {self.fault.origin}" if self.fault else "ok"
        status = "no reply" if self.status is None else str(self.status)
        key = f", key {self.key_fingerprint}" if self.key_fingerprint else ""
        return (
            f"{self.path} try {self.number}: {status}, {said} in {self.exchange_s:.3f} s "
            f"({', '.join(self._anatomy())}), request {self.request_id}{key}"
        )

    def _anatomy(self) -> Iterator[str]:
        """Tell what is known of where the time went."""
        seconds = {
            "waited": self.waited_s,
            "encode": self.encode_s,
            "connect": self.phases.connect_s,
            "send": self.phases.send_s,
            "server": self.phases.server_s,
            "receive": self.phases.receive_s,
            "parse": self.parse_s,
            "gateway": self.gateway_s,
            "upstream": self.upstream_s,
        }
        return (f"{name} {spent:.3f}" for name, spent in seconds.items() if spent is not None)
