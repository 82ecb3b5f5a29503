"""How long pieces may be, in samples. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from asr_client.chunking.options import Chunking

__all__ = ["Lengths"]


@dataclass(frozen=True, slots=True)
class Lengths:
    """
    How long pieces may be, in samples.

    Attributes:
        longest: A piece, but for the last one.
        whole: A recording that is sent in one.
        last: The last piece; what would be left over may go with the one before it.
        shortest: A piece, if that can be helped; at most half of `longest`.
        overlap: What two pieces have in common where no pause is between them; at most a quarter
            of `longest`.
    """

    longest: int
    whole: int
    last: int
    shortest: int
    overlap: int

    @classmethod
    def of(cls, chunking: Chunking, rate_hz: int, limit_s: float) -> Self:
        """
        Settle them for a model.

        Args:
            chunking: What is wanted.
            rate_hz: Samples per second.
            limit_s: What is taken at once, in seconds; nothing goes beyond it but what is shorter
                than a sample.
        """
        longest = max(1, int(min(chunking.longest_s, limit_s) * rate_hz))
        whole = max(1, int(min(chunking.whole_s, limit_s) * rate_hz))
        shortest = min(round(chunking.shortest_s * rate_hz), longest // 2)
        return cls(
            longest=longest,
            whole=whole,
            last=min(longest + shortest, whole),
            shortest=shortest,
            overlap=min(round(chunking.overlap_s * rate_hz), longest // 4),
        )
