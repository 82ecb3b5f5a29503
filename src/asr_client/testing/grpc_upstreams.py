"""The gateway's gRPC upstreams: a channel to each, and what can come back."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import grpc

from asr_client.testing.gate import Visit
from asr_client.testing.grpc_answers import Metadata
from asr_client.testing.kong_answers import KONG
from asr_client.testing.kong_rules import BAD_GATEWAY, GATEWAY_TIMEOUT, NO_TARGET
from asr_client.testing.options import GatewayOptions
from asr_client.testing.refusals import RefusalError
from asr_client.testing.replicas import Replica, Ring

__all__ = ["GrpcReply", "GrpcUpstreams", "UpstreamStatusError"]

_LONGEST_WAIT_S = 86_400.0
# Beginnings and parts of the texts with which grpc core tells its own failures from a server's.
_NOT_CONNECTED = "failed to connect to all addresses"
_BROKEN = ("socket closed", "connection reset", "broken pipe", "goaway", "rst_stream", "recvmsg")
# What grpc's own layers add and must not be passed on.
_RESERVED = ("user-agent", "grpc-accept-encoding", "accept-encoding", "content-type", "te")


@dataclass(frozen=True, slots=True)
class GrpcReply:
    """A message and the metadata around it."""

    message: bytes
    initial: Metadata
    trailing: Metadata


class UpstreamStatusError(Exception):
    """
    The upstream itself says that something is wrong.

    Args:
        code: Its code.
        details: Its text.
        trailing: Its metadata.
    """

    def __init__(self, code: grpc.StatusCode, details: str, trailing: Metadata) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.trailing = trailing


class GrpcUpstreams:
    """
    Asks replicas in turn; safe to use from any thread.

    Args:
        options: Timeouts and retries.
        ring: The replicas.
    """

    def __init__(self, options: GatewayOptions, ring: Ring) -> None:
        self._options = options
        self._ring = ring
        self._channels: dict[Replica, grpc.Channel] = {}
        self._opening = threading.Lock()

    def ask(
        self, visit: Visit, metadata: Metadata, message: bytes, remaining_s: float | None
    ) -> GrpcReply:
        """
        Ask one replica, or the next where a connection could not be made.

        Raises:
            RefusalError: What Kong says when there is no answer.
            UpstreamStatusError: An answer that is an error.
        """
        for tries_left in range(self._options.retries, -1, -1):
            replica = self._ring.next()
            if replica is None:
                break
            visit.begin_try(replica.url)
            try:
                return self._try(replica, visit, metadata, message, remaining_s)
            except RefusalError as refused:
                if refused.was_sent or not tries_left:
                    raise
        raise RefusalError(NO_TARGET)

    def forget(self, replica: Replica) -> None:
        """End the connection to a replica."""
        with self._opening:
            channel = self._channels.pop(replica, None)
        if channel is not None:
            channel.close()

    def close(self) -> None:
        """End all connections."""
        for replica in tuple(self._channels):
            self.forget(replica)

    def _try(
        self,
        replica: Replica,
        visit: Visit,
        metadata: Metadata,
        message: bytes,
        remaining_s: float | None,
    ) -> GrpcReply:
        client_s = _LONGEST_WAIT_S if remaining_s is None else remaining_s
        call: Any = self._channel(replica).unary_unary(visit.path)
        try:
            reply, done = call.with_call(
                message,
                timeout=min(client_s, self._options.read_timeout_s),
                metadata=self._metadata(visit, metadata),
            )
        except grpc.RpcError as error:
            visit.latency()  # the try ends here
            raise self._read(error, by_client=client_s <= self._options.read_timeout_s) from error
        visit.latency()
        return GrpcReply(reply, _pairs(done.initial_metadata()), _pairs(done.trailing_metadata()))

    def _read(self, error: Any, *, by_client: bool) -> Exception:
        """Tell grpc's own failures, which become Kong's answers, from an upstream's."""
        code, details = error.code(), error.details() or ""
        trailing = _pairs(error.trailing_metadata())
        lower = details.lower()
        if code is grpc.StatusCode.DEADLINE_EXCEEDED and not by_client:
            return RefusalError(GATEWAY_TIMEOUT, was_sent=True)
        if code is grpc.StatusCode.UNAVAILABLE and lower.startswith(_NOT_CONNECTED):
            return RefusalError(BAD_GATEWAY)
        if not trailing and any(part in lower for part in _BROKEN):
            return RefusalError(BAD_GATEWAY, was_sent=True)
        return UpstreamStatusError(code, details, trailing)

    def _metadata(self, visit: Visit, metadata: Metadata) -> Metadata:
        name = self._options.correlation_header.lower()
        keys = self._options.key_names if self._options.hide_credentials else ()
        gone = {*_RESERVED, name, "x-kong-request-id", *(key.lower() for key in keys)}
        own = (
            ("via", f"2 {KONG}"),
            ("x-kong-request-id", visit.marks.request_id),
            *(((name, visit.request_id),) if name else ()),
            *((("x-consumer-username", visit.consumer),) if visit.consumer else ()),
        )
        return (*own, *(pair for pair in metadata if pair[0] not in gone))

    def _channel(self, replica: Replica) -> grpc.Channel:
        with self._opening:
            if replica not in self._channels:
                self._channels[replica] = grpc.insecure_channel(
                    f"{replica.host}:{replica.port}",
                    options=[
                        ("grpc.max_send_message_length", -1),
                        ("grpc.max_receive_message_length", -1),
                        ("grpc.use_local_subchannel_pool", 1),
                        ("grpc.enable_http_proxy", 0),
                        ("grpc.enable_retries", 0),
                        ("grpc.initial_reconnect_backoff_ms", 100),
                        ("grpc.max_reconnect_backoff_ms", 200),
                    ],
                )
            return self._channels[replica]


def _pairs(metadata: Any) -> Metadata:
    return tuple((key, value) for key, value in metadata or ())
