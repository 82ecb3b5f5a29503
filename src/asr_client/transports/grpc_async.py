"""gRPC, from one event loop: the twin of grpc.py."""

from __future__ import annotations

import asyncio
from typing import Any

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
    closed_in_flight,
    failed_reply,
    make_reply,
    not_ready,
    unsendable,
)
from asr_client.transports.lifetimes import Lifetimes
from asr_client.transports.ownership import PerLoop

__all__ = ["AsyncGRPCTransport"]


class AsyncGRPCTransport:
    """Sends over a few channels in turn, from one loop. Implements `base.AsyncTransport`."""

    def __init__(self, config: ClientConfig, lifetimes: Lifetimes | None = None) -> None:
        self._config = config
        self._endpoint = config.endpoint
        self._metadata = Metadata(config)
        self._credentials = channel_credentials(config)
        ages = lifetimes or Lifetimes(config.connections)
        # A channel takes the loop that runs when it is made.
        self._owned = PerLoop(lambda: ChannelRing(self._open, ages))

    def _open(self) -> Any:
        check_fork()
        target, options = channel_target(self._config), channel_options(self._config)
        if self._credentials is None:
            return grpc.aio.insecure_channel(target, options)
        return grpc.aio.secure_channel(target, self._credentials, options)

    async def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """Send, and wait for the reply."""
        deadline.require_s(f"calling {self._endpoint}")
        ring = self._owned.get()
        channel = ring.lend()
        try:
            call = channel.method(request.path)(
                bytes(request.body[0]),
                timeout=wait_limit_s(deadline),
                metadata=self._metadata.of(request, key),
            )
            body = await call
            metadata = await call.initial_metadata(), await call.trailing_metadata()
        except grpc.aio.AioRpcError as error:
            return failed_reply(error, self._endpoint, deadline)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # grpc cancels, in the name of its caller, what a closed channel had in flight.
            raise closed_in_flight(self._endpoint) from error
        except (TypeError, ValueError, grpc.aio.BaseError) as error:
            self._owned.get()  # says so if another task has closed this client
            raise unsendable(self._endpoint) from error
        finally:
            for spent in ring.give_back(channel):
                await spent.close()
        return make_reply(body, *metadata)

    async def warm(self, count: int, deadline: Deadline) -> None:
        """Connect up to *count* of the channels; each has one connection."""
        try:
            async with asyncio.timeout(min(wait_limit_s(deadline), self._config.connect_timeout_s)):
                for channel in self._owned.get().first(count):
                    await channel.channel_ready()
        except TimeoutError as error:
            raise not_ready(self._config, deadline) from error

    async def close(self) -> None:
        """Close the channels; calls in flight end with ReplyLostError."""
        ring = self._owned.close()
        for channel in ring.all() if ring is not None else ():
            await channel.close()
