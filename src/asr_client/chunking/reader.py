"""A recording, piece by piece (thin for now)."""

from __future__ import annotations

from asr_client.audio import AudioSource, prepare
from asr_client.chunking.options import Chunking
from asr_client.chunking.piece import Piece
from asr_client.results import AudioFacts

__all__ = ["PieceReader"]


class PieceReader:
    """Reads all at once."""

    def __init__(
        self,
        source: AudioSource,
        *,
        source_rate_hz: int | None,
        rate_hz: int,
        chunking: Chunking,
        longest_s: float,
        normalize_peak: bool,
    ) -> None:
        self._source, self._source_rate_hz, self._rate_hz = source, source_rate_hz, rate_hz
        self._normalize_peak = normalize_peak
        self.longest_s = longest_s
        self.is_whole = True
        self.facts: AudioFacts
        self.warnings: tuple[str, ...] = ()
        self.samples = 0
        self.decode_s = self.resample_s = 0.0

    def next(self) -> Piece | None:
        """Give the next piece."""
        prepared = prepare(
            self._source,
            source_rate_hz=self._source_rate_hz,
            rate_hz=self._rate_hz,
            normalize_peak=self._normalize_peak,
        )
        self.facts, self.warnings = prepared.facts, prepared.warnings
        self.samples = prepared.wave.samples.size
        self.decode_s, self.resample_s = prepared.decode_s, prepared.resample_s
        return Piece(0, prepared.wave, "end")

    def close(self) -> None:
        """Let go."""
