"""gRPC's channels, for both colours: set up, used in turn, and replaced when they age."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

from asr_client import __version__
from asr_client.errors import ConfigError
from asr_client.settings.config import ClientConfig
from asr_client.transports.base import MAX_REPLY_BYTES
from asr_client.transports.lifetimes import Lifetimes
from asr_client.transports.tls import read_tls_files

__all__ = [
    "Channel",
    "ChannelRing",
    "channel_credentials",
    "channel_options",
    "channel_target",
    "check_fork",
]

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


# --- how a channel is set up --------------------------------------------------------------------

_ROUND_ROBIN = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})


def channel_target(config: ClientConfig) -> str:
    """Name the server as gRPC wants it; "dns:" resolves to every address that the name has."""
    authority = config.endpoint.authority
    return f"dns:///{authority}" if config.connections.grpc_round_robin else authority


def channel_options(config: ClientConfig) -> list[tuple[str, Any]]:
    """
    Set what differs from gRPC's defaults; may hold a proxy's password, so keep it nowhere.

    Requests may have any size, since 4 MiB would end at a minute of audio; replies up to 64 MiB, as
    over HTTP. Each channel has its own connection. A proxy from the environment is not used
    unasked.
    """
    options: list[tuple[str, Any]] = [
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", MAX_REPLY_BYTES),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0 if config.proxy is None else 1),
        ("grpc.primary_user_agent", f"asr-client/{__version__}"),
        ("grpc.min_reconnect_backoff_ms", int(config.connect_timeout_s * 1000)),
        # Reconnect soon after a pod comes back: the caller's deadline bounds the waiting.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2000),
    ]
    if config.proxy is not None:
        options.append(("grpc.http_proxy", config.proxy.secret_url))
    if config.connections.grpc_round_robin:
        options.append(("grpc.service_config", _ROUND_ROBIN))
    return options


def channel_credentials(config: ClientConfig) -> grpc.ChannelCredentials | None:
    """Make verifying TLS credentials for grpcs; None for plain gRPC."""
    return grpc.ssl_channel_credentials(*read_tls_files(config)) if config.endpoint.is_tls else None


# --- which channel is used ----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Channel:
    """
    One of gRPC's channels.

    Attributes:
        core: gRPC's own object.
        ends_s: When it is too old for a further call.
        methods: Its methods by path, made when they are first called.
        calls: How many calls use it now.
    """

    core: Any
    ends_s: float
    methods: dict[str, Any] = field(default_factory=dict)
    calls: int = 0

    def method(self, path: str) -> Any:
        """Give the callable for a method."""
        method = self.methods.get(path)
        if method is None:
            method = self.methods[path] = self.core.unary_unary(path)
        return method


class ChannelRing:
    """
    Channels in turn: one is lent to each call, and replaced when it is too old, never under a call.

    Closing is left to the callers, since it differs by colour.
    """

    def __init__(self, open_channel: Callable[[], Any], lifetimes: Lifetimes) -> None:
        self._open = open_channel
        self._lifetimes = lifetimes
        self._clock = lifetimes.clock
        self._size = lifetimes.settings.grpc_channels
        self._channels: list[Channel] = []
        self._retired: list[Channel] = []
        self._turn = -1
        self._lock = threading.Lock()

    def lend(self) -> Channel:
        """Give the next channel to a call, which gives it back."""
        with self._lock:
            self._turn = turn = (self._turn + 1) % self._size
            self._fill(turn + 1)
            channel = self._channels[turn]
            if self._clock() >= channel.ends_s:
                self._retired.append(channel)
                channel = self._channels[turn] = self._new()
            channel.calls += 1
            return channel

    def give_back(self, channel: Channel) -> list[Any]:
        """End a call; returns gRPC's channels to be closed, most often none."""
        with self._lock:
            channel.calls -= 1
            if not self._retired:
                return []
            spent = [each for each in self._retired if not each.calls]
            self._retired = [each for each in self._retired if each.calls]
            return [each.core for each in spent]

    def first(self, count: int) -> list[Any]:
        """Give gRPC's first *count* channels, or all if there may not be as many."""
        with self._lock:
            self._fill(min(count, self._size))
            return [each.core for each in self._channels[:count]]

    def all(self) -> list[Any]:
        """Give gRPC's channels that are open, to be closed."""
        with self._lock:
            return [each.core for each in (*self._channels, *self._retired)]

    def _fill(self, count: int) -> None:
        while len(self._channels) < count:
            self._channels.append(self._new())

    def _new(self) -> Channel:
        return Channel(self._open(), self._lifetimes.end_s(self._clock()))
