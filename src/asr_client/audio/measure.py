"""What can be seen in a recording while it goes by: level, clipping, offset, silence."""

from __future__ import annotations

import math

import numpy as np

from asr_client.audio.decoder import Block, Header
from asr_client.audio.waveform import Float32, check_peak, extremes
from asr_client.errors import AudioError

__all__ = ["Meter", "SilenceMeter"]

_FRAME_S = 0.02
_SILENCE_POWER = 10 ** (-60 / 10)  # -60 dBFS; full scale is an RMS of 1


class Meter:
    """
    Counts over the samples of one source, block by block.

    Args:
        header: Tells the samples' scale, and the name for errors.

    Attributes:
        frames: Frames seen so far.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._peak = 0.0
        self._clipped = 0
        self._sum = 0.0
        self.frames = 0

    def add(self, block: Block) -> None:
        """
        Look at a block as it was decoded.

        Raises:
            AudioError: If a sample is not finite, or so far beyond full scale that the scale is in
                doubt. A lossy decoder sets its own, and may overshoot it by far: clipped speech at
                24 kbit/s came back from AAC at 1.8.
        """
        low, high = extremes(block)
        peak = max(-low, high) / self._header.full_scale
        if not math.isfinite(peak):
            raise self._not_finite(block)
        if not self._header.lossy:
            check_peak(peak, self._header.name)
        self._peak = max(self._peak, peak)
        if peak >= self._header.loudest:
            limit = self._header.loudest * self._header.full_scale
            self._clipped += np.count_nonzero(block >= limit) + np.count_nonzero(block <= -limit)
        self.frames += len(block)

    def add_mono(self, mono: Float32) -> None:
        """Look at the same block after the downmix, whose mean is the mean of all channels."""
        self._sum += float(mono.sum())

    @property
    def peak(self) -> float:
        """Largest absolute sample so far, full scale being 1.0."""
        return self._peak

    @property
    def clipped_ratio(self) -> float:
        """Share of samples at or beyond the loudest that the encoding can hold."""
        return self._clipped / (self.frames * self._header.channels)

    @property
    def dc_offset(self) -> float:
        """Mean of all samples, full scale being 1.0."""
        return self._sum / self.frames

    def _not_finite(self, block: Block) -> AudioError:
        frame = self.frames + int(np.isfinite(block).all(axis=1).argmin())
        at_s = frame / self._header.sample_rate_hz
        return AudioError(
            f"{self._header.name}: the sample at {at_s:.3f} s is NaN or infinite",
            hint="whatever made these samples divided by zero",
        )


class SilenceMeter:
    """
    Counts 20 ms frames whose power is below -60 dBFS, over blocks of any length.

    Args:
        rate_hz: Samples per second.
    """

    def __init__(self, rate_hz: int) -> None:
        self._size = round(_FRAME_S * rate_hz)
        self._begun = np.empty(0, np.float32)
        self._frames = 0
        self._silent = 0

    def add(self, samples: Float32) -> None:
        """Look at float32 samples, full scale being 1.0."""
        if self._begun.size:
            missing = self._size - self._begun.size
            self._begun = np.concatenate((self._begun, samples[:missing]))
            samples = samples[missing:]
            if self._begun.size < self._size:
                return
            self._count(self._begun)
        whole = samples.size // self._size * self._size
        if whole:
            self._count(samples[:whole])
        self._begun = samples[whole:].copy()

    @property
    def ratio(self) -> float:
        """Share of silent frames, 0..1. What is left over counts only if it is all there is."""
        if self._frames:
            return self._silent / self._frames
        return float(_power(self._begun[np.newaxis])[0] < _SILENCE_POWER)

    def _count(self, samples: Float32) -> None:
        power = _power(samples.reshape(-1, self._size))
        self._frames += power.size
        self._silent += np.count_nonzero(power < _SILENCE_POWER)


def _power(frames: Float32) -> Float32:
    power: Float32 = np.einsum("ij,ij->i", frames, frames) / frames.shape[1]
    return power
