"""Cutting: every sample is in a piece, cuts lie where they should, lengths keep to their limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asr_client.audio import Waveform
from asr_client.chunking.cutter import Cutter, halve
from asr_client.chunking.lengths import Lengths
from asr_client.chunking.options import Chunking, SpeechDetection
from asr_client.chunking.piece import Piece
from spoken_blocks import KINDS, RATE_HZ, STRETCHES, in_blocks, sound, stretches

SMALL = Chunking(longest_s=3.0, whole_s=3.5, shortest_s=0.5, overlap_s=0.4)
CHUNKINGS = st.builds(
    lambda longest_s, more_s, shortest, overlap: Chunking(
        longest_s=longest_s,
        whole_s=longest_s + more_s,
        shortest_s=shortest * longest_s,
        overlap_s=overlap * longest_s,
    ),
    st.floats(0.4, 4.0),
    st.floats(0.0, 2.0),
    st.floats(0.05, 0.95),
    st.floats(0.0, 0.25),
)
BLOCK_SIZES = st.lists(st.integers(0, 3_000), min_size=1, max_size=4).filter(any)


def cut(
    blocks: Iterable[np.ndarray], chunking: Chunking = SMALL, longest_s: float = math.inf
) -> list[Piece]:
    """Cut what comes in these blocks."""
    cutter = Cutter(RATE_HZ, chunking, longest_s)
    pieces: list[Piece] = []
    for block in blocks:
        cutter.push(block)
        while (piece := cutter.cut()) is not None:
            pieces.append(piece)
    cutter.finish()
    while (piece := cutter.cut()) is not None:
        pieces.append(piece)
    return pieces


def check_pieces(pieces: Sequence[Piece], samples: np.ndarray, overlap: int) -> None:
    """Hold pieces against the recording: all of it, in order, twice only where that is said."""
    assert bool(pieces) == bool(samples.size)
    end = 0
    for piece, seam in zip(pieces, ["pause", *(each.seam for each in pieces)], strict=False):
        assert piece.first_sample == end - (overlap if seam == "overlap" else 0)
        assert np.array_equal(piece.wave.samples, samples[piece.first_sample : piece.end_sample])
        end = piece.end_sample
    assert end == samples.size
    assert all(piece.seam != "end" for piece in pieces[:-1])
    assert all(piece.seam == "end" for piece in pieces[-1:])


@settings(max_examples=60, deadline=None)
@given(parts=STRETCHES, sizes=BLOCK_SIZES)
@example(parts=[("speech", 20.0)], sizes=[1])
def test_pieces_are_the_recording_whatever_the_blocks(parts, sizes) -> None:
    """Sizes of blocks change nothing; nothing is lost, nothing is changed, nothing comes twice."""
    samples = stretches(parts)
    pieces = cut(in_blocks(samples, sizes))
    check_pieces(pieces, samples, round(SMALL.overlap_s * RATE_HZ))
    again = cut([samples])
    assert [(each.first_sample, each.end_sample, each.seam) for each in pieces] == [
        (each.first_sample, each.end_sample, each.seam) for each in again
    ]


@settings(max_examples=60, deadline=None)
@given(
    parts=STRETCHES,
    chunking=CHUNKINGS,
    limit_s=st.one_of(st.just(math.inf), st.floats(0.1, 4.0)),
)
def test_pieces_keep_to_their_lengths(parts, chunking, limit_s) -> None:
    """None beyond what is taken, none but the last beyond the wish, none too short without need."""
    samples = stretches(parts)
    pieces = cut([samples], chunking, limit_s)
    lengths = Lengths.of(chunking, RATE_HZ, limit_s)
    check_pieces(pieces, samples, lengths.overlap)
    sizes = [piece.wave.samples.size for piece in pieces]
    assert all(size <= max(1, limit_s * RATE_HZ) for size in sizes)
    assert all(size <= lengths.longest for size in sizes[:-1])
    if len(sizes) > 1:
        assert sizes[-1] <= min(lengths.longest + lengths.shortest, lengths.whole)
        assert all(size >= lengths.shortest for size in sizes)
    assert (samples.size <= lengths.whole) == (len(sizes) <= 1)


@pytest.mark.parametrize("samples", [1, 2, 3, 5, 16, 40])
def test_cut_goes_on_under_an_absurd_limit(samples) -> None:
    """Shorter than a frame, down to a sample a piece: slow, and still all of it."""
    recording = sound("speech", 0.2)
    pieces = cut([recording], longest_s=samples / RATE_HZ)
    check_pieces(pieces, recording, samples // 4)
    assert all(piece.wave.samples.size <= samples for piece in pieces)


@pytest.mark.parametrize("kind", KINDS)
def test_cut_comes_to_an_end_with_any_sound(kind) -> None:
    """A minute of anything is about as many pieces as it needs."""
    samples = sound(kind, 60)
    pieces = cut([samples])
    check_pieces(pieces, samples, round(SMALL.overlap_s * RATE_HZ))
    assert 20 <= len(pieces) <= 34


def test_cut_lies_in_the_pause() -> None:
    """In the middle of a short one, half a second before the speech after a long one."""
    short = stretches([("speech", 2.0), ("hush", 0.6), ("speech", 2.0)])
    (first, second) = cut([short])
    assert (first.seam, second.first_sample) == ("pause", first.end_sample)
    assert first.end_sample == pytest.approx(2_300, abs=20)
    long = stretches([("speech", 0.8), ("hush", 2.0), ("speech", 2.0)])
    assert cut([long])[0].end_sample == pytest.approx(2_300, abs=120)


def test_cut_prefers_the_late_and_long_pause() -> None:
    """As few requests as do no harm: a later pause wins, if it is long enough to be one."""
    samples = stretches([
        ("speech", 0.7), ("hush", 0.4), ("speech", 1.2), ("hush", 0.4), ("speech", 2.0),
    ])  # fmt: skip
    assert cut([samples])[0].end_sample == pytest.approx(2_500, abs=60)
    brief = stretches([
        ("speech", 0.9), ("hush", 1.0), ("speech", 0.5), ("hush", 0.3), ("speech", 2.0),
    ])  # fmt: skip
    assert 900 < cut([brief])[0].end_sample < 1_900


def test_cut_overlaps_at_the_quietest_place_when_there_is_no_pause() -> None:
    """The quiet place is in the middle of what both hear."""
    samples = stretches([("speech", 2.4), ("hush", 0.1), ("speech", 3.0)])
    first, second = cut([samples])
    assert first.seam == "overlap"
    assert (first.end_sample + second.first_sample) / 2 == pytest.approx(2_450, abs=30)


def test_cut_without_overlap_says_so() -> None:
    """Where nothing is heard twice, nothing is to be merged."""
    plain = Chunking(longest_s=3.0, whole_s=3.5, shortest_s=0.5, overlap_s=0.0)
    samples = sound("speech", 10)
    pieces = cut([samples], plain)
    assert {piece.seam for piece in pieces[:-1]} == {"pause"}
    check_pieces(pieces, samples, 0)


def test_rest_goes_with_the_piece_before_it() -> None:
    """3.4 s are 3 s and too little for a piece: the last piece may be that much longer."""
    samples = stretches([("speech", 2.0), ("hush", 0.5), ("speech", 3.1)])
    assert [piece.end_sample for piece in cut([samples])][1:] == [samples.size]
    # A model that takes no more than 3 s gets three pieces, none of them too short.
    sizes = [piece.wave.samples.size for piece in cut([samples], longest_s=3.0)]
    assert len(sizes) == 3
    assert min(sizes) >= 500


def test_cut_follows_a_limit_that_is_learned_on_the_way() -> None:
    """What is cut from now on is shorter; what was given stays."""
    samples = sound("speech", 12)
    cutter = Cutter(RATE_HZ, SMALL, math.inf)
    cutter.push(samples)
    pieces = [cutter.cut()]
    cutter.longest_s = 1.0
    cutter.finish()
    while (piece := cutter.cut()) is not None:
        pieces.append(piece)
    assert pieces[0].wave.duration_s > 1
    assert all(piece.wave.duration_s <= 1 for piece in pieces[1:])
    assert pieces[-1].end_sample == samples.size


def test_dhruva_cuts_at_7_s_and_adds_what_is_left() -> None:
    """Contract of the model's origin: at most 7 s, a rest below 3 s goes with the last chunk."""
    chunking = Chunking.dhruva()
    assert (chunking.speech.min_pause_s, chunking.speech.pad_s) == (0.4, 0.2)
    assert [piece.seam for piece in cut([sound("speech", 9.9)], chunking)] == ["end"]
    pieces = cut([sound("speech", 40)], chunking)
    assert all(3 <= piece.wave.duration_s <= 7 for piece in pieces[:-1])
    assert 3 <= pieces[-1].wave.duration_s <= 10


