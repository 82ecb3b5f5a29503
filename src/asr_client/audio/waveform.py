"""The one form in which audio travels inside this package: mono float32 at a known rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asr_client.errors import AudioError

__all__ = ["Float32", "Waveform", "check_peak", "check_rate", "extremes", "freeze"]

Float32 = npt.NDArray[np.float32]

# From the lowest that still holds a voice to the fastest converters sold; what a damaged header
# says beyond that must not ask for a terabyte of resampled audio.
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 1_000, 768_000

# Music mastered loud, and filters, overshoot full scale a little. Beyond this it is another
# scale, not another loudness.
_HIGHEST_PEAK = 1.5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Waveform:
    """
    Mono audio; it cannot change once made, so it may be shared between threads.

    Attributes:
        samples: float32, shape (frames,), at least one, finite, nominal range [-1, 1];
            read-only. A writeable array is copied, a read-only one is taken as it is, so
            a slice of another waveform's samples costs nothing.
        sample_rate_hz: Samples per second; 1000..768000.

    Raises:
        AudioError: If the samples are none of the above.
    """

    samples: Float32
    sample_rate_hz: int

    def __post_init__(self) -> None:
        check_rate(self.sample_rate_hz, "waveform")
        samples = self.samples
        if not isinstance(samples, np.ndarray) or samples.dtype != np.float32 or samples.ndim != 1:
            raise AudioError(
                "a waveform holds an array of float32 with one dimension",
                hint="load_audio(array, sample_rate_hz=...) makes one",
            )
        if not samples.size:
            raise AudioError("a waveform holds at least one sample")
        peak = max(map(abs, extremes(samples)))
        if not math.isfinite(peak):
            raise AudioError("waveform: it holds NaN or infinite samples")
        check_peak(peak, "waveform")
        if samples.flags.writeable or not samples.flags.c_contiguous:
            object.__setattr__(self, "samples", freeze(samples.copy()))

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return self.samples.size / self.sample_rate_hz

    def __repr__(self) -> str:
        # The generated one would print audio into logs and tracebacks.
        return f"Waveform({self.duration_s:.3f} s, {self.sample_rate_hz} Hz)"

    def __reduce__(self) -> tuple[type[Waveform], tuple[Float32, int]]:
        # Pickle forgets that an array is read-only; the constructor remembers.
        return Waveform, (self.samples, self.sample_rate_hz)


def freeze(samples: Float32) -> Float32:
    """Make *samples* read-only and return them."""
    samples.flags.writeable = False
    return samples


def extremes(samples: npt.NDArray[np.generic]) -> tuple[float, float]:
    """Lowest and highest sample; NaN if any is NaN. Needs no memory, unlike abs() or isfinite()."""
    return float(samples.min()), float(samples.max())


def check_rate(rate_hz: int, name: str) -> None:
    """
    Refuse a sample rate at which nobody records.

    Raises:
        AudioError: If *rate_hz* is no whole number in 1000..768000; *name* says whose it is.
    """
    whole = isinstance(rate_hz, int | np.integer) and not isinstance(rate_hz, bool)
    if not whole or not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:
        raise AudioError(
            f"{name}: a sample rate of {rate_hz!r} Hz is not possible",
            hint=f"whole numbers, {_LOWEST_RATE_HZ}..{_HIGHEST_RATE_HZ}",
        )


def check_peak(peak: float, name: str) -> None:
    """
    Refuse floats on another scale than [-1, 1]: the model would hear a roar.

    Raises:
        AudioError: If *peak* is beyond 1.5; the hint guesses the scale.
    """
    if peak <= _HIGHEST_PEAK:
        return
    if peak > 2 * 2**31:
        hint = "no recording is that loud: it is damaged, or of another type than its header says"
    elif peak > 2 * 2**15:
        hint = "these look like 32-bit integers in a float array: divide by 2147483648"
    elif peak > 2**5:
        hint = "these look like 16-bit integers in a float array: divide by 32768"
    else:
        hint = "scale them to [-1, 1]"
    raise AudioError(f"{name}: samples reach {peak:.6g}, full scale being 1", hint=hint)
