"""The flow, driven by hand: scripted replies, a fake clock, no server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from asr_client import DeadlineError, NotSentError, Waveform
from asr_client.calls.effects import Send, Work
from asr_client.calls.session import Session
from asr_client.calls.terms import Options
from asr_client.calls.transcription import transcribe
from asr_client.client import open_session
from asr_client.contracts.wire import Reply
from asr_client.retry import NO_RETRY, RetryPolicy

METADATA = {
    "name": "asr_am_ensemble",
    "versions": ["1"],
    "platform": "ensemble",
    "inputs": [
        {"name": "AUDIO_SIGNAL", "datatype": "FP32", "shape": [-1, -1]},
        {"name": "NUM_SAMPLES", "datatype": "INT32", "shape": [-1, 1]},
        {"name": "LANG_ID", "datatype": "BYTES", "shape": [-1, 1]},
    ],
    "outputs": [{"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [-1, -1]}],
}
CONFIG = {"max_batch_size": 32}
ANSWER = {
    "model_name": "asr_am_ensemble",
    "model_version": "1",
    "outputs": [
        {"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [1], "data": [" नमस्ते "]},
    ],
}
WAVE = Waveform(np.zeros(32_000, np.float32), 16_000)


class Clock:
    """Time that passes when told."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def session(clock: Clock) -> Session:
    """A session without a server."""
    return replace(open_session("http://h:1", {"retry": NO_RETRY, "pacing": False}), clock=clock)


def reply(fields: object) -> Reply:
    """A good reply in JSON."""
    return Reply(200, {}, json.dumps(fields).encode())


def paths(effects: list[object]) -> Iterator[str]:
    """The paths asked for, in order."""
    return (effect.request.path for effect in effects if isinstance(effect, Send))


def drive(session: Session, replies: list[Reply]) -> tuple[object, list[object]]:
    """Answer a flow from a list; give its result and what it asked for."""
    flow = transcribe(session, WAVE, Options(language="Hindi"))
    effects: list[object] = [next(flow)]
    try:
        while True:
            effect = effects[-1]
            done = effect.function() if isinstance(effect, Work) else replies.pop(0)
            effects.append(flow.send(done))
    except StopIteration as end:
        return end.value, effects


def test_flow_asks_for_the_model_once_and_then_only_infers(session: Session) -> None:
    """Metadata and configuration are asked for once a session; later calls are one request."""
    first, effects = drive(session, [reply(METADATA), reply(CONFIG), reply(ANSWER)])
    assert list(paths(effects)) == [
        "/v2/models/asr_am_ensemble",
        "/v2/models/asr_am_ensemble/config",
        "/v2/models/asr_am_ensemble/infer",
    ]
    assert (first.text, first.language, first.duration_s) == ("नमस्ते", "hi", 2.0)
    _, effects = drive(session, [reply(ANSWER)])
    assert list(paths(effects)) == ["/v2/models/asr_am_ensemble/infer"]


def test_flow_does_without_the_configuration_when_it_is_closed(session: Session) -> None:
    """A gateway that routes metadata alone is good enough."""
    closed = Reply(404, {"x-kong-response-latency": "0"}, b'{"message":"no Route matched"}')
    first, _ = drive(session, [reply(METADATA), closed, reply(ANSWER)])
    assert first.text == "नमस्ते"


def test_flow_sends_the_same_id_in_header_and_body(session: Session) -> None:
    """Gateway and server log the same request id, and the transcript tells it."""
    first, effects = drive(session, [reply(METADATA), reply(CONFIG), reply(ANSWER)])
    sent = effects[-1].request
    assert ("X-Request-ID", first.request_id) in sent.headers
    assert json.loads(bytes(sent.body[0]))["id"] == first.request_id


def test_flow_tells_the_server_what_is_left_of_the_deadline(session: Session, clock: Clock) -> None:
    """Triton may drop a queued request when its caller has gone; each try says what is left."""
    again = replace(session, config=replace(session.config, retry=RetryPolicy()))
    flow = transcribe(again, WAVE, Options(language="hi", deadline_s=10.0))
    next(flow)
    flow.send(reply(METADATA))
    work = flow.send(reply(CONFIG))
    clock.now_s += 4
    first = flow.send(work.function())
    assert timeout_us(first) == pytest.approx(6e6)
    clock.now_s += 2
    back_off = flow.send(Reply(503, {}, b'{"error":"Exceeds maximum queue size"}'))
    clock.now_s += back_off.seconds
    assert timeout_us(flow.send(None)) == pytest.approx(4e6 - 1e6 * back_off.seconds)


def timeout_us(sent: object) -> int:
    """The time-out that an inference carries, in microseconds."""
    assert isinstance(sent, Send)
    assert sent.request.path.endswith("/infer")
    return json.loads(bytes(sent.request.body[0]))["parameters"]["timeout"]


def test_flow_ends_when_time_runs_out_during_preparation(session: Session, clock: Clock) -> None:
    """Audio that took the caller's time to decode is not sent after the deadline."""
    flow = transcribe(session, WAVE, Options(language="hi", deadline_s=1.0))
    next(flow)
    flow.send(reply(METADATA))
    work = flow.send(reply(CONFIG))
    prepared = work.function()
    clock.now_s += 2
    with pytest.raises(DeadlineError, match="the deadline of 1 s passed while preparing the audio"):
        flow.send(prepared)


def test_flow_lets_a_transport_error_through(session: Session) -> None:
    """What a driver throws into the flow reaches the caller as it is."""
    flow = transcribe(session, WAVE, Options(language="hi"))
    next(flow)
    with pytest.raises(NotSentError, match="down"):
        flow.throw(NotSentError("down"))


@pytest.mark.parametrize(("audio_s", "limit_s"), [(0, 30), (10, 50), (3600, 900)])
def test_deadline_grows_with_the_audio_when_none_is_named(
    session: Session, audio_s: float, limit_s: float
) -> None:
    """30 s and twice the audio, at most 15 minutes."""
    assert session.deadline(None, audio_s=audio_s).limit_s == limit_s
