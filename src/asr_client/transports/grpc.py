"""gRPC, from threads: bytes in, bytes out; the codec has made the message already."""

from __future__ import annotations

from typing import Any, cast

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

__all__ = ["GRPCTransport"]


class GRPCTransport:
    """Sends over one channel; safe from any thread. Implements `base.Transport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._metadata = make_metadata(config)
        credentials, options = channel_credentials(config), channel_options(config)
        target = config.endpoint.authority
        self._channel = (
            grpc.insecure_channel(target, options)
            if credentials is None
            else grpc.secure_channel(target, credentials, options)
        )
        self._methods: dict[str, Any] = {}

    def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and wait for the reply."""
        method = self._methods.get(request.path)
        if method is None:
            method = self._methods[request.path] = self._channel.unary_unary(request.path)
        try:
            body, call = method.with_call(
                bytes(request.body[0]),
                timeout=deadline.require_s(f"calling {self._endpoint}"),
                metadata=self._metadata + request_metadata(request),
            )
        except ValueError as error:
            raise ConfigError("this client is closed") from error
        except grpc.RpcError as error:
            return failed_reply(error, self._endpoint, deadline)
        return make_reply(cast("bytes", body), call.initial_metadata(), call.trailing_metadata())

    def close(self) -> None:
        """Close the channel; calls in flight are cancelled."""
        self._channel.close()
