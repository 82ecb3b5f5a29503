"""gRPC, from one event loop: the twin of grpc.py."""

from __future__ import annotations

from typing import Any

import grpc

from asr_client.config import ClientConfig
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ConfigError
from asr_client.transports.grpc_messages import (
    channel_credentials,
    channel_options,
    failed_reply,
    make_metadata,
    make_reply,
    request_metadata,
)

__all__ = ["AsyncGRPCTransport"]


class AsyncGRPCTransport:
    """Sends over one channel, from one loop. Implements `base.AsyncTransport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._metadata = make_metadata(config)
        credentials, options = channel_credentials(config), channel_options(config)
        target = config.endpoint.authority
        self._channel = (
            grpc.aio.insecure_channel(target, options)
            if credentials is None
            else grpc.aio.secure_channel(target, credentials, options)
        )
        self._methods: dict[str, Any] = {}

    async def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and wait for the reply."""
        method = self._methods.get(request.path)
        if method is None:
            method = self._methods[request.path] = self._channel.unary_unary(request.path)
        try:
            call = method(
                bytes(request.body[0]),
                timeout=deadline.require_s(f"calling {self._endpoint}"),
                metadata=self._metadata + request_metadata(request),
            )
            body = await call
        except grpc.aio.UsageError as error:
            raise ConfigError("this client is closed") from error
        except grpc.aio.AioRpcError as error:
            return failed_reply(error, self._endpoint, deadline)
        return make_reply(body, await call.initial_metadata(), await call.trailing_metadata())

    async def close(self) -> None:
        """Close the channel; calls in flight are cancelled."""
        await self._channel.close()
