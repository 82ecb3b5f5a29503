"""
Calls and attempts as OpenTelemetry spans and metrics; the one module that knows OpenTelemetry.

A call is a span below whatever span its caller is in; each attempt is a client span below the
call's, and its trace context travels with the request. No span is ever made the current one: a flow
shares its thread, or its task, with its caller.

Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and .../rpc/grpc/ for the names
that are not ours (ours begin with "asr.").
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

from opentelemetry import metrics, propagate, trace
from opentelemetry.metrics import Counter, Histogram
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from asr_client import __version__
from asr_client.calls.observing import CallName, Headers, Nobody, Observe, Observer, Subject
from asr_client.contracts.wire import Request
from asr_client.endpoint import Endpoint
from asr_client.errors import ASRError
from asr_client.faults import Attempt, Fault

__all__ = ["observe_calls_to"]

Attributes = dict[str, str | int | float]

# Seconds; a call takes from some milliseconds to some minutes.
_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)


def observe_calls_to(endpoint: Endpoint) -> Observe:
    """Begin spans and metrics of the calls to one server, with the application's providers."""
    meter = metrics.get_meter("asr_client", __version__)
    instruments = _Instruments(
        trace.get_tracer("asr_client", __version__),
        meter.create_histogram(
            "asr.client.call.duration",
            unit="s",
            description="Duration of whole calls, waiting and further tries included",
            explicit_bucket_boundaries_advisory=_BUCKETS_S,
        ),
        meter.create_counter(
            "asr.client.attempts", unit="{attempt}", description="Requests sent, further tries too"
        ),
        endpoint,
    )

    def observe(name: CallName, request_id: str) -> Observer:
        return _CallSpan(instruments, name, request_id)

    return observe


@dataclass(frozen=True, slots=True)
class _Instruments:
    tracer: Tracer
    durations: Histogram
    attempts: Counter
    endpoint: Endpoint

    @property
    def server(self) -> Attributes:
        """Where the calls go, in the convention's words."""
        return {"server.address": self.endpoint.host, "server.port": self.endpoint.port}


class _CallSpan(Nobody):
    """One call's span, and the span of the attempt that is under way."""

    def __init__(self, instruments: _Instruments, name: CallName, request_id: str) -> None:
        self._instruments = instruments
        self._name = name
        self._request_id = {"asr.request_id": request_id}
        self._model: Attributes = {}
        self._began_s = time.monotonic()
        self._span = instruments.tracer.start_span(
            f"asr.{name}", attributes={**instruments.server, **self._request_id}
        )
        # The caller's context, which is the current one here, with the call's span in it.
        self._context = trace.set_span_in_context(self._span)
        self._attempt: Span | None = None
        self._is_rpc = False

    def settled(self, subject: Subject) -> None:
        """Say what it is about."""
        self._model = _known({"asr.model": subject.model or None})
        language = {"asr.language": subject.language, "asr.audio_s": subject.audio_s}
        self._span.set_attributes(self._model | _known(language))

    def part(self) -> Observer:
        """Put attempts that are made beside others below the same call."""
        part = copy(self)
        part._attempt = None  # noqa: SLF001 - its own copy
        return part

    def attempt_started(self, request: Request) -> Headers:
        """Begin the attempt's span, and pass it on in the way that the application has chosen."""
        self._is_rpc = request.method == "RPC"
        name, what = _rpc(request) if self._is_rpc else _http(request, self._instruments.endpoint)
        self._attempt = self._instruments.tracer.start_span(
            name,
            self._context,
            SpanKind.CLIENT,
            {**self._instruments.server, **self._request_id, **what},
        )
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(self._attempt, self._context))
        return tuple((name, value) for name, value in carrier.items() if value.isascii())

    def attempt_ended(self, attempt: Attempt) -> None:
        """End the attempt's span with all that is known of it."""
        if self._attempt is None:
            return
        outcome = self._outcome(attempt)
        self._attempt.set_attributes(outcome | _anatomy(attempt))
        if attempt.fault is not None:
            said = f"{attempt.fault.code}, said by {attempt.fault.origin}"
            self._attempt.set_status(Status(StatusCode.ERROR, said))
        self._attempt.end()
        self._attempt = None
        counted = {"asr.call": self._name, **self._instruments.server, **outcome}
        self._instruments.attempts.add(1, counted, self._context)

    def ended(self, error: BaseException | None) -> None:
        """End the call's span."""
        outcome: Attributes = {}
        if error is not None:
            outcome = _conclusion(error)
            self._span.set_attributes(outcome)
            self._span.set_status(Status(StatusCode.ERROR, getattr(error, "message", None)))
        self._span.end()
        counted = {"asr.call": self._name, **self._instruments.server, **self._model, **outcome}
        self._instruments.durations.record(time.monotonic() - self._began_s, counted, self._context)

    def _outcome(self, attempt: Attempt) -> Attributes:
        """What came of an attempt, in values few enough to count by."""
        fault = attempt.fault
        status = "rpc.grpc.status_code" if self._is_rpc else "http.response.status_code"
        return _known({status: attempt.status}) | (_of_fault(fault) if fault else {})


def _rpc(request: Request) -> tuple[str, Attributes]:
    name = request.path.lstrip("/")
    service, _, method = name.partition("/")
    return name, {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}


def _http(request: Request, endpoint: Endpoint) -> tuple[str, Attributes]:
    return f"{request.method} {request.path}", {
        "http.request.method": request.method,
        "url.full": f"{endpoint}{request.path}",
        "url.path": f"{endpoint.prefix}{request.path}",
    }


def _of_fault(fault: Fault) -> Attributes:
    return {
        "error.type": fault.code,
        "asr.origin": fault.origin,
        "asr.executed": fault.executed,
    }


def _anatomy(attempt: Attempt) -> Attributes:
    return _known(
        {
            "asr.attempt": attempt.number,
            "asr.key_fingerprint": attempt.key_fingerprint or None,
            "asr.waited_s": attempt.waited_s,
            "asr.encode_s": attempt.encode_s,
            "asr.connect_s": attempt.phases.connect_s,
            "asr.send_s": attempt.phases.send_s,
            "asr.server_s": attempt.phases.server_s,
            "asr.receive_s": attempt.phases.receive_s,
            "asr.parse_s": attempt.parse_s,
            "asr.gateway_s": attempt.gateway_s,
            "asr.upstream_s": attempt.upstream_s,
        }
    )


def _conclusion(error: BaseException) -> Attributes:
    if isinstance(error, ASRError):
        return _of_fault(error.fault)
    given_up = isinstance(error, GeneratorExit)
    return {"error.type": "cancelled" if given_up else type(error).__qualname__}


def _known(values: Mapping[str, str | int | float | None]) -> Attributes:
    return {name: value for name, value in values.items() if value is not None}
