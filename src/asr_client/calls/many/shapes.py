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
        recognizer = self._recognizer
        if not getattr(recognizer, "pads", False):
            return None
        padded = bucket_samples(samples, recognizer.sample_rate_hz)
        longest = self._longest_samples
        return padded if longest is None or padded <= longest else None

    @property
    def longest_s(self) -> float:
        """Seconds of audio that are taken at once, as far as is known."""
        learned = self._longest_samples
        learned_s = math.inf if learned is None else learned / self._recognizer.sample_rate_hz
        return min(self._recognizer.window_s or math.inf, learned_s)

    @property
    def _longest_samples(self) -> int | None:
        limit_bytes = self._session.body_limits.limit_bytes(self._recognizer.model)
        return None if limit_bytes is None else longest_samples(self._recognizer, limit_bytes)

    def cut(self, part: Part) -> tuple[Piece, ...]:
        """Learn that a part is too large, and halve it; nothing if it is too short for that."""
        if part.piece is None:
            return ()
        size_bytes = self._recognizer.body_bytes(self.length(part.samples))
        self._session.body_limits.refused(self._recognizer.model, size_bytes)
        return halve(part.piece, self._session.config.chunking) or ()
