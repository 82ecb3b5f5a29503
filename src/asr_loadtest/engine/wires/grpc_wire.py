"""
gRPC for greenlets: the SDK's own transport, in a process where grpc knows of gevent.

Without grpc's gevent hook every call would block all users of the process in turn, and nothing in
the figures would show it; so a process that has not been prepared is refused. And a channel that is
left open when the interpreter ends hangs it for ever: `close` is called in every way out.
"""

from __future__ import annotations

from dataclasses import replace

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ConfigError
from asr_client.settings.config import ClientConfig
from asr_client.transports.grpc import GRPCTransport
from asr_loadtest.engine.wires.connection_policy import ConnectionPolicy
from asr_loadtest.engine.wires.wire import Carried

__all__ = ["GRPCWire", "prepare_grpc"]

_prepared = False


def prepare_grpc() -> None:
    """Tell grpc of gevent: once, before any channel, and before Locust forks its workers."""
    global _prepared  # noqa: PLW0603 - grpc's own state, which it does not show
    if not _prepared:
        import grpc.experimental.gevent

        grpc.experimental.gevent.init_gevent()
        _prepared = True


class GRPCWire:
    """Sends over channels that live as the policy says; implements `wire.Wire`."""

    def __init__(self, config: ClientConfig, policy: ConnectionPolicy) -> None:
        if not _prepared:
            raise ConfigError(
                "grpc was not told of gevent in this process: every call would block all others",
                hint="call grpc_wire.prepare_grpc() before anything forks",
            )
        connections = policy.for_client()
        self._transport = GRPCTransport(replace(config, connections=connections))
        self._channels = connections.grpc_channels

    @property
    def open_connections(self) -> int:
        """Channels; each has a connection, once there was a call."""
        return self._channels

    def carry(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Carried:
        """Send, and wait for the reply; gRPC does not tell which connection carried it."""
        return Carried(self._transport.send(request, deadline, key))

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """Send, and wait for the reply."""
        return self._transport.send(request, deadline, key)

    def warm(self, count: int, deadline: Deadline) -> None:
        """Connect the channels."""
        self._transport.warm(count, deadline)

    def close(self) -> None:
        """Close the channels, without which the interpreter would not end."""
        self._transport.close()