def joined(first: Piece, second: Piece) -> np.ndarray:
    """Put halves together again."""
    overlap = first.end_sample - second.first_sample
    return np.concatenate((first.wave.samples, second.wave.samples[overlap:]))


@settings(max_examples=40, deadline=None)
@given(parts=STRETCHES, start=st.integers(0, 100_000), seam=st.sampled_from(["end", "overlap"]))
def test_halves_hold_all_samples(parts, start, seam) -> None:
    """Halves of halves, down to a second: nothing is lost, and each is shorter than the whole."""
    samples = stretches(parts)
    if not samples.size:
        return
    piece = Piece(start, Waveform(samples, RATE_HZ), seam)
    halves = halve(piece, SMALL)
    if samples.size < RATE_HZ:
        assert halves is None
        return
    assert halves is not None
    first, second = halves
    assert (first.first_sample, second.end_sample) == (start, piece.end_sample)
    assert (first.seam in {"pause", "overlap"}, second.seam) == (True, seam)
    assert np.array_equal(joined(first, second), samples)
    overlap = min(round(SMALL.overlap_s * RATE_HZ), samples.size // 4)
    heard_twice = first.end_sample - second.first_sample
    assert heard_twice == (overlap if first.seam == "overlap" else 0)
    longest = max(half.wave.samples.size for half in halves)
    assert longest <= math.ceil(samples.size * 0.8)


def test_halves_meet_in_a_pause_near_the_middle() -> None:
    """A pause off the middle is better than a word in the middle."""
    samples = stretches([("speech", 1.2), ("hush", 0.5), ("speech", 2.3)])
    halves = halve(Piece(0, Waveform(samples, RATE_HZ), "end"), SMALL)
    assert halves is not None
    assert halves[0].seam == "pause"
    assert halves[0].end_sample == pytest.approx(1_450, abs=60)
    for half, other in pairwise(halves):
        assert half.end_sample == other.first_sample


def test_detection_options_decide_what_a_pause_is() -> None:
    """Someone who asks for pauses of a second gets no cut in one of half a second."""
    patient = Chunking(
        longest_s=3.0,
        whole_s=3.5,
        shortest_s=0.5,
        overlap_s=0.4,
        speech=SpeechDetection(min_pause_s=1.0),
    )
    samples = stretches([("speech", 1.8), ("hush", 0.5), ("speech", 2.0)])
    assert cut([samples], patient)[0].seam == "overlap"
    assert cut([samples])[0].seam == "pause"
