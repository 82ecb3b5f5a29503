"""
One transcription, step by step; the heart of the client.

A flow is a generator: it yields what it needs done (Send, Work) and is given the result. It does
no I/O itself, so threads, event loops and tests drive the very same code (drive.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from asr_client.audio import AudioSource, Prepared, prepare
from asr_client.contracts.speech import Recognized, Recognizer, Utterances
from asr_client.discovery import find_route
from asr_client.results import Segment, Timing, Transcript
from asr_client.session import Flow, Session, Work, perform
from asr_client.terms import Options, check_count, choose_language, deadline_for, notes

__all__ = ["transcribe"]


def transcribe(
    session: Session, sources: Sequence[AudioSource], options: Options
) -> Flow[tuple[Transcript, ...]]:
    """Transcribe recordings in one request: find the way, prepare the audio, ask, assemble."""
    if not sources:
        return ()
    config, clock = session.config, session.clock
    started_s = clock()
    deadline = deadline_for(config, options, started_s, clock)
    route = yield from find_route(session, config.model, deadline)
    recognizer = route.recognizer
    check_count(recognizer, len(sources))
    # Refused here, before any audio is read: a wrong language would fail others' requests, too,
    # since Triton answers a whole batch with one error (docs/servers.md 3).
    asked = options.language or config.language
    language = choose_language(recognizer, asked, config)

    preparing_s = clock()
    prepared: list[Prepared] = []
    for source in sources:
        one: Prepared = yield _preparation(session, recognizer, source, options)
        noted = one.warnings + notes(recognizer, asked, one.wave.duration_s)
        prepared.append(replace(one, warnings=noted))
    asking_s = clock()

    # The audio of a batch adds up: a decoder takes its rows one after the other.
    audio_s = sum(one.wave.duration_s for one in prepared)
    deadline = deadline_for(config, options, started_s, clock, audio_s)
    deadline.require_s("preparing the audio")
    utterances = Utterances(tuple(one.wave for one in prepared), language, uuid4().hex)
    call = recognizer.recognize(utterances)
    recognized = yield from perform(call, deadline, utterances.request_id)
    ended_s = clock()

    timing = Timing(asking_s - preparing_s, ended_s - asking_s, ended_s - started_s)
    return _assemble(recognizer, utterances, prepared, recognized, timing)


def _preparation(
    session: Session, recognizer: Recognizer, source: AudioSource, options: Options
) -> Work:
    return Work(
        lambda: prepare(
            source,
            source_rate_hz=options.sample_rate_hz,
            rate_hz=recognizer.sample_rate_hz,
            normalize_peak=session.config.normalize_peak,
        )
    )


def _assemble(
    recognizer: Recognizer,
    utterances: Utterances,
    prepared: Sequence[Prepared],
    recognized: Recognized,
    timing: Timing,
) -> tuple[Transcript, ...]:
    return tuple(
        Transcript(
            text=text,
            language=utterances.language,
            duration_s=one.wave.duration_s,
            segments=(Segment(0.0, one.wave.duration_s, text),),
            model=recognizer.model,
            model_version=recognized.model_version,
            protocol=recognizer.protocol,
            request_id=utterances.request_id,
            timing=timing,
            audio=one.facts,
            warnings=one.warnings,
        )
        for one, text in zip(prepared, recognized.texts, strict=True)
    )
