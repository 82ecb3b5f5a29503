"""The load generator's seam to the network, and which wire a URL asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ConfigError
from asr_client.settings.config import ClientConfig
from asr_loadtest.engine.wires.connection_policy import ConnectionPolicy

__all__ = ["Carried", "Wire", "open_wire"]


@dataclass(frozen=True, slots=True)
class Carried:
    """
    One reply, and what carried it.

    Attributes:
        reply: Good or bad.
        connection: Number of the connection, from 1; None where the wire does not tell.
    """

    reply: Reply
    connection: int | None = None


class Wire(Protocol):
    """
    A transport of the SDK (`asr_client.transports.base.Transport`) for greenlets.

    `carry` is `send`, and tells of the connection as well. `open_connections` counts those that are
    open.
    """

    def carry(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Carried: ...
    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply: ...
    def warm(self, count: int, deadline: Deadline) -> None: ...
    def close(self) -> None: ...
    @property
    def open_connections(self) -> int: ...


def open_wire(config: ClientConfig, policy: ConnectionPolicy) -> Wire:
    """
    Make the wire that the URL's scheme asks for; it connects with the first request.

    Raises:
        ConfigError: If it cannot work in this process, or the settings ask for a proxy.
    """
    if config.proxy is not None:
        raise ConfigError(
            "a load test goes straight to its target, not through a proxy", hint="leave it out"
        )
    if config.endpoint.is_grpc:
        from asr_loadtest.engine.wires.grpc_wire import GRPCWire

        return GRPCWire(config, policy)
    from asr_loadtest.engine.wires.http_wire import HTTPWire

    return HTTPWire(config, policy)
