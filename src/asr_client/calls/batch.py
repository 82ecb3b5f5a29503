"""Several recordings of one language in one request."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from asr_client.audio import AudioSource, Prepared, prepare
from asr_client.calls.anatomy import measure
from asr_client.calls.ask import ask_in_time
from asr_client.calls.discovery import find_route
from asr_client.calls.effects import Flow, work
from asr_client.calls.observing import Subject
from asr_client.calls.session import Call, Session
from asr_client.calls.terms import Options, Terms, settle
from asr_client.contracts.recognizer import Recognized, Recognizer, Utterances
from asr_client.results import Segment, Timing, Transcript

__all__ = ["transcribe_batch"]


def transcribe_batch(
    session: Session, sources: Sequence[AudioSource], options: Options
) -> Flow[tuple[Transcript, ...]]:
    """Transcribe recordings in one request: find the way, prepare the audio, ask, assemble."""
    if not sources:
        return ()
    with session.observed_call("transcribe", options.deadline_s) as call:
        return (yield from _transcribe(call, sources, options))


def _transcribe(
    call: Call, sources: Sequence[AudioSource], options: Options
) -> Flow[tuple[Transcript, ...]]:
    session, clock = call.session, call.session.clock
    route = yield from find_route(call, session.config.model)
    # Refused here, before any audio is read: a wrong language would fail others' requests, too,
    # since Triton answers a whole batch with one error (docs/servers.md 3).
    terms = settle(route.recognizer, session.config, options, len(sources))

    preparing_s = clock()
    # The audio's length is not known yet, so a call without a limit has the longest one.
    call = call.with_audio(options.deadline_s, math.inf)
    prepared = yield from _prepare_all(call, sources, options, terms.recognizer)
    asking_s = clock()

    # The recordings of a batch add up: a decoder takes its rows one after the other.
    audio_s = sum(one.wave.duration_s for one in prepared)
    call = call.with_audio(options.deadline_s, audio_s)
    call.observer.settled(Subject(terms.recognizer.model, terms.language, audio_s))
    call.deadline.require_s("preparing the audio")
    utterances = Utterances(tuple(one.wave for one in prepared), terms.language, call.request_id)
    recognized = yield from ask_in_time(
        call, lambda left_s: terms.recognizer.recognize(replace(utterances, timeout_s=left_s))
    )
    ended_s = clock()
    session.routes[session.config.model] = route  # a guess, too, once it has worked

    timing = measure(
        call.log,
        decode_s=sum(one.decode_s for one in prepared),
        resample_s=sum(one.resample_s for one in prepared),
        prepare_s=asking_s - preparing_s,
        exchange_s=ended_s - asking_s,
        total_s=ended_s - call.started_s,
    )
    return _assemble(call, terms, prepared, recognized, timing)


def _prepare_all(
    call: Call, sources: Sequence[AudioSource], options: Options, recognizer: Recognizer
) -> Flow[list[Prepared]]:
    prepared = []
    for source in sources:
        decode = partial(
            prepare,
            source,
            source_rate_hz=options.sample_rate_hz,
            rate_hz=recognizer.sample_rate_hz,
            normalize_peak=call.session.config.normalize_peak,
        )
        prepared.append((yield from work(decode, call.deadline, "preparing the audio")))
    return prepared


def _assemble(
    call: Call,
    terms: Terms,
    prepared: Sequence[Prepared],
    recognized: Recognized,
    timing: Timing,
) -> tuple[Transcript, ...]:
    return tuple(
        Transcript(
            text=text,
            language=terms.language,
            duration_s=one.wave.duration_s,
            segments=(Segment(0.0, one.wave.duration_s, text),),
            model=terms.recognizer.model,
            model_version=recognized.model_version,
            protocol=terms.recognizer.protocol,
            request_id=call.request_id,
            timing=timing,
            audio=one.facts,
            attempts=tuple(call.log),
            warnings=one.warnings + terms.warnings(one.wave.duration_s, text),
        )
        for one, text in zip(prepared, recognized.texts, strict=True)
    )
