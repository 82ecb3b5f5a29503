"""Spans and metrics as an application gets them; the OpenTelemetry SDK, and scripted replies."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from asr_client import ASRClient, AsyncASRClient, ConfigError, OverloadedError, ReplyLostError
from asr_client.audio import Waveform
from asr_client.auth import ApiKey
from asr_client.calls.inspection import check_health
from asr_client.calls.session import Session
from asr_client.calls.terms import Options
from asr_client.calls.transcription import transcribe
from asr_client.client import open_session
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.drive import run, run_async
from asr_client.errors import ASRError
from asr_client.retry import NO_RETRY
from canaries import new_key

PROJECT = Path(__file__).parent.parent.parent
URL = "https://gateway.test/speech/api/v1/asr/infer"
KEY = new_key()
WAVE = Waveform(np.zeros(32_000, np.float32), 16_000)
HINDI = Options(language="hi")
GOOD = Reply(
    200,
    {"x-kong-proxy-latency": "3", "x-kong-upstream-latency": "41"},
    b'{"transcript": "namaste"}',
)
QUEUE_FULL = Reply(503, {}, b'{"error":"Exceeds maximum queue size"}')
Answer = tuple[int, Mapping[str, str], bytes]


@pytest.fixture(scope="module")
def exported() -> InMemorySpanExporter:
    """Where this process's spans end up."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exported: InMemorySpanExporter) -> Callable[[], Mapping[str, list[ReadableSpan]]]:
    """The spans that ended in this test, by name, in the order of their ends."""
    exported.clear()

    def ended() -> Mapping[str, list[ReadableSpan]]:
        by_name: dict[str, list[ReadableSpan]] = {}
        for span in exported.get_finished_spans():
            by_name.setdefault(span.name, []).append(span)
        return by_name

    return ended


@pytest.fixture(scope="module")
def measured() -> InMemoryMetricReader:
    """Where this process's metrics can be read."""
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
    return reader


@dataclass
class Wire:
    """A transport whose answers come from a list; it keeps what it was given, and by whom."""

    answers: list[Reply | ASRError]
    requests: list[Request] = field(default_factory=list)
    current: list[SpanContext] = field(default_factory=list)

    def send(self, request: Request, _deadline: Deadline, _key: ApiKey | None = None) -> Reply:
        """Answer, or fail."""
        self.requests.append(request)
        self.current.append(trace.get_current_span().get_span_context())
        answer = self.answers.pop(0)
        if isinstance(answer, ASRError):
            raise answer
        return answer

    def close(self) -> None:
        """Nothing is open."""

    def sent(self, header: str) -> list[str]:
        """The values of a header, request by request."""
        return [dict(request.headers)[header] for request in self.requests]


class AsyncWire:
    """An asynchronous transport that answers only once so many requests wait for an answer."""

    def __init__(self, together: int) -> None:
        self.is_asked = asyncio.Event()
        self._all_are_here = asyncio.Barrier(together)

    async def send(
        self, _request: Request, _deadline: Deadline, _key: ApiKey | None = None
    ) -> Reply:
        """Wait for the others, and answer."""
        self.is_asked.set()
        await self._all_are_here.wait()
        return GOOD

    async def close(self) -> None:
        """Nothing is open."""


def session_to(url: str = URL, **settings: object) -> Session:
    """A session that is watched, and whose retries follow at once."""
    opened = open_session(url, {"telemetry": True, "pacing": False, "api_key": KEY, **settings})
    return replace(opened, random=lambda: 0.0)


def traceparent(span: ReadableSpan) -> str:
    """A span, as W3C Trace Context writes it."""
    context = span.context
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


ATTEMPT = "POST /api/v1/asr/infer"


