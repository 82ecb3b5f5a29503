"""Which stretch of a recording went out in which request: the proof that nothing was left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

__all__ = ["Chunk", "Coverage", "Seam"]

# How a chunk ends: where the recording does, in a pause, or in the midst of speech, where the next
# chunk begins earlier than this one ends.
Seam = Literal["end", "pause", "overlap"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    One stretch of the recording, sent by itself.

    Attributes:
        first_sample: Its first sample, counted at the model's rate from the recording's start.
        end_sample: The sample after its last.
        seam: How it ends.
        failure: Why nothing came back, in a sentence; empty where something did.
    """

    first_sample: int
    end_sample: int
    seam: Seam
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    What was sent of one recording, held against what was decoded of it.

    Attributes:
        samples: How many samples the recording has at the model's rate, as counted while it was
            decoded.
        sample_rate_hz: The model's rate.
        chunks: What was sent, in the order of the recording.
    """

    samples: int
    sample_rate_hz: int
    chunks: tuple[Chunk, ...]

    @property
    def unsent(self) -> tuple[tuple[float, float], ...]:
        """Stretches that no chunk holds, from and until in seconds; none, or this is a bug."""
        return self._seconds(self._left_out_by(self.chunks))

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Stretches of which no text came back, from and until in seconds."""
        return self._seconds(
            self._left_out_by(tuple(chunk for chunk in self.chunks if not chunk.failure))
        )

    @property
    def is_complete(self) -> bool:
        """Whether every sample was sent, and is in a chunk that was answered."""
        return not self.gaps

    def _left_out_by(self, chunks: tuple[Chunk, ...]) -> tuple[tuple[int, int], ...]:
        # One chunk may lie within another.
        ends = accumulate((chunk.end_sample for chunk in chunks), max, initial=0)
        begins = [*(chunk.first_sample for chunk in chunks), self.samples]
        return tuple((end, begin) for end, begin in zip(ends, begins, strict=True) if begin > end)

    def _seconds(self, ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[float, float], ...]:
        rate_hz = self.sample_rate_hz
        return tuple((begin / rate_hz, end / rate_hz) for begin, end in ranges)
