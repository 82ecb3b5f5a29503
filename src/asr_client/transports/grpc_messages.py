"""What both gRPC transports share: channel options, metadata and errors, without I/O."""

from __future__ import annotations

import os
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
    ContractError,
    NotSentError,
    ReplyLostError,
)

__all__ = [
    "Metadata",
    "Methods",
    "channel_credentials",
    "channel_options",
    "check_fork",
    "closed_in_flight",
    "failed_reply",
    "make_reply",
    "unsendable",
]

_MAX_REPLY_BYTES = 64 * 2**20
# A server that was told our deadline may tell us so just before our own clock does.
_CLOCK_SLACK_S = 0.1

# Begin of the texts with which grpc core says that no connection came about.
_NOT_SENT = (
    "failed to connect to all addresses",
    "dns resolution failed",
    "errors resolving",
    "empty address list",
)
# The codes that grpc core gives a call whose connection ended under it, and parts of its texts.
# With any other text they come from a server: a full queue is UNAVAILABLE, too (docs/servers.md 2).
_LOST_CODES = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNKNOWN,
)
_CONNECTION_LOST = (
    "socket closed",
    "connection reset by peer",
    "broken pipe",
    "recvmsg",
    "endpoint closing",
    "goaway",
    "stream removed",
    "transport closed",
    "keepalive watchdog",
)
# With INTERNAL, too, this is grpc's; anything else there is what a model said.
_STREAM_RESET = "received rst_stream with error code"
# With "server:" instead, it is the request that is too large.
_TOO_LARGE = "client: received message larger"
# What becomes of a call whose channel is closed.
_CLOSED = ("channel closed", "locally cancelled")

# gRPC's core runs in threads that a forked child does not have: a call there would hang, past any
# deadline. With fork support the core starts anew; grpc reads the variable when it is imported.
_YES = ("1", "t", "true", "y", "yes")
_CORE_SURVIVES_FORK = os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "").lower() in _YES
_core_users: list[int] = []  # process ids, the first one first; a fork's child inherits its parents


def check_fork() -> None:
    """Refuse to start a channel (ConfigError) where an inherited core would let it hang."""
    pid = os.getpid()
    if pid not in _core_users:
        _core_users.append(pid)
    if _core_users[0] != pid and not _CORE_SURVIVES_FORK:
        raise ConfigError(
            "gRPC was in use before this process was forked, and does not work in the child",
            hint="make the first gRPC call after the fork, or start with "
            "GRPC_ENABLE_FORK_SUPPORT=1, or use http://",
        )


class Methods(dict[str, Any]):
    """A channel's methods by path, made when they are first called."""

    def __init__(self, channel: Any) -> None:
        super().__init__()
        self.channel = channel

    def __missing__(self, path: str) -> Any:
        method = self[path] = self.channel.unary_unary(path)
        return method


def channel_options(config: ClientConfig) -> list[tuple[str, Any]]:
    """
    Set what differs from gRPC's defaults.

    Requests may have any size, since 4 MiB would end at a minute of audio; replies up to 64 MiB, as
    over HTTP. Each client has its own connection. A proxy from the environment is not used unasked.
    """
    return [
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", _MAX_REPLY_BYTES),
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


class Metadata:
    """What goes with each call; names in lower case, gRPC takes no others."""

    def __init__(self, config: ClientConfig) -> None:
        self._key = config.api_key
        self._key_header = config.api_key_header.lower()

    def of(self, request: Request) -> tuple[tuple[str, str], ...]:
        """Give the request's headers, and the key."""
        own = tuple((name.lower(), value) for name, value in request.headers)
        return own if self._key is None else (*own, (self._key_header, self._key.reveal()))


def unsendable(endpoint: Endpoint) -> ConfigError:
    """Build the error for what grpc refuses to send."""
    return ConfigError(
        f"cannot put the request to {endpoint} into gRPC",
        hint="metadata is ASCII, and a name that ends in -bin takes no text: see api_key_header",
    )


def closed_in_flight(endpoint: Endpoint) -> ReplyLostError:
    """Build the error for a call whose client was closed meanwhile."""
    return ReplyLostError(f"this client was closed while waiting for {endpoint}")


def make_reply(body: bytes, *metadata: Iterable[Any] | None) -> Reply:
    """Build the reply of a call that went well."""
    return Reply(0, _headers(*metadata), body)


def failed_reply(error: grpc.RpcError, endpoint: Endpoint, deadline: Deadline) -> Reply:
    """
    Tell a server's refusal, which is returned, from a failure to reach it, which is raised.

    Raises:
        NotSentError, ReplyLostError, DeadlineError: If no server answered.
        ContractError: If the reply is too large.
        ConfigError: If grpc does not take the metadata.
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
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        # Before our time is up, it is a gateway's or a server's own, and a reply like any other.
        is_ours = deadline.remaining_s() <= _CLOCK_SLACK_S and "upstream server" not in lower
        return deadline.error(f"waiting for {endpoint}") if is_ours else None
    if code is grpc.StatusCode.UNAVAILABLE and lower.startswith(_NOT_SENT):
        if deadline.remaining_s() <= 0:
            return deadline.error(f"connecting to {endpoint}")
        return NotSentError(f"cannot reach {endpoint}: {_cause(details)}", hint=_hint(lower))
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE in lower:
        return ContractError(f"the reply is larger than {_MAX_REPLY_BYTES >> 20} MiB")
    if code is grpc.StatusCode.INTERNAL and details == "Invalid metadata":
        return ConfigError("the API key or its header's name cannot travel as gRPC metadata")
    return None if "via" in headers else _reply_lost(code, details, endpoint)


def _reply_lost(code: grpc.StatusCode, details: str, endpoint: Endpoint) -> ReplyLostError | None:
    lower = details.lower()
    if code is grpc.StatusCode.CANCELLED and lower.startswith(_CLOSED):
        return closed_in_flight(endpoint)
    in_own_words = code in _LOST_CODES and any(part in lower for part in _CONNECTION_LOST)
    if not (in_own_words or lower.startswith(_STREAM_RESET)):
        return None
    return ReplyLostError(
        f"the connection to {endpoint} broke before the reply came: {details}",
        hint="the server may have been restarted; the request may have been executed",
    )


def _cause(details: str) -> str:
    return details.rpartition("last error: ")[2].split(": ", 1)[-1].rstrip("; ")


def _hint(lower: str) -> str:
    if any(part in lower for part in ("tls", "ssl", "certificate", "verification")):
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
