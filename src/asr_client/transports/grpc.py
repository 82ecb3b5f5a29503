"""gRPC, from threads: bytes in, bytes out; the codec has made the message already."""

from __future__ import annotations

from typing import Any, cast

import grpc

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.settings.config import ClientConfig
from asr_client.transports.base import wait_limit_s
from asr_client.transports.grpc_channels import (
    ChannelRing,
    channel_credentials,
    channel_options,
    channel_target,
    check_fork,
)
from asr_client.transports.grpc_messages import (
    Metadata,
    failed_reply,
    make_reply,
    not_ready,
    unsendable,
)
from asr_client.transports.lifetimes import Lifetimes
from asr_client.transports.ownership import PerProcess

__all__ = ["GRPCTransport"]


class GRPCTransport:
    """Sends over a few channels in turn; safe from any thread. Implements `base.Transport`."""

    def __init__(self, config: ClientConfig, lifetimes: Lifetimes | None = None) -> None:
        self._config = config
        self._endpoint = config.endpoint
        self._metadata = Metadata(config)
        self._credentials = channel_credentials(config)
        ages = lifetimes or Lifetimes(config.connections)
        self._owned = PerProcess(lambda: ChannelRing(self._open, ages))

    def _open(self) -> Any:
        check_fork()
        target, options = channel_target(self._config), channel_options(self._config)
        if self._credentials is None:
            return grpc.insecure_channel(target, options)
        return grpc.secure_channel(target, self._credentials, options)

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """Send, and wait for the reply."""
        deadline.require_s(f"calling {self._endpoint}")
        ring = self._owned.get()
        channel = ring.lend()
        try:
            body, call = channel.method(request.path).with_call(
                bytes(request.body[0]),
                timeout=wait_limit_s(deadline),
                metadata=self._metadata.of(request, key),
            )
        except grpc.RpcError as error:
            return failed_reply(error, self._endpoint, deadline)
        except (TypeError, ValueError) as error:
            self._owned.get()  # says so if another thread has closed this client
            raise unsendable(self._endpoint) from error
        finally:
            for spent in ring.give_back(channel):
                spent.close()
        return make_reply(cast("bytes", body), call.initial_metadata(), call.trailing_metadata())

    def warm(self, count: int, deadline: Deadline) -> None:
        """Connect up to *count* of the channels; each has one connection."""
        limit = Deadline.after(min(wait_limit_s(deadline), self._config.connect_timeout_s))
        for channel in self._owned.get().first(count):
            try:
                ready = grpc.channel_ready_future(channel)
                ready.result(max(limit.remaining_s(), 0.0))
            except grpc.FutureTimeoutError as error:
                ready.cancel()
                raise not_ready(self._config, deadline) from error

    def close(self) -> None:
        """Close the channels; calls in flight end with ReplyLostError."""
        ring = self._owned.close()
        for channel in ring.all() if ring is not None else ():
            channel.close()
