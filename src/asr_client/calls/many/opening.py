"""A recording, opened: its terms settled, its reader ready, its call begun."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from asr_client.audio import AudioSource
from asr_client.calls.many.hearing import Hearing
from asr_client.calls.many.shapes import Shapes
from asr_client.calls.recording import Recording
from asr_client.calls.session import Call, Route, Session
from asr_client.calls.terms import Options, settle
from asr_client.chunking.reader import PieceReader

__all__ = ["open_hearing", "open_one"]


def open_hearing(
    session: Session, route: Route, options: Options, index: int, source: object
) -> Hearing:
    """
    Begin with one of many.

    Raises:
        ASRError: If the model does not take its language.
    """
    call = session.call()
    call = call.watched_by(session.observe("transcribe", call.request_id))
    return open_one(call, route, options, source, index=index)


def open_one(
    call: Call, route: Route, options: Options, source: object, *, index: int = 0
) -> Hearing:
    """Begin with a recording whose call has begun."""
    audio = source
    if isinstance(source, Recording):
        audio = source.audio
        options = replace(
            options,
            language=source.language or options.language,
            sample_rate_hz=source.sample_rate_hz or options.sample_rate_hz,
        )
    config, recognizer = call.session.config, route.recognizer
    # Refused here, before any audio is read: a wrong language would fail others' requests, too,
    # since Triton answers a whole batch with one error (docs/servers.md 3).
    terms = settle(recognizer, config, options, 1)
    reader = PieceReader(
        cast("AudioSource", audio),  # what is none is refused when it is read
        source_rate_hz=options.sample_rate_hz,
        rate_hz=recognizer.sample_rate_hz,
        chunking=config.chunking,
        longest_s=Shapes(call.session, recognizer).longest_s,
        normalize_peak=config.normalize_peak,
    )
    return Hearing(index, source, call, terms, options, reader)
