"""How large a request is: padded to a length that others have, and no larger than is taken."""

from __future__ import annotations

import math

from asr_client.calls.body_limits import longest_samples
from asr_client.calls.many.hearing import Part
from asr_client.calls.session import Session
from asr_client.chunking.buckets import bucket_samples
from asr_client.chunking.cutter import halve
from asr_client.chunking.piece import Piece
from asr_client.contracts.recognizer import Recognizer

__all__ = ["Shapes"]

# What is shorter is hardly a word: a gateway that refuses it takes nothing, and is not asked about
# each sample by itself.
_SHORTEST_S = 0.5


class Shapes:
    """
    The sizes of requests to one model.

    Args:
        session: Remembers what was refused for its size.
        recognizer: The model.
    """

    def __init__(self, session: Session, recognizer: Recognizer) -> None:
        self._session = session
        self._recognizer = recognizer

    def length(self, samples: int) -> int:
        """Tell the length at which a piece is sent, padding included."""
        return self.padded(samples) or samples

    def padded(self, samples: int) -> int | None:
        """Tell to how many samples a piece is padded, so that it can be joined with others."""
        if not self._recognizer.pads:
            return None
        longest_s, rate_hz = self.longest_s, self._recognizer.sample_rate_hz
        longest = None if longest_s == math.inf else int(longest_s * rate_hz)
        return bucket_samples(samples, rate_hz, longest)

    @property
    def longest_s(self) -> float:
        """Seconds of audio that are taken at once, as far as is known."""
        learned = self._longest_samples
        learned_s = math.inf if learned is None else learned / self._recognizer.sample_rate_hz
        return min(self._recognizer.window_s or math.inf, learned_s)

    @property
    def _longest_samples(self) -> int | None:
        limit_bytes = self._session.body_limits.limit_bytes(self._recognizer.model)
        if limit_bytes is None:
            return None
        shortest = int(_SHORTEST_S * self._recognizer.sample_rate_hz)
        return max(shortest, longest_samples(self._recognizer, limit_bytes))

    def accepted(self, samples: int) -> None:
        """Learn that so much is taken."""
        size_bytes = self._recognizer.body_bytes(self.length(samples))
        self._session.body_limits.accepted(self._recognizer.model, size_bytes)

    def refused(self, samples: int) -> None:
        """Learn that so much is too much."""
        size_bytes = self._recognizer.body_bytes(self.length(samples))
        self._session.body_limits.refused(self._recognizer.model, size_bytes)

    def is_too_large(self, samples: int) -> bool:
        """Tell before it is sent whether it would be refused, as far as is known."""
        longest = self._longest_samples
        return longest is not None and samples > longest

    def halves(self, part: Part) -> tuple[Piece, ...]:
        """Cut a part in two; nothing if it is too short for that."""
        if part.piece is None:
            return ()
        return halve(part.piece, self._session.config.chunking) or ()
