"""A stretch of a recording, ready to be sent."""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.audio.waveform import Waveform
from asr_client.results import Seam

__all__ = ["Piece"]


@dataclass(frozen=True, slots=True)
class Piece:
    """
    A stretch of a recording.

    Attributes:
        first_sample: Its place, counted at the model's rate from the recording's start.
        wave: Its samples.
        seam: How it ends.
    """

    first_sample: int
    wave: Waveform
    seam: Seam

    @property
    def end_sample(self) -> int:
        """The sample after its last."""
        return self.first_sample + self.wave.samples.size
