"""
From the tensors of a request to the samples that the decoder takes. Pure.

Runs inside Triton's Python backend, which puts this folder on the path of imports.
"""

# ruff: noqa: INP001 - a Triton model directory, not a package

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["UnusableError", "pcm16", "speech_of"]

# Speech stays within 1.0. Someone who forgot to scale int16 down sends thousands, and would get
# nonsense after a very slow search; a filter's overshoot of a few per cent is harmless.
_LOUDEST = 1.5


class UnusableError(ValueError):
    """The request cannot be transcribed; the text says why."""


def speech_of(signal: NDArray[np.float32], num_samples: int) -> NDArray[np.float32]:
    """Return the true samples of a padded row, or say what is wrong with them."""
    if not 0 < num_samples <= len(signal):
        raise UnusableError(
            f"NUM_SAMPLES is {num_samples}, but must be from 1 to {len(signal)}, "
            "the length of AUDIO_SIGNAL"
        )
    speech = signal[:num_samples]
    if not np.isfinite(speech).all():
        raise UnusableError("AUDIO_SIGNAL holds NaN or infinity")
    loudest = float(np.abs(speech).max())
    if loudest > _LOUDEST:
        raise UnusableError(
            f"AUDIO_SIGNAL reaches {loudest:.6g}, but samples must lie in [-1, 1]: "
            "divide 16-bit integers by 32768"
        )
    return speech


def pcm16(speech: NDArray[np.float32]) -> NDArray[np.int16]:
    """Convert float samples to int16; exact for whatever was int16 / 32768 before."""
    pcm: NDArray[np.int16] = np.clip(np.rint(speech * 32768), -32768, 32767).astype(np.int16)
    return pcm