def test_call_is_a_span_with_its_attempt_below(spans: Callable) -> None:
    """One call, one request: two spans, and the names that the conventions give to things."""
    wire = Wire([GOOD])
    run(transcribe(session_to(), WAVE, HINDI), wire)
    (call,), (attempt,) = spans()["asr.transcribe"], spans()[ATTEMPT]
    assert (call.parent, attempt.parent.span_id) == (None, call.context.span_id)
    assert (call.kind, attempt.kind) == (SpanKind.INTERNAL, SpanKind.CLIENT)
    assert (call.status.status_code, attempt.status.status_code) == (StatusCode.UNSET,) * 2
    assert dict(call.attributes) == {
        "server.address": "gateway.test",
        "server.port": 443,
        "asr.request_id": dict(wire.requests[0].headers)["X-Request-ID"],
        "asr.language": "hi",
        "asr.audio_s": 2.0,
    }
    told = dict(attempt.attributes)
    assert told["http.request.method"] == "POST"
    assert told["url.path"] == "/speech/api/v1/asr/infer"
    assert told["url.full"] == "https://gateway.test:443/speech/api/v1/asr/infer"
    assert told["http.response.status_code"] == 200
    assert (told["asr.gateway_s"], told["asr.upstream_s"]) == (0.003, 0.041)
    assert told["asr.key_fingerprint"] == ApiKey(KEY).fingerprint
    assert KEY not in str(told)


def test_server_is_told_the_attempts_own_span(spans: Callable) -> None:
    """What the gateway's or the server's tracing adds hangs below the attempt that caused it."""
    wire = Wire([QUEUE_FULL, GOOD])
    run(transcribe(session_to(), WAVE, HINDI), wire)
    assert wire.sent("traceparent") == [traceparent(span) for span in spans()[ATTEMPT]]


def test_application_span_is_the_parent_and_stays_current(spans: Callable) -> None:
    """A call joins its caller's trace, and never changes which span is the current one."""
    wire = Wire([GOOD])
    with trace.get_tracer("app").start_as_current_span("request") as mine:
        run(transcribe(session_to(), WAVE, HINDI), wire)
        assert trace.get_current_span() is mine
    assert wire.current == [mine.get_span_context()]
    (call,), (attempt,) = spans()["asr.transcribe"], spans()[ATTEMPT]
    assert call.parent.span_id == mine.get_span_context().span_id
    assert attempt.context.trace_id == mine.get_span_context().trace_id


def test_unsampled_trace_stays_unsampled(spans: Callable) -> None:
    """Where the application does not record, neither do we, nor is the server asked to."""
    unwanted = NonRecordingSpan(SpanContext(7, 9, is_remote=False, trace_flags=TraceFlags(0)))
    wire = Wire([GOOD])
    with trace.use_span(unwanted):
        run(transcribe(session_to(), WAVE, HINDI), wire)
    version, trace_id, _, flags = wire.sent("traceparent")[0].split("-")
    assert (version, int(trace_id, 16), flags) == ("00", 7, "00")
    assert spans() == {}


def test_retries_are_siblings_below_the_call(spans: Callable) -> None:
    """The try that failed is an error, the next one and the call are none."""
    run(transcribe(session_to(), WAVE, HINDI), Wire([QUEUE_FULL, GOOD]))
    (call,), (first, second) = spans()["asr.transcribe"], spans()[ATTEMPT]
    assert {first.parent.span_id, second.parent.span_id} == {call.context.span_id}
    assert first.status.status_code is StatusCode.ERROR
    assert first.attributes["error.type"] == "overloaded"
    assert first.attributes["asr.origin"] == "triton"
    assert first.attributes["asr.executed"] == "no"
    assert (first.attributes["asr.attempt"], second.attributes["asr.attempt"]) == (1, 2)
    assert second.status.status_code is call.status.status_code is StatusCode.UNSET


