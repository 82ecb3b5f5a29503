"""
Where is speech: by loudness alone, held against the quiet and the loud of the last seconds.

Of each frame of 16 ms the power between 100 and 4000 Hz is taken, where speech has nearly all of
its own and rumble, hum and hiss have little; with its neighbours' it becomes a level. The noise
floor is the level that a tenth of the frames of the last five seconds stay below: also in fluent
speech there are so many gaps between sounds. A frame is speech if it is nearer to the loudest of
the last minute than to the floor, roughly; so a noise that rises and falls by itself (voices in the
background) needs no threshold of its own. docs/decisions/0011-voice-activity.md has the figures.

Levels are judged a second at a time, when the second after it is known, too: the first second of a
recording has a floor of its own, and a recording may begin with speech or with digital silence.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from asr_client.audio.waveform import Float32
from asr_client.chunking.options import SpeechDetection

__all__ = ["Flags", "Frames", "SpeechDetector", "find_speech", "runs_of", "smoothed"]

Flags = npt.NDArray[np.bool_]
_Powers = npt.NDArray[np.float64]

_FRAME_S = 0.016
_LOWEST_HZ, _HIGHEST_HZ = 100, 4000

# Digital silence has this power, so that its dither is no speech.
_SILENCE_POWER = 10 ** (-75 / 10)

# Frames that are judged together, about a second; how many seconds before and after belong to the
# noise floor, and which part of their frames is below it.
_HOP_FRAMES = 64
_PAST_HOPS, _AHEAD_HOPS = 4, 1
_FLOOR_SHARE = 0.1

# How loud speech is: the mean of the loudest seconds of the last minute, of which a tenth of the
# frames is louder. Several, so that one slammed door is not taken for it.
_LOUD_HOPS, _LOUDEST_HOPS = 61, 3
_LOUD_SHARE = 0.9

# The threshold's place between floor and loudness. Beyond so many dB it stays where it is: in a
# quiet room one voice may be much quieter than another.
_PLACE = 0.43
_HIGHEST_THRESHOLD_DB = 12.0


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
        self._meter = _PowerMeter(rate_hz)
        self.frame_samples = self._meter.frame_samples
        self._lowest_threshold_db = options.threshold_db
        # Unsmoothed powers, from the frame before the first that is not in a hop yet.
        self._powers = np.empty(0)
        self._is_begun = False
        # The levels of the last seconds, of which the last ones wait for what comes after them.
        self._hops: deque[_Powers] = deque(maxlen=_PAST_HOPS + 1 + _AHEAD_HOPS)
        self._waiting = 0
        self._loud: deque[float] = deque(maxlen=_LOUD_HOPS + _AHEAD_HOPS)

    def push(self, samples: Float32) -> Frames:
        """Take in samples, and give the frames that can be judged by now."""
        return self._take(self._meter.push(samples), at_end=False)

    def finish(self) -> Frames:
        """Give what is left, a last and shorter frame included; nothing can be pushed then."""
        return self._take(self._meter.finish(), at_end=True)

    def _take(self, powers: _Powers, *, at_end: bool) -> Frames:
        if powers.size and not self._is_begun:
            self._is_begun = True
            powers = np.concatenate((powers[:1], powers))
        self._powers = np.concatenate((self._powers, powers))
        if at_end and self._is_begun:
            self._powers = np.append(self._powers, self._powers[-1])
        judged = []
        while (left := self._powers.size - 2) >= (1 if at_end else _HOP_FRAMES):
            size = min(left, _HOP_FRAMES)
            judged += self._next_hop(self._powers[: size + 2])
            self._powers = self._powers[size:]
        if at_end:
            judged += [self._judge(waiting) for waiting in range(self._waiting, 0, -1)]
            self._waiting = 0
        return Frames.joined(Frames.none(), *judged)

    def _next_hop(self, powers: _Powers) -> list[Frames]:
        """Take in the powers of a hop and of a frame on either side of it."""
        levels = 10 * np.log10((powers[:-2] + powers[1:-1] + powers[2:]) / 3)
        self._hops.append(levels)
        self._loud.append(_quantile(levels, _LOUD_SHARE))
        self._waiting += 1
        if self._waiting <= _AHEAD_HOPS:
            return []
        judged = self._judge(self._waiting)
        self._waiting -= 1
        return [judged]

    def _judge(self, back: int) -> Frames:
        """Judge the hop that is *back* from the end, 1 being the last."""
        levels = self._hops[-back]
        floor_db = _quantile(np.concatenate(self._hops), _FLOOR_SHARE)
        loud_db = float(np.mean(sorted(self._loud)[-_LOUDEST_HOPS:]))
        threshold_db = min(_PLACE * (loud_db - floor_db), _HIGHEST_THRESHOLD_DB)
        threshold_db = max(threshold_db, self._lowest_threshold_db)
        return Frames(levels.astype(np.float32), levels > floor_db + threshold_db)


class _PowerMeter:
    """
    Measures frames of a stream in the band of speech; full scale is a power of about 1.

    Args:
        rate_hz: Samples per second.

    Attributes:
        frame_samples: Length of a frame.
    """

    def __init__(self, rate_hz: int) -> None:
        size = max(2, round(_FRAME_S * rate_hz))
        self.frame_samples = size
        self._window = np.hanning(size + 2)[1:-1]
        self._scale = 2 / (size * np.square(self._window).sum())
        lowest, highest = (round(hz * size / rate_hz) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
        self._band = slice(lowest, highest)
        self._begun = np.empty(0, np.float32)

    def push(self, samples: Float32) -> _Powers:
        """Give the powers of the frames that are complete."""
        joined = np.concatenate((self._begun, samples))
        whole = joined.size // self.frame_samples * self.frame_samples
        self._begun = joined[whole:].copy()
        return self._measured(joined[:whole])

    def finish(self) -> _Powers:
        """Give the power of what is left, as if silence followed."""
        missing = -self._begun.size % self.frame_samples
        return self._measured(np.pad(self._begun, (0, missing)))

    def _measured(self, samples: Float32) -> _Powers:
        frames = samples.reshape(-1, self.frame_samples) * self._window
        spectrum = np.fft.rfft(frames)[:, self._band]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        measured: _Powers = power.sum(axis=1) * self._scale + _SILENCE_POWER
        return measured


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


def _quantile(levels: _Powers, share: float) -> float:
    # numpy's percentile takes ten times as long for so few.
    return float(np.sort(levels)[int(share * (levels.size - 1))])
