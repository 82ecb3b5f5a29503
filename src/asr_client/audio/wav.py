"""WAV files in memory, for protocols that send a file instead of samples."""

from __future__ import annotations

import io
import struct

import numpy as np

from asr_client.audio.waveform import Waveform
from asr_client.errors import AudioError

__all__ = ["encode_wav"]

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_BLOCK_SAMPLES = 1 << 16
_MOST_SAMPLES = (2**32 - 1 - 36) // 2


def encode_wav(wave: Waveform) -> bytes:
    """
    Encode as a 16-bit PCM WAV file.

    Args:
        wave: float32, mono, nominal range [-1, 1]; what exceeds it is clipped.

    Returns:
        44 bytes of header, then little-endian int16: round(sample * 32768), halves to even,
        so that a decoded 16-bit file comes back bit for bit.

    Raises:
        AudioError: If the samples exceed the 4 GiB that a WAV file can hold.

    Source: Microsoft/IBM RIFF WAVE, format tag 1.
    """
    samples = wave.samples
    if samples.size > _MOST_SAMPLES:
        raise AudioError(f"{wave.duration_s:.0f} s of audio do not fit a WAV file")
    # A BytesIO hands out its own buffer; joining blocks would hold the file twice.
    file = io.BytesIO()
    file.write(_header(2 * samples.size, wave.sample_rate_hz))
    for start in range(0, samples.size, _BLOCK_SAMPLES):
        scaled = samples[start : start + _BLOCK_SAMPLES] * np.float32(32768)
        np.clip(np.rint(scaled, out=scaled), -32768, 32767, out=scaled)
        file.write(scaled.astype("<i2").data)
    return file.getvalue()


def _header(size_bytes: int, rate_hz: int) -> bytes:
    # RIFF size, fmt chunk: PCM, one channel, rate, bytes per second, bytes and bits per frame.
    return _HEADER.pack(
        *(b"RIFF", 36 + size_bytes, b"WAVE"),
        *(b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16),
        *(b"data", size_bytes),
    )
