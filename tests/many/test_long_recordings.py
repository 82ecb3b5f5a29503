"""Recordings longer than one request: all of it sent, the text whole, and gaps said."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from asr_client import (
    ASRClient,
    AsyncASRClient,
    Chunking,
    RejectedInputError,
    TooLargeError,
    Transcript,
)
from asr_client.retry import NO_RETRY
from asr_client.testing import Gateway
from spelled_speech import RATE_HZ, answer, speak, words_for

PATH = "/api/v1/asr/infer"
NUMBERS = range(400)
SENTENCES = speak(NUMBERS, pause_after=12)  # 3.4 minutes, a pause every 5 s
UNBROKEN = speak(NUMBERS)


def client_of(gateway: Gateway, **settings: Any) -> ASRClient:
    """A client that repeats nothing, so that what happens is what is asked for."""
    return ASRClient(f"{gateway.url}{PATH}", language="hi", retry=NO_RETRY, **settings)


def check_coverage(transcript: Transcript, samples: int) -> None:
    """Every sample was sent, in order, and twice only where the seam says so."""
    coverage = transcript.coverage
    assert coverage is not None
    assert coverage.samples == samples
    assert coverage.unsent == ()
    chunks = coverage.chunks
    assert (chunks[0].first_sample, chunks[-1].end_sample) == (0, samples)
    assert [chunk.seam == "end" for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    for earlier, later in pairwise(chunks):
        shared = earlier.end_sample - later.first_sample
        assert (shared > 0) == (earlier.seam == "overlap")
        assert shared >= 0


def test_a_long_recording_is_whole(speller: ASRClient, gateway: Gateway) -> None:
    """Cut in its pauses, sent side by side, told as one text with the times of its chunks."""
    transcript = speller.transcribe(SENTENCES, sample_rate_hz=RATE_HZ)
    assert transcript.text == words_for(NUMBERS)
    check_coverage(transcript, len(SENTENCES))
    assert {chunk.seam for chunk in transcript.coverage.chunks} == {"pause", "end"}
    assert transcript.is_complete
    assert not transcript.warnings
    assert len(gateway.calls) == len(transcript.segments) == len(transcript.attempts)
    assert all(segment.end_s - segment.start_s <= 28 for segment in transcript.segments[:-1])
    assert transcript.segments[-1].end_s == pytest.approx(transcript.duration_s)


def test_progress_is_told_chunk_by_chunk(speller: ASRClient) -> None:
    """Nobody waits for an hour without a word."""
    told: list[float] = []
    transcript = speller.transcribe(SENTENCES, sample_rate_hz=RATE_HZ, on_progress=told.append)
    assert len(told) == len(transcript.segments)
    assert sum(told) == pytest.approx(transcript.duration_s)


def test_speech_without_a_pause_is_whole(speller: ASRClient) -> None:
    """Two chunks hear the same second; what both heard is told once, fragments not at all."""
    transcript = speller.transcribe(UNBROKEN, sample_rate_hz=RATE_HZ)
    assert transcript.text == words_for(NUMBERS)
    check_coverage(transcript, len(UNBROKEN))


@pytest.mark.parametrize(
    "chunking",
    [Chunking.dhruva(), Chunking(longest_s=5, whole_s=5, shortest_s=1, overlap_s=1)],
    ids=["dhruva", "5 s"],
)
@pytest.mark.parametrize("speech", [SENTENCES, UNBROKEN], ids=["sentences", "unbroken"])
def test_other_chunks_give_the_same_text(gateway: Gateway, chunking: Chunking, speech: Any) -> None:
    """How it is cut does not show."""
    with client_of(gateway, chunking=chunking) as client:
        transcript = client.transcribe(speech, sample_rate_hz=RATE_HZ)
    assert transcript.text == words_for(NUMBERS)
    check_coverage(transcript, len(speech))


def test_event_loop_gives_the_same_long_text(gateway: Gateway) -> None:
    """Tasks and threads do the same work."""

    async def transcribe() -> Transcript:
        async with AsyncASRClient(f"{gateway.url}{PATH}", language="hi") as client:
            return await client.transcribe(UNBROKEN, sample_rate_hz=RATE_HZ)

    assert asyncio.run(transcribe()).text == words_for(NUMBERS)


def test_short_and_long_recordings_go_together(speller: ASRClient) -> None:
    """A long one among short ones holds nobody up and mixes with nobody."""
    clips = [speak([n]) for n in range(20)]
    recordings = [*clips[:10], SENTENCES, *clips[10:]]
    items = list(speller.transcribe_many(recordings, sample_rate_hz=RATE_HZ, ordered=True))
    texts = [item.get().text for item in items]
    expected = [words_for([n]) for n in range(20)]
    assert texts == [*expected[:10], words_for(NUMBERS), *expected[10:]]


def test_what_is_too_large_is_cut_and_the_limit_remembered() -> None:
    """A 413 costs one upload, not the transcript; later calls know it."""
    with Gateway(answer, max_body_bytes=300_000) as gateway, client_of(gateway) as client:
        transcript = client.transcribe(SENTENCES, sample_rate_hz=RATE_HZ)
        assert transcript.text == words_for(NUMBERS)
        check_coverage(transcript, len(SENTENCES))
        assert 413 in gateway.counts_by_status()
        gateway.forgets_calls()
        again = client.transcribe(UNBROKEN, sample_rate_hz=RATE_HZ)
        assert again.text == words_for(NUMBERS)
        assert set(gateway.counts_by_status()) == {200}


def test_halves_within_an_overlap_are_told_by_their_neighbours() -> None:
    """A limit that is learned late leaves pieces no longer than what two of them share."""
    chunking = Chunking(overlap_s=7)
    with (
        Gateway(answer, max_body_bytes=150_000) as gateway,
        client_of(gateway, chunking=chunking) as client,
    ):
        transcript = client.transcribe(UNBROKEN[: 100 * RATE_HZ], sample_rate_hz=RATE_HZ)
    assert transcript.text == words_for(range(250))
    assert transcript.coverage.unsent == ()
    assert transcript.is_complete
    starts = [segment.start_s for segment in transcript.segments]
    assert starts == sorted(starts)


def test_a_short_recording_that_is_too_large_is_cut() -> None:
    """It would go in one request, if the gateway took it."""
    clip = speak(range(50), pause_after=6)
    with Gateway(answer, max_body_bytes=300_000) as gateway, client_of(gateway) as client:
        transcript = client.transcribe(clip, sample_rate_hz=RATE_HZ)
    assert transcript.text == words_for(range(50))
    check_coverage(transcript, len(clip))
    assert transcript.attempts[0].status == 413


def test_a_gateway_that_takes_nothing_is_an_error() -> None:
    """Halving ends where hardly a word would be left."""
    with Gateway(answer, max_body_bytes=10_000) as gateway, client_of(gateway) as client:
        with pytest.raises(TooLargeError):
            client.transcribe(speak(range(5)), sample_rate_hz=RATE_HZ)
        assert len(gateway.calls) <= 10


def test_a_chunk_that_fails_is_a_gap(gateway: Gateway) -> None:
    """It is never silent: in the text, in the segments, in the warnings, in the coverage."""
    with client_of(gateway) as client:
        gateway.answers(400, body=b'{"error":"no"}', times=1)
        transcript = client.transcribe(SENTENCES, sample_rate_hz=RATE_HZ)
    assert not transcript.is_complete
    assert transcript.coverage.unsent == ()
    ((begin_s, end_s),) = transcript.coverage.gaps
    (gap,) = [segment for segment in transcript.segments if segment.is_gap]
    assert (gap.start_s, gap.end_s, gap.text) == (begin_s, end_s, "")
    assert transcript.text.count("[...]") == 1
    (warning,) = transcript.warnings
    assert f"no text from {begin_s:.1f} to {end_s:.1f} s" in warning
    (failed,) = [chunk for chunk in transcript.coverage.chunks if chunk.failure]
    assert "bad_request" in failed.failure
    words = set(words_for(NUMBERS).split())
    assert set(transcript.text.replace("[...]", "").split()) < words


def test_a_gap_beside_an_overlap_loses_no_more_than_its_own(gateway: Gateway) -> None:
    """The neighbours keep what they heard, the shared second included."""
    with client_of(gateway) as client:
        gateway.answers(400, body=b'{"error":"no"}', times=1)
        transcript = client.transcribe(UNBROKEN, sample_rate_hz=RATE_HZ)
    ((begin_s, end_s),) = transcript.coverage.gaps
    spoken = dict(enumerate(words_for(NUMBERS).split()))
    outside = [
        word
        for number, word in spoken.items()
        if 0.4 * number + 0.3 <= begin_s or 0.4 * number >= end_s
    ]
    assert set(outside) <= set(transcript.text.split())
    (gap,) = [segment for segment in transcript.segments if segment.is_gap]
    assert (gap.start_s, gap.end_s) == (begin_s, end_s)
    assert f"no text from {begin_s:.1f} to {end_s:.1f} s" in transcript.warnings[0]


def test_an_error_is_raised_if_nothing_came_back(gateway: Gateway) -> None:
    """Gaps only are no transcript."""
    with client_of(gateway) as client:
        gateway.answers(400, body=b'{"error":"no"}', times=1000)
        with pytest.raises(RejectedInputError) as caught:
            client.transcribe(SENTENCES, sample_rate_hz=RATE_HZ)
    assert len(caught.value.attempts) > 1


def test_a_deadline_bounds_all_of_it(gateway: Gateway) -> None:
    """What is not answered by then is a gap; what was answered is kept."""
    with client_of(gateway) as client:
        gateway.hangs(seconds=3, times=1)
        transcript = client.transcribe(SENTENCES, sample_rate_hz=RATE_HZ, deadline_s=1.5)
    assert len(transcript.coverage.gaps) >= 1
    assert all("deadline" in chunk.failure for chunk in transcript.coverage.chunks if chunk.failure)
    assert words_for([399]) in transcript.text
