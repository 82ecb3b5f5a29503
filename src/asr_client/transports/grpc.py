"""gRPC, from threads: bytes in, bytes out; the codec has made the message already."""

from __future__ import annotations

from typing import cast

import grpc

from asr_client.config import ClientConfig
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.transports.base import wait_limit_s
from asr_client.transports.grpc_messages import (
    Metadata,
    Methods,
    channel_credentials,
    channel_options,
    check_fork,
    failed_reply,
    make_reply,
    unsendable,
)
from asr_client.transports.ownership import PerProcess

__all__ = ["GRPCTransport"]


class GRPCTransport:
    """Sends over one channel; safe from any thread. Implements `base.Transport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._metadata = Metadata(config)
        self._credentials, self._options = channel_credentials(config), channel_options(config)
        self._owned = PerProcess(self._open)

    def _open(self) -> Methods:
        check_fork()
        target = self._endpoint.authority
        return Methods(
            grpc.insecure_channel(target, self._options)
            if self._credentials is None
            else grpc.secure_channel(target, self._credentials, self._options)
        )

    def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and wait for the reply."""
        deadline.require_s(f"calling {self._endpoint}")
        method = self._owned.get()[request.path]
        try:
            body, call = method.with_call(
                bytes(request.body[0]),
                timeout=wait_limit_s(deadline),
                metadata=self._metadata.of(request),
            )
        except grpc.RpcError as error:
            return failed_reply(error, self._endpoint, deadline)
        except (TypeError, ValueError) as error:
            self._owned.get()  # says so if another thread has closed this client
            raise unsendable(self._endpoint) from error
        return make_reply(cast("bytes", body), call.initial_metadata(), call.trailing_metadata())

    def close(self) -> None:
        """Close the channel; calls in flight end with ReplyLostError."""
        methods = self._owned.close()
        if methods is not None:
            methods.channel.close()
