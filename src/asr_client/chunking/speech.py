"""Where is speech: a frame is speech if it is well above the noise floor around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from asr_client.audio.waveform import Float32
from asr_client.chunking.options import SpeechDetection

__all__ = ["Flags", "Frames", "SpeechDetector", "find_speech", "runs_of", "smoothed"]

Flags = npt.NDArray[np.bool_]

FRAME_S = 0.016
# Frames that are judged together.
_HOP_FRAMES = 64
_PAST_HOPS = 4
_LOWEST_DB = -70.0


@dataclass(frozen=True, slots=True)
class Frames:
    """
    Judged frames, one after the other.

    Attributes:
        levels_db: Loudness of each.
        is_speech: Whether it is speech, each frame judged by itself.
    """

    levels_db: Float32
    is_speech: Flags

    @classmethod
    def none(cls) -> Self:
        """Make no frames."""
        return cls(np.empty(0, np.float32), np.empty(0, np.bool_))

    @classmethod
    def joined(cls, *parts: Frames) -> Self:
        """Put frames one after the other."""
        return cls(
            np.concatenate([part.levels_db for part in parts]),
            np.concatenate([part.is_speech for part in parts]),
        )

    def part(self, start: int, end: int | None) -> Frames:
        """Take those from *start* until before *end*."""
        return Frames(self.levels_db[start:end], self.is_speech[start:end])


class SpeechDetector:
    """
    Judges a stream of samples, frame by frame.

    What it says does not depend on the sizes of the blocks.

    Args:
        rate_hz: Samples per second.
        options: What counts as speech.

    Attributes:
        frame_samples: Length of a frame.
    """

    def __init__(self, rate_hz: int, options: SpeechDetection) -> None:
        self.frame_samples = max(1, round(FRAME_S * rate_hz))
        self._options = options
        self._begun = np.empty(0, np.float32)
        self._hops: list[Float32] = []  # the last one is not judged yet

    def push(self, samples: Float32) -> Frames:
        """Take in samples, and give the frames that can be judged by now."""
        joined = np.concatenate((self._begun, samples))
        hop = self.frame_samples * _HOP_FRAMES
        whole = joined.size // hop * hop
        self._begun = joined[whole:].copy()
        judged = [self._next_hop(joined[at : at + hop]) for at in range(0, whole, hop)]
        return Frames.joined(Frames.none(), *judged)

    def finish(self) -> Frames:
        """Give what is left, a last and shorter frame included; nothing can be pushed then."""
        judged = [self._next_hop(self._begun)] if self._begun.size else []
        judged.append(self._judge(self._hops[-1:], self._hops))
        self._begun, self._hops = self._begun[:0], []
        return Frames.joined(Frames.none(), *judged)

    def _next_hop(self, samples: Float32) -> Frames:
        self._hops.append(_levels(samples, self.frame_samples))
        frames = self._judge(self._hops[-2:-1], self._hops)
        del self._hops[: -_PAST_HOPS - 1]
        return frames

    def _judge(self, judged: list[Float32], around: list[Float32]) -> Frames:
        if not judged:
            return Frames.none()
        floor = max(_LOWEST_DB, float(np.percentile(np.concatenate(around), 10)))
        return Frames(judged[0], judged[0] > floor + self._options.threshold_db)


def find_speech(
    samples: Float32, rate_hz: int, options: SpeechDetection | None = None
) -> list[tuple[int, int]]:
    """
    Find the speech in a recording that is in memory.

    Returns:
        From and until which sample, in order, with pauses between.
    """
    options = options or SpeechDetection()
    detector = SpeechDetector(rate_hz, options)
    flags = np.concatenate((detector.push(samples).is_speech, detector.finish().is_speech))
    size = detector.frame_samples
    starts, ends = runs_of(smoothed(flags, size / rate_hz, options))
    return [
        (int(start) * size, min(int(end) * size, samples.size))
        for start, end in zip(starts, ends, strict=True)
    ]


def smoothed(is_speech: Flags, frame_s: float, options: SpeechDetection) -> Flags:
    """Fill short pauses, drop short speech, and pad what is left."""
    flags = is_speech.copy()
    for start, end in zip(*runs_of(~flags), strict=True):
        inside = start > 0 and end < flags.size
        if inside and (end - start) * frame_s < options.min_pause_s:
            flags[start:end] = True
    pad = round(options.pad_s / frame_s)
    for start, end in zip(*runs_of(flags), strict=True):
        if (end - start) * frame_s < options.min_speech_s:
            flags[start:end] = False
        else:
            flags[max(0, start - pad) : end + pad] = True
    return flags


def runs_of(flags: Flags) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Tell from and until which index *flags* are set."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return edges[::2], edges[1::2]


def _levels(samples: Float32, size: int) -> Float32:
    whole = samples.size // size * size
    frames = samples[:whole].reshape(-1, size)
    power = np.einsum("ij,ij->i", frames, frames) / size
    if whole < samples.size:
        rest = samples[whole:]
        power = np.append(power, np.dot(rest, rest) / rest.size)
    levels: Float32 = 10 * np.log10(power + 1e-12)
    return levels.astype(np.float32)
