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

# So long have two parts to overlap for what lies between them to be of no use: a word that one has
# heard cut off is whole in the other.
_ENOUGH_S = 0.5


def assemble(hearing: Hearing, model_version: str, now_s: float) -> Transcript:
    """
    Make the transcript of a recording whose parts are all over.

    Raises:
        ASRError: What it failed with, if there is no text at all.
    """
    parts = sorted(hearing.parts, key=lambda part: (part.first_sample, part.end_sample))
    attempts = (*hearing.call.log, *(each for part in parts for each in part.attempts))
    _raise_failure(hearing, parts, attempts)
    terms, reader = hearing.terms, hearing.reader
    rate_hz = terms.recognizer.sample_rate_hz
    telling = _needed(parts, rate_hz)
    shared_words = most_words(hearing.call.session.config.chunking.overlap_s)
    segments = _segments(telling, rate_hz, shared_words)
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
            *_told_gaps(telling, rate_hz),
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


def _needed(parts: Sequence[Part], rate_hz: int) -> list[Part]:
    """
    Leave out parts that lie within what their two neighbours have heard.

    Where a piece was halved again and again, some halves are no longer than the overlap. What they
    have heard is told by their neighbours, and would be told twice.
    """
    needed: list[Part] = []
    for part in parts:
        while len(needed) > 1 and not (part.failure or needed[-2].failure):
            enough_s = 0 if needed[-1].failure else _ENOUGH_S
            if needed[-2].end_sample < part.first_sample + enough_s * rate_hz:
                break
            needed.pop()
        needed.append(part)
    return needed


def _segments(parts: Sequence[Part], rate_hz: int, shared_words: int) -> tuple[Segment, ...]:
    """Give each part its own words."""
    overlaps = [
        earlier.end_sample > later.first_sample and not (earlier.failure or later.failure)
        for earlier, later in pairwise(parts)
    ]
    texts = merge_texts([part.text for part in parts], overlaps, overlap_words=shared_words)
    return tuple(
        Segment(begin_s, end_s, text, is_gap=part.failure is not None)
        for part, text, (begin_s, end_s) in zip(parts, texts, _spans(parts, rate_hz), strict=True)
    )


def _spans(parts: Sequence[Part], rate_hz: int) -> list[tuple[float, float]]:
    """Tell from and until when each part tells, in seconds."""
    seams = [_seam(earlier, later) / rate_hz for earlier, later in pairwise(parts)]
    begins = [parts[0].first_sample / rate_hz, *seams]
    return list(zip(begins, [*seams, parts[-1].end_sample / rate_hz], strict=True))


def _seam(earlier: Part, later: Part) -> float:
    """Where two heard the same, one ends where the other begins; a gap has what nobody heard."""
    if later.failure and not earlier.failure:
        return earlier.end_sample
    if earlier.failure and not later.failure:
        return later.first_sample
    return (earlier.end_sample + later.first_sample) / 2


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
    reasons = [part.failure and str(part.failure) for part in parts]
    spans = zip(reasons, _spans(parts, rate_hz), strict=True)
    for reason, gap in groupby(spans, itemgetter(0)):
        if reason is not None:
            (_, (begin_s, _)), (_, (_, end_s)) = itemgetter(0, -1)(tuple(gap))
            yield f"no text from {begin_s:.1f} to {end_s:.1f} s: {reason}"
