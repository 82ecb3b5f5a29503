"""What both gRPC transports share: channel options, metadata and errors, without I/O."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc

from asr_client import __version__
from asr_client.config import ClientConfig
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.endpoint import Endpoint
from asr_client.errors import (
    ASRError,
    ConfigError,
    NotSentError,
    ReplyLostError,
)

__all__ = [
    "channel_credentials",
    "channel_options",
    "failed_reply",
    "make_metadata",
    "make_reply",
    "request_metadata",
]

# Begin of the texts with which grpc core says that no connection came about.
_NOT_SENT = (
    "failed to connect to all addresses",
    "dns resolution failed",
    "errors resolving",
    "empty address list",
)
# Parts of its texts for a connection that ended under a call. UNAVAILABLE with any other text
# comes from a server: a full queue has the same code (docs/servers.md 2).
_CONNECTION_LOST = (
    "socket closed",
    "connection reset",
    "broken pipe",
    "recvmsg",
    "endpoint closing",
    "goaway",
    "rst_stream",
    "stream removed",
    "transport closed",
    "keepalive watchdog",
)


def channel_options(config: ClientConfig) -> list[tuple[str, Any]]:
    """
    Set what differs from gRPC's defaults.

    Requests may have any size, since 4 MiB would end at a minute of audio; replies up to 64 MiB, as
    over HTTP. Each client has its own connection. A proxy from the environment is not used unasked.
    """
    return [
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", 64 * 2**20),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),
        ("grpc.primary_user_agent", f"asr-client/{__version__}"),
        ("grpc.min_reconnect_backoff_ms", int(config.connect_timeout_s * 1000)),
        # Reconnect soon after a pod comes back: the caller's deadline bounds the waiting.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2000),
    ]


def channel_credentials(config: ClientConfig) -> grpc.ChannelCredentials | None:
    """Make verifying TLS credentials for grpcs; None for plain gRPC."""
    if not config.endpoint.is_tls:
        return None
    if config.tls_ca_file is None:
        return grpc.ssl_channel_credentials()
    try:
        return grpc.ssl_channel_credentials(Path(config.tls_ca_file).read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot use the PEM file {config.tls_ca_file}: {error}") from error


def make_metadata(config: ClientConfig) -> tuple[tuple[str, str], ...]:
    """Metadata of every call; names in lower case, gRPC takes no others."""
    if config.api_key is None:
        return ()
    return ((config.api_key_header.lower(), config.api_key.reveal()),)


def request_metadata(request: Request) -> tuple[tuple[str, str], ...]:
    """Metadata of this request."""
    return tuple((name.lower(), value) for name, value in request.headers)


def make_reply(body: bytes, *metadata: Iterable[Any] | None) -> Reply:
    """Build the reply of a call that went well."""
    return Reply(0, _headers(*metadata), body)


def failed_reply(error: grpc.RpcError, endpoint: Endpoint, deadline: Deadline) -> Reply:
    """
    Tell a server's refusal, which is returned, from a failure to reach it, which is raised.

    Raises:
        NotSentError, ReplyLostError, DeadlineError: If no server answered.
    """
    call: Any = error  # grpc types RpcError without the methods that it always has
    code, details = call.code(), call.details() or ""
    headers = _headers(call.initial_metadata(), call.trailing_metadata())
    lost = _without_server(code, details, headers, endpoint, deadline)
    if lost is not None:
        raise lost from error
    return Reply(int(code.value[0]), headers, b"", details)


def _without_server(
    code: grpc.StatusCode,
    details: str,
    headers: dict[str, str],
    endpoint: Endpoint,
    deadline: Deadline,
) -> ASRError | None:
    lower = details.lower()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED and "upstream server" not in lower:
        return deadline.error(f"waiting for {endpoint}")
    if code is grpc.StatusCode.UNAVAILABLE and lower.startswith(_NOT_SENT):
        if deadline.remaining_s() <= 0:
            return deadline.error(f"connecting to {endpoint}")
        return NotSentError(f"cannot reach {endpoint}: {_cause(details)}", hint=_hint(lower))
    if "via" not in headers and any(part in lower for part in _CONNECTION_LOST):
        return ReplyLostError(
            f"the connection to {endpoint} broke before the reply came: {details}",
            hint="the server may have been restarted; the request may have been executed",
        )
    if code is grpc.StatusCode.INTERNAL and details == "Invalid metadata":
        return ConfigError("the API key or its header's name cannot travel as gRPC metadata")
    return None


def _cause(details: str) -> str:
    return details.rpartition("last error: ")[2].split(": ", 1)[-1].rstrip("; ")


def _hint(lower: str) -> str:
    if "tls" in lower or "handshake" in lower or "certificate" in lower or "verification" in lower:
        return "TLS failed: grpc:// is plain, grpcs:// verified TLS; tls_ca_file names an authority"
    if "socket closed" in lower or "http/2" in lower:
        return "something listens there that does not speak plain gRPC; Triton's HTTP port, or TLS?"
    return "is the server up, and the port right? `asr-client serve` starts one on this machine"


def _headers(*metadata: Iterable[Any] | None) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else value.decode("latin-1")
        for pairs in metadata
        for key, value in pairs or ()
    }
