"""gRPC, from one event loop: the twin of grpc.py."""

from __future__ import annotations

import asyncio

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
    closed_in_flight,
    failed_reply,
    make_reply,
    unsendable,
)
from asr_client.transports.ownership import PerLoop

__all__ = ["AsyncGRPCTransport"]


class AsyncGRPCTransport:
    """Sends over one channel, from one loop. Implements `base.AsyncTransport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._metadata = Metadata(config)
        self._credentials, self._options = channel_credentials(config), channel_options(config)
        self._owned = PerLoop(self._open)  # a channel takes the loop that runs when it is made

    def _open(self) -> Methods:
        check_fork()
        target = self._endpoint.authority
        return Methods(
            grpc.aio.insecure_channel(target, self._options)
            if self._credentials is None
            else grpc.aio.secure_channel(target, self._credentials, self._options)
        )

    async def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and wait for the reply."""
        deadline.require_s(f"calling {self._endpoint}")
        method = self._owned.get()[request.path]
        try:
            call = method(
                bytes(request.body[0]),
                timeout=wait_limit_s(deadline),
                metadata=self._metadata.of(request),
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
        return make_reply(body, *metadata)

    async def close(self) -> None:
        """Close the channel; calls in flight end with ReplyLostError."""
        methods = self._owned.close()
        if methods is not None:
            await methods.channel.close()
