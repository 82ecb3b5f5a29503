"""A recording's transcript, put together from what came of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from asr_client.calls.anatomy import measure
from asr_client.calls.many.hearing import Hearing, Part
from asr_client.chunking.merge import merge_texts, most_words
from asr_client.errors import ASRError
from asr_client.faults import Attempt
from asr_client.results import GAP_TEXT, Coverage, Item, Segment, Timing, Transcript

__all__ = ["assemble", "assemble_item"]


def assemble(hearing: Hearing, model_version: str, now_s: float) -> Transcript:
    """
    Make the transcript of a recording whose parts are all over.

    Raises:
        ASRError: What it failed with, if there is no text at all.
    """
    parts = sorted(hearing.parts, key=lambda part: part.first_sample)
    attempts = (*hearing.call.log, *(each for part in parts for each in part.attempts))
    _raise_failure(hearing, parts, attempts)
    terms, reader = hearing.terms, hearing.reader
    rate_hz = terms.recognizer.sample_rate_hz
    shared_words = most_words(hearing.call.session.config.chunking.overlap_s)
    segments = _segments(parts, rate_hz, shared_words)
    text = " ".join(each.text or GAP_TEXT for each in segments if each.text or each.is_gap)
    longest_s = max(part.samples for part in parts) / rate_hz
    return Transcript(
        text=text,
        language=terms.language,
        duration_s=reader.samples / rate_hz,
        segments=segments,
        model=terms.recognizer.model,
        model_version=model_version,
        protocol=terms.recognizer.protocol,
        request_id=hearing.call.request_id,
        timing=_timing(hearing, attempts, now_s),
        audio=reader.facts,
        attempts=attempts,
        warnings=(
            *reader.warnings,
            *terms.warnings(longest_s, text),
            *_told_gaps(parts, rate_hz),
        ),
        coverage=_coverage(parts, reader.samples, rate_hz),
    )


def assemble_item(hearing: Hearing, model_version: str, now_s: float) -> Item:
    """Make what is handed out of one of many recordings, whatever came of it."""
    try:
        transcript = assemble(hearing, model_version, now_s)
    except ASRError as error:
        return Item(hearing.index, hearing.source, error=error)
    return Item(hearing.index, hearing.source, transcript)


def _raise_failure(hearing: Hearing, parts: Sequence[Part], attempts: tuple[Attempt, ...]) -> None:
    failures = [part.failure for part in parts if part.failure is not None]
    failure = hearing.failure
    if failure is None and failures and len(failures) == len(parts):
        failure = failures[0]
    if failure is not None:
        failure.attempts = attempts
        raise failure


def _segments(parts: Sequence[Part], rate_hz: int, shared_words: int) -> tuple[Segment, ...]:
    """Give each part its own words; where two heard the same, one ends where the other begins."""
    overlaps = [
        earlier.seam == "overlap" and not (earlier.failure or later.failure)
        for earlier, later in pairwise(parts)
    ]
    texts = merge_texts([part.text for part in parts], overlaps, overlap_words=shared_words)
    seams = [
        (earlier.end_sample + later.first_sample) / 2 / rate_hz
        for earlier, later in pairwise(parts)
    ]
    begins = [parts[0].first_sample / rate_hz, *seams]
    ends = [*seams, parts[-1].end_sample / rate_hz]
    return tuple(
        Segment(begin_s, end_s, text, is_gap=part.failure is not None)
        for part, text, begin_s, end_s in zip(parts, texts, begins, ends, strict=True)
    )


def _coverage(parts: Sequence[Part], samples: int, rate_hz: int) -> Coverage | None:
    if len(parts) == 1:
        return None
    return Coverage(samples, rate_hz, tuple(part.chunk() for part in parts))


def _timing(hearing: Hearing, attempts: Sequence[Attempt], now_s: float) -> Timing:
    sent_s = now_s if hearing.first_sent_s is None else hearing.first_sent_s
    return measure(
        attempts,
        decode_s=hearing.reader.decode_s,
        resample_s=hearing.reader.resample_s,
        prepare_s=hearing.prepare_s,
        exchange_s=now_s - sent_s,
        total_s=now_s - hearing.call.started_s,
    )


def _told_gaps(parts: Sequence[Part], rate_hz: int) -> Iterator[str]:
    """Tell of each gap once, however many parts it has."""
    for reason, gap in groupby(parts, lambda part: part.failure and str(part.failure)):
        if reason is not None:
            first, last = itemgetter(0, -1)(tuple(gap))
            begin_s, end_s = first.first_sample / rate_hz, last.end_sample / rate_hz
            yield f"no text from {begin_s:.1f} to {end_s:.1f} s: {reason}"
