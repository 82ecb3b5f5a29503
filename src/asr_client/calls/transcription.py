"""
One transcription, step by step; the heart of the client.

It does no I/O itself: it yields what it needs done (effects.py), and threads, event loops and
tests drive the very same code (drive/).
"""

from __future__ import annotations

from asr_client.audio import AudioSource
from asr_client.calls.discovery import find_route
from asr_client.calls.effects import Flow
from asr_client.calls.many.assembly import assemble
from asr_client.calls.many.flow import transcribe_pieces
from asr_client.calls.many.hearing import Hearing, Part
from asr_client.calls.many.opening import open_one
from asr_client.calls.observing import Subject
from asr_client.calls.session import Call, Session
from asr_client.calls.terms import Options
from asr_client.errors import TooLargeError
from asr_client.results import Transcript

__all__ = ["transcribe"]


def transcribe(session: Session, source: AudioSource, options: Options) -> Flow[Transcript]:
    """Transcribe a recording: find the way, prepare the audio, ask, assemble."""
    with session.observed_call("transcribe", options.deadline_s) as call:
        return (yield from _transcribe(call, source, options))


def _transcribe(call: Call, source: AudioSource, options: Options) -> Flow[Transcript]:
    session = call.session
    route = yield from find_route(call, session.config.model)
    hearing = open_one(call, route, options, source)
    hearing.counts_from_s, hearing.ends_call = call.started_s, False
    try:
        part = hearing.take((yield from hearing.read()))
        if part is None or not hearing.reader.is_whole:
            return (yield from transcribe_pieces(hearing, route))
        try:
            version = yield from _ask_whole(hearing, part)
        except TooLargeError as error:
            return (yield from transcribe_pieces(hearing, route, refused=error))
        session.routes[session.config.model] = route  # a guess, too, once it has worked
        return assemble(hearing, version, session.clock())
    finally:
        hearing.reader.close()


def _ask_whole(hearing: Hearing, part: Part) -> Flow[str]:
    """Have all of a recording recognized in one request; give the version of the model."""
    terms, audio_s = hearing.terms, part.samples / hearing.terms.recognizer.sample_rate_hz
    call = hearing.call.with_audio(hearing.options.deadline_s, audio_s)
    call.observer.settled(Subject(terms.recognizer.model, terms.language, audio_s))
    call.deadline.require_s("preparing the audio")
    hearing.first_sent_s = call.session.clock()
    recognized = yield from part.ask(call, None)
    part.end(text=recognized.texts[0])
    return recognized.model_version