def test_failure_is_told_by_call_and_attempt(spans: Callable) -> None:
    """A connection that breaks: no status, our code as the type, our words as the description."""
    session, wire = session_to(retry=NO_RETRY), Wire([ReplyLostError("it broke")])
    with pytest.raises(ReplyLostError):
        run(transcribe(session, WAVE, HINDI), wire)
    (call,), (attempt,) = spans()["asr.transcribe"], spans()[ATTEMPT]
    assert "http.response.status_code" not in attempt.attributes
    for span in (call, attempt):
        assert span.attributes["error.type"] == "connect"
        assert span.attributes["asr.executed"] == "maybe"
    assert call.status.description == "it broke"
    assert call.events == ()


def test_mistake_before_any_request_ends_the_call_alone(spans: Callable) -> None:
    """A language that does not exist: a call that failed, and no attempt."""
    with pytest.raises(ConfigError):
        run(transcribe(session_to(), WAVE, Options(language="hindee")), Wire([]))
    (call,) = spans()["asr.transcribe"]
    assert call.attributes["error.type"] == "language"
    assert list(spans()) == ["asr.transcribe"]


def test_grpc_attempt_has_the_words_of_rpc(spans: Callable) -> None:
    """Over gRPC the conventions name service, method and status code."""
    refusal = Reply(14, {}, b"", "Server is stopping")
    with pytest.raises(OverloadedError):
        run(check_health(session_to("grpc://triton.test:8001"), None), Wire([refusal]))
    (call,) = spans()["asr.health"]
    (attempt,) = spans()["inference.GRPCInferenceService/ServerLive"]
    assert attempt.parent.span_id == call.context.span_id
    assert attempt.attributes["rpc.system"] == "grpc"
    assert attempt.attributes["rpc.service"] == "inference.GRPCInferenceService"
    assert attempt.attributes["rpc.method"] == "ServerLive"
    assert attempt.attributes["rpc.grpc.status_code"] == 14
    assert attempt.attributes["server.port"] == 8001


def test_concurrent_tasks_keep_to_their_own_parents(spans: Callable) -> None:
    """Twenty calls under way at once on one loop, each below the span of its own task."""

    async def one(session: Session, wire: AsyncWire) -> tuple[int, int]:
        with trace.get_tracer("app").start_as_current_span("task") as mine:
            await run_async(transcribe(session, WAVE, HINDI), wire)
            assert trace.get_current_span() is mine
            context = mine.get_span_context()
            return context.trace_id, context.span_id

    async def all_of_them() -> list[tuple[int, int]]:
        session, wire = session_to(), AsyncWire(together=20)
        return await asyncio.gather(*(one(session, wire) for _ in range(20)))

    tasks = asyncio.run(all_of_them())
    calls, attempts = spans()["asr.transcribe"], spans()[ATTEMPT]
    assert {(call.context.trace_id, call.parent.span_id) for call in calls} == set(tasks)
    assert {(one.context.trace_id, one.parent.span_id) for one in attempts} == {
        (call.context.trace_id, call.context.span_id) for call in calls
    }


def test_threads_keep_to_their_own_parents(spans: Callable) -> None:
    """Eight threads with one client, all of them in mid-call at the same time."""
    session, barrier = session_to(), Barrier(8)

    class Waiting(Wire):
        def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
            barrier.wait(30)
            return super().send(request, deadline, key)

    def one(_: int) -> int:
        with trace.get_tracer("app").start_as_current_span("thread") as mine:
            run(transcribe(session, WAVE, HINDI), Waiting([GOOD]))
            return mine.get_span_context().span_id

    with ThreadPoolExecutor(8) as pool:
        mine = list(pool.map(one, range(8)))
    calls, attempts = spans()["asr.transcribe"], spans()[ATTEMPT]
    assert {call.parent.span_id for call in calls} == set(mine)
    assert {one.parent.span_id for one in attempts} == {call.context.span_id for call in calls}


def test_cancelled_call_ends_its_spans(spans: Callable) -> None:
    """A task that is cancelled in mid-request leaves no span open, and says what happened."""

    async def cancel() -> None:
        wire = AsyncWire(together=2)
        call = asyncio.create_task(run_async(transcribe(session_to(), WAVE, HINDI), wire))
        await wire.is_asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(cancel())
    (call,), (attempt,) = spans()["asr.transcribe"], spans()[ATTEMPT]
    assert call.attributes["error.type"] == attempt.attributes["error.type"] == "cancelled"


