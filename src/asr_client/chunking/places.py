"""Where in a stretch of audio it is good to cut. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asr_client.chunking.options import SpeechDetection
from asr_client.chunking.speech import Frames, runs_of, smoothed

__all__ = ["Stretch", "clean_pause_place", "pause_place", "quiet_place"]

# A cut stays so far away from the speech after it, in a pause that is long enough.
_MARGIN_S = 0.5

# A pause this long is as good as any. One without length has to be nearer to where a cut is wanted,
# by this share of the stretch, to be preferred to it.
_GOOD_PAUSE_S = 1.0
_PAUSE_WEIGHT = 0.5

# Nobody speaks where it is so much quieter than where it is loud, or where there is no sound.
# In white noise of 10 dB below unbroken speech and more, the detector takes speech for pauses: of
# 117 such places 112 were less quiet than this; of real pauses, in noise up to there, none was.
_CLEAN_DB = 15.0
_NO_SOUND_DB = -70.0
_LOUD_PERCENT = 90

# How much of the sound around a place counts for how quiet it is.
_QUIET_S = 0.1


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    Audio that is to be cut, as frames.

    Attributes:
        frames: Those that hold any of it.
        frame_samples: Length of a frame.
        offset: How many samples of the first frame are before it.
        rate_hz: Samples per second.
    """

    frames: Frames
    frame_samples: int
    offset: int
    rate_hz: int


def pause_place(
    stretch: Stretch, earliest: int, latest: int, wanted: int, speech: SpeechDetection
) -> int | None:
    """
    Find the best place in a pause.

    Args:
        stretch: Where to look.
        earliest: The first sample that may be the first one after the cut.
        latest: The last one.
        wanted: Where it would be best: a long pause may be further away than a short one.
        speech: What counts as a pause.

    Returns:
        The first sample after the cut; None without a pause.
    """
    size, rate_hz = stretch.frame_samples, stretch.rate_hz
    is_speech = smoothed(stretch.frames.is_speech, size / rate_hz, speech)
    best, best_worth = None, -np.inf
    for first, after in zip(*runs_of(~is_speech), strict=True):
        begin, end = int(first) * size - stretch.offset, int(after) * size - stretch.offset
        if end > latest and (latest - begin) / rate_hz < speech.min_pause_s - speech.pad_s:
            continue  # of which nobody knows how long it is
        begin, end = max(0, begin), min(end, latest)
        if end < earliest or begin > end:
            continue
        place = max(earliest, end - min((end - begin) // 2, round(_MARGIN_S * rate_hz)))
        length = min((end - begin) / rate_hz / _GOOD_PAUSE_S, 1)
        worth = _PAUSE_WEIGHT * length - abs(wanted - place) / max(1, latest)
        if worth >= best_worth:
            best, best_worth = place, worth
    return best


def clean_pause_place(
    stretch: Stretch, earliest: int, latest: int, wanted: int, speech: SpeechDetection
) -> int | None:
    """Find a pause as `pause_place` does; None where it is in doubt that nobody speaks in it."""
    place = pause_place(stretch, earliest, latest, wanted, speech)
    return place if place is not None and _is_clean(stretch, place) else None


def _is_clean(stretch: Stretch, place: int) -> bool:
    levels, size = stretch.frames.levels_db.astype(np.float64), stretch.frame_samples
    frame = (place + stretch.offset) // size
    reach = max(1, round(_QUIET_S * stretch.rate_hz / size / 2))
    around = levels[max(0, frame - reach) : frame + reach + 1]
    level_db = 10 * np.log10(np.mean(10 ** (around / 10)))
    clean_db = np.percentile(levels, _LOUD_PERCENT) - _CLEAN_DB
    return bool(level_db <= max(clean_db, _NO_SOUND_DB))


def quiet_place(stretch: Stretch, earliest: int, latest: int) -> int:
    """Find the quietest place from *earliest* to *latest*; the latest of those that are equal."""
    size = stretch.frame_samples
    width = max(1, round(_QUIET_S * stretch.rate_hz / size))
    power = 10 ** (stretch.frames.levels_db.astype(np.float64) / 10)
    around = np.convolve(power, np.ones(width), "same")
    middles = np.arange(power.size) * size + size // 2 - stretch.offset
    inside = np.flatnonzero((middles >= earliest) & (middles <= latest))
    if not inside.size:
        return latest
    last = inside[::-1]
    return int(middles[last[np.argmin(around[last])]])
