"""
Where a recording is cut: in pauses, and where there are none, in the quietest place, twice heard.

    in a pause                        in the midst of speech
    ~~~~~~~~~~|       |~~~~~~~~~      ~~~~~~~~~~~~~~~~~~~~~~~~|         this piece
              |_______|                                 |~~~~~~~~~~~~   the next one begins earlier
                  ^ cut                                 |_____| overlap
"""

from __future__ import annotations

from asr_client.audio.waveform import Float32, Waveform
from asr_client.chunking.held import HeldAudio
from asr_client.chunking.lengths import Lengths
from asr_client.chunking.options import Chunking
from asr_client.chunking.piece import Piece
from asr_client.chunking.places import clean_pause_place, quiet_place
from asr_client.results import Seam

__all__ = ["Cutter", "halve"]

# Where no pause is found, the last part of a piece, in which the quietest place is looked for; and
# the middle part, where a piece is halved.
_LAST_PART = 0.4
_MIDDLE_PART = 0.3

# What is shorter is not halved: hardly a word would be whole in either half.
_SHORTEST_HALVED_S = 1.0


class Cutter:
    """
    Cuts a stream of samples into pieces.

    Every sample is in a piece, and in one only where pieces do not overlap. What comes out does
    not depend on the sizes of the blocks that go in.

    No piece is longer than `longest_s`, nor than `chunking.longest_s`, with two exceptions that
    keep to the former: a recording up to `chunking.whole_s` is one piece, and what would be left
    over at the end, shorter than `chunking.shortest_s`, goes with the piece before it if that
    stays within `chunking.whole_s`. Where it would not, the last cut is made earlier, so that the
    last piece is no shorter than that. Under a limit below twice `chunking.shortest_s` pieces may
    be shorter, down to half of the limit; below four times `chunking.overlap_s` they overlap by a
    quarter of it.

    Args:
        rate_hz: Samples per second.
        chunking: How to cut.
        longest_s: What is taken at most, in seconds; it may be changed at any time.

    Attributes:
        longest_s: As above.
        is_finished: Whether no more samples will come in.
    """

    def __init__(self, rate_hz: int, chunking: Chunking, longest_s: float) -> None:
        self.longest_s = longest_s
        self.is_finished = False
        self._rate_hz = rate_hz
        self._chunking = chunking
        self._held = HeldAudio(rate_hz, chunking.speech)
        self._is_first = True

    def push(self, samples: Float32) -> None:
        """Take in samples, in [-1, 1]."""
        self._held.push(samples)

    def finish(self) -> None:
        """Take in that there are no more."""
        self.is_finished = True
        self._held.finish()

    def cut(self) -> Piece | None:
        """Give the next piece; None if more samples are needed, or all were given."""
        lengths = Lengths.of(self._chunking, self._rate_hz, self.longest_s)
        held = self._held
        if not held.size or not (self.is_finished or self._has_enough(lengths)):
            return None
        if self.is_finished and held.size <= (lengths.whole if self._is_first else lengths.last):
            return self._take(held.size, "end")
        # So much is left that the next piece, at least, is no shorter than it should be.
        latest = min(lengths.longest, max(1, held.size - lengths.shortest))
        return self._cut(lengths, min(lengths.shortest, latest), latest)

    def _has_enough(self, lengths: Lengths) -> bool:
        """Whether what is still to come cannot change the next cut."""
        needed = lengths.longest + lengths.shortest
        if self._is_first:
            needed = max(needed, lengths.whole)
        return self._held.size > needed and self._held.judged >= lengths.longest

    def _cut(self, lengths: Lengths, earliest: int, latest: int) -> Piece:
        stretch = self._held.stretch(latest)
        place = clean_pause_place(stretch, max(1, earliest), latest, latest, self._chunking.speech)
        if place is not None:
            return self._take(place, "pause")
        overlap = lengths.overlap
        after = overlap - overlap // 2  # half of the overlap is on either side of the place
        begin = max(1, earliest, int(latest * (1 - _LAST_PART)))
        place = quiet_place(stretch, begin, latest - after)
        return self._take(place + after, "overlap" if overlap else "pause", overlap)

    def _take(self, samples: int, seam: Seam, overlap: int = 0) -> Piece:
        self._is_first = False
        first_sample = self._held.first_sample
        taken = self._held.take(samples, overlap)
        return Piece(first_sample, Waveform(taken, self._rate_hz), seam)


def halve(piece: Piece, chunking: Chunking) -> tuple[Piece, Piece] | None:
    """
    Cut a piece in two, since it is too large: in a pause near its middle, or in a quiet place.

    Args:
        piece: What is to be cut.
        chunking: How pieces overlap, and what counts as a pause.

    Returns:
        Both halves, neither longer than four fifths of it; together they hold all its samples.
        None if it is shorter than a second.
    """
    wave = piece.wave
    size, rate_hz = wave.samples.size, wave.sample_rate_hz
    if wave.duration_s < _SHORTEST_HALVED_S:
        return None
    held = HeldAudio(rate_hz, chunking.speech)
    held.push(wave.samples)
    held.finish()
    stretch = held.stretch(size)
    place = clean_pause_place(stretch, size // 4, size - size // 4, size // 2, chunking.speech)
    if place is not None:
        return _halves(piece, place, place, "pause")
    overlap = min(round(chunking.overlap_s * rate_hz), size // 4)
    margin = int(size * _MIDDLE_PART / 2)
    place = quiet_place(stretch, size // 2 - margin, size // 2 + margin)
    begin = place - overlap // 2
    return _halves(piece, begin + overlap, begin, "overlap" if overlap else "pause")


def _halves(piece: Piece, end: int, begin: int, seam: Seam) -> tuple[Piece, Piece]:
    wave = piece.wave
    return (
        Piece(piece.first_sample, Waveform(wave.samples[:end], wave.sample_rate_hz), seam),
        Piece(
            piece.first_sample + begin,
            Waveform(wave.samples[begin:], wave.sample_rate_hz),
            piece.seam,
        ),
    )