def test_metrics_count_attempts_and_time_calls(measured: InMemoryMetricReader) -> None:
    """A histogram of whole calls, a counter of tries, both by outcome."""
    session = session_to("http://metrics.test/api/v1/asr/infer")
    run(transcribe(session, WAVE, HINDI), Wire([QUEUE_FULL, GOOD]))
    data = json.loads(measured.get_metrics_data().to_json())
    found = {
        metric["name"]: [
            point
            for point in metric["data"]["data_points"]
            if point["attributes"]["server.address"] == "metrics.test"
        ]
        for metric in data["resource_metrics"][0]["scope_metrics"][0]["metrics"]
    }
    (duration,) = found["asr.client.call.duration"]
    assert duration["count"] == 1
    assert duration["attributes"]["asr.call"] == "transcribe"
    outcomes = {
        (point["attributes"].get("error.type"), point["attributes"]["http.response.status_code"])
        for point in found["asr.client.attempts"]
    }
    assert outcomes == {("overloaded", 503), (None, 200)}


def test_nothing_is_recorded_unless_asked_for(spans: Callable) -> None:
    """The default leaves no span, and still sends a trace that a gateway can log."""
    wire = Wire([GOOD])
    run(transcribe(session_to(telemetry=False), WAVE, HINDI), wire)
    assert spans() == {}
    (request_id,), (sent,) = wire.sent("X-Request-ID"), wire.sent("traceparent")
    assert sent.split("-")[1] == request_id


def test_without_an_sdk_the_made_up_trace_is_sent() -> None:
    """OpenTelemetry's API alone records nothing: servers get the request id as their trace."""
    code = (
        "from asr_client.calls.observing import NOBODY\n"
        "from asr_client.contracts.wire import Request\n"
        "from asr_client.endpoint import parse_url\n"
        "from asr_client.observability.telemetry import observe_calls_to\n"
        "observer = observe_calls_to(parse_url('http://h'))('health', 'ab')\n"
        "print(observer.attempt_started(Request('GET', '/v2')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "()\n"


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for telemetry without OpenTelemetry is told what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "asr_client.observability.telemetry", raising=False)
    with pytest.raises(ConfigError, match=r"asr-client\[otel\]"):
        ASRClient("http://h.test", telemetry=True)


@pytest.fixture
def gateway(scripted_http: Callable[[Mapping[str, Answer]], str]) -> str:
    """A gateway that answers the documented call."""
    answer = (200, {"Content-Type": "application/json"}, b'{"transcript": "namaste"}')
    return f"{scripted_http({'POST /api/v1/asr/infer': answer})}/api/v1/asr/infer"


def test_clients_are_watched_when_asked(gateway: str, spans: Callable) -> None:
    """Both clients, from their setting to the exporter, over a real connection."""
    with ASRClient(gateway, telemetry=True) as client:
        client.transcribe(WAVE)

    async def once() -> None:
        async with AsyncASRClient(gateway, telemetry=True) as client:
            await client.transcribe(WAVE)

    asyncio.run(once())
    assert {name: len(ended) for name, ended in spans().items()} == {
        "asr.transcribe": 2,
        ATTEMPT: 2,
    }


def test_example_of_the_documentation_runs(gateway: str) -> None:
    """The program in docs/observability.md works as printed, and its spans hang together."""
    text = (PROJECT / "docs" / "observability.md").read_text()
    (program,) = re.findall(r"```python\n(from opentelemetry.*?)```", text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "ASR_URL": gateway},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "namaste" in done.stdout
    names = re.findall(r'^    "name": "(.*)"', done.stdout, re.MULTILINE)
    assert names == [ATTEMPT, "asr.transcribe", "handle upload"]
    assert len(set(re.findall(r'"trace_id": "(.*)"', done.stdout))) == 1
