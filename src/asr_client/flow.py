"""
One transcription, step by step; the heart of the client.

It does no I/O itself: it yields what it needs done (effects.py), and threads, event loops and
tests drive the very same code (drive.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from uuid import uuid4

from asr_client.audio import AudioSource, Prepared, prepare
from asr_client.contracts.recognizer import Recognized, Recognizer, Utterances
from asr_client.deadline import Deadline
from asr_client.discovery import find_route
from asr_client.effects import Flow, perform, work
from asr_client.results import Segment, Timing, Transcript
from asr_client.session import Session
from asr_client.terms import Options, Terms, settle

__all__ = ["transcribe"]


def transcribe(
    session: Session, sources: Sequence[AudioSource], options: Options
) -> Flow[tuple[Transcript, ...]]:
    """Transcribe recordings in one request: find the way, prepare the audio, ask, assemble."""
    if not sources:
        return ()
    clock = session.clock
    started_s = clock()
    deadline = session.deadline(options.deadline_s)
    route = yield from find_route(session, session.config.model, deadline)
    # Refused here, before any audio is read: a wrong language would fail others' requests, too,
    # since Triton answers a whole batch with one error (docs/servers.md 3).
    terms = settle(route.recognizer, session.config, options, len(sources))

    preparing_s = clock()
    # The audio's length is not known yet, so a call without a limit has the longest one.
    deadline = session.deadline(options.deadline_s, started_s=started_s, audio_s=math.inf)
    prepared = yield from _prepare_all(session, sources, options, terms.recognizer, deadline)
    asking_s = clock()

    # The recordings of a batch add up: a decoder takes its rows one after the other.
    audio_s = sum(one.wave.duration_s for one in prepared)
    deadline = session.deadline(options.deadline_s, started_s=started_s, audio_s=audio_s)
    deadline.require_s("preparing the audio")
    utterances = Utterances(tuple(one.wave for one in prepared), terms.language, uuid4().hex)
    exchange = terms.recognizer.recognize(utterances)
    recognized = yield from perform(exchange, deadline, utterances.request_id)
    ended_s = clock()
    session.routes[session.config.model] = route  # a guess, too, once it has worked

    timing = Timing(asking_s - preparing_s, ended_s - asking_s, ended_s - started_s)
    return _assemble(terms, utterances, prepared, recognized, timing)


def _prepare_all(
    session: Session,
    sources: Sequence[AudioSource],
    options: Options,
    recognizer: Recognizer,
    deadline: Deadline,
) -> Flow[list[Prepared]]:
    prepared = []
    for source in sources:
        decode = partial(
            prepare,
            source,
            source_rate_hz=options.sample_rate_hz,
            rate_hz=recognizer.sample_rate_hz,
            normalize_peak=session.config.normalize_peak,
        )
        prepared.append((yield from work(decode, deadline)))
    return prepared


def _assemble(
    terms: Terms,
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
            model=terms.recognizer.model,
            model_version=recognized.model_version,
            protocol=terms.recognizer.protocol,
            request_id=utterances.request_id,
            timing=timing,
            audio=one.facts,
            warnings=one.warnings + terms.warnings(one.wave.duration_s),
        )
        for one, text in zip(prepared, recognized.texts, strict=True)
    )
