"""Moving bytes: the only modules of the client that know httpcore and grpc, loaded when chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asr_client.settings.config import ClientConfig
    from asr_client.transports.base import AsyncTransport, Transport

__all__ = ["open_async_transport", "open_transport"]


def open_transport(config: ClientConfig) -> Transport:
    """Make the transport that the URL's scheme asks for; it connects with the first request."""
    if config.endpoint.is_grpc:
        from asr_client.transports.grpc import GRPCTransport

        return GRPCTransport(config)
    from asr_client.transports.http import HTTPTransport

    return HTTPTransport(config)


def open_async_transport(config: ClientConfig) -> AsyncTransport:
    """Make the asynchronous transport that the URL's scheme asks for."""
    if config.endpoint.is_grpc:
        from asr_client.transports.grpc_async import AsyncGRPCTransport

        return AsyncGRPCTransport(config)
    from asr_client.transports.http_async import AsyncHTTPTransport

    return AsyncHTTPTransport(config)
