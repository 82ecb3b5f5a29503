"""gRPC through the gateway: unary calls, byte for byte, under the same rules as HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import grpc

from asr_client.testing.drills import (
    Answers,
    Drill,
    FailsUpstream,
    Hangs,
    RateLimits,
    Resets,
    Slow,
    TimesOut,
    Truncates,
)
from asr_client.testing.gate import Gate, Visit
from asr_client.testing.grpc_answers import (
    Metadata,
    grpc_refusal,
    grpc_status_of,
    own_metadata,
    proxied_metadata,
)
from asr_client.testing.grpc_upstreams import GrpcUpstreams, UpstreamStatusError
from asr_client.testing.kong_rules import BAD_GATEWAY, GATEWAY_TIMEOUT, NO_ROUTE
from asr_client.testing.refusals import RefusalError

__all__ = ["GrpcProxy"]

_THREADS = 64  # a call that hangs holds one
_FRAME_BYTES = 5  # before each message: compressed or not, and its length


class GrpcProxy(grpc.GenericRpcHandler):
    """
    A server that listens inside only; the front carries clients' connections to it.

    Args:
        gate: The rules.
        upstreams: Whom it asks.
        reset: Resets the client's connection behind a port.
    """

    def __init__(self, gate: Gate, upstreams: GrpcUpstreams, reset: Callable[[int], None]) -> None:
        self._gate = gate
        self._upstreams = upstreams
        self._reset = reset
        self._over = threading.Event()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="gateway-grpc")
        self._server = grpc.server(
            self._threads,
            options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)],
        )
        self._server.add_generic_rpc_handlers((self,))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """Take any method at all."""
        path = str(handler_call_details.method)
        pairs = handler_call_details.invocation_metadata or ()
        metadata = tuple((key, value) for key, value in pairs)
        return grpc.unary_unary_rpc_method_handler(
            lambda message, context: self._answer(path, metadata, message, context)
        )

    def stop(self) -> None:
        """End all calls, and their threads."""
        self._over.set()
        self._server.stop(0).wait()
        self._threads.shutdown(wait=False)
        self._upstreams.close()

    def _answer(
        self, path: str, metadata: Metadata, message: bytes, context: grpc.ServicerContext
    ) -> bytes:
        headers = tuple((key, value) for key, value in metadata if isinstance(value, str))
        visit = self._gate.visit("grpc", "POST", path, headers, "127.0.0.1")
        visit.request_bytes = len(message)
        try:
            self._admit(visit)
            drill = self._gate.strike(visit)
            if drill is not None:
                early = self._suffer(drill, visit, context)
                if early is not None:
                    return early
            return self._proxy(visit, metadata, message, context, drill)
        except RefusalError as refused:
            code, details = grpc_refusal(refused.refusal)
            own = own_metadata(self._gate, visit, refused.refusal)
            return self._end(visit, context, code, details, own)
        except UpstreamStatusError as theirs:
            trailing = self._added(visit, theirs.trailing, length=True)
            return self._end(visit, context, theirs.code, theirs.details, trailing)

    def _admit(self, visit: Visit) -> None:
        if not visit.path.startswith(self._gate.options.grpc_services):
            raise RefusalError(NO_ROUTE)
        visit.routed = True
        self._gate.identify(visit)
        self._gate.admit(visit, visit.request_bytes + _FRAME_BYTES)
        self._gate.count(visit)

    def _suffer(self, drill: Drill, visit: Visit, context: grpc.ServicerContext) -> bytes | None:
        """Do what a drill does instead of the call; None where the call goes on."""
        match drill.effect:
            case Slow(seconds):
                if self._over.wait(seconds):
                    self._gate.write(visit, None)
                    return b""  # to nobody: all calls have been ended
            case RateLimits() as limiter:
                raise self._gate.refuse_as_limiter(visit, limiter)
            case TimesOut():
                visit.upstream_ms = round(self._gate.options.read_timeout_s * 1000)
                raise RefusalError(GATEWAY_TIMEOUT)
            case FailsUpstream():
                visit.upstream_ms = 1
                raise RefusalError(BAD_GATEWAY)
            case Answers(status, headers, body):
                lower = tuple((name.lower(), value) for name, value in headers)
                code = grpc_status_of(status)
                if code is not grpc.StatusCode.OK:
                    details = body.decode("utf-8", "replace")
                    return self._end(visit, context, code, details, lower)
                self._gate.write(visit, 0)
                return body
            case Hangs(seconds):
                self._gate.write(visit, None)
                # Once the client has given up, the connection may carry its next call.
                return b"" if _was_given_up(context, seconds) else self._cut(context)
            case Resets("before"):
                self._gate.write(visit, None)
                return self._cut(context)
        return None

    def _proxy(
        self,
        visit: Visit,
        metadata: Metadata,
        message: bytes,
        context: grpc.ServicerContext,
        drill: Drill | None,
    ) -> bytes:
        reply = self._upstreams.ask(visit, metadata, message, context.time_remaining())
        if drill is not None and isinstance(drill.effect, Resets | Truncates):
            self._gate.write(visit, None)
            return self._cut(context)
        self._gate.write(visit, 0)
        context.send_initial_metadata(self._added(visit, reply.initial))
        context.set_trailing_metadata(reply.trailing)
        return reply.message

    def _added(self, visit: Visit, theirs: Metadata, *, length: bool = False) -> Metadata:
        options = self._gate.options
        date = (("date", formatdate(options.clock(), usegmt=True)),)
        plugins = self._gate.plugin_headers(visit)
        return proxied_metadata(
            (*date, *theirs), plugins, visit.latency(), visit.marks, length=length
        )

    def _end(
        self,
        visit: Visit,
        context: grpc.ServicerContext,
        code: grpc.StatusCode,
        details: str,
        trailing: Sequence[Any],
    ) -> bytes:
        self._gate.write(visit, int(code.value[0]))
        context.set_trailing_metadata(tuple(trailing))
        context.set_code(code)
        context.set_details(details)
        return b""

    def _cut(self, context: grpc.ServicerContext) -> bytes:
        """Reset the connection that this call came on."""
        self._reset(int(context.peer().rpartition(":")[2]))
        context.cancel()
        return b""


def _was_given_up(context: grpc.ServicerContext, seconds: float) -> bool:
    """Wait until the client has had enough or the server stops; False if the time was up first."""
    ended = threading.Event()
    return not context.add_callback(ended.set) or ended.wait(seconds)
