"""Clips of wanted lengths, made of others by joining whole ones and cutting the last. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from asr_client.audio import Waveform
from asr_client.audio.waveform import Float32, freeze
from asr_loadtest.load.corpus.clips import Clip, check_memory

__all__ = ["stitch"]

# Different ones of each length and language, so that not every request says the same.
_VARIANTS = 3

# Between two sentences read aloud, about.
_PAUSE_S = 0.25

# What is left at the end and shorter than this stays silent: whole clips keep their text.
_SILENCE_S = 0.5

# A cut without a fade clicks, and a click may be heard as a consonant.
_FADE_S = 0.005


def stitch(clips: Sequence[Clip], lengths_s: Sequence[float], seed: int) -> list[Clip]:
    """
    Make clips of exactly *lengths_s* seconds in each language of *clips*, three of each.

    A clip made of whole ones has their texts; one that ends within a cut clip has none.

    Args:
        clips: What they are made of, of one rate.
        lengths_s: Seconds, in the order in which they are made.
        seed: Decides on the order of the clips and on the place of each cut.

    Raises:
        ConfigError: If that would be more than memory should hold.
    """
    rate_hz = clips[0].wave.sample_rate_hz
    languages = sorted({clip.language for clip in clips})
    per_language = sum(round(length_s * rate_hz) for length_s in lengths_s) * _VARIANTS
    check_memory(per_language * len(languages), rate_hz)
    made = []
    for language in languages:
        pool = [clip for clip in clips if clip.language == language]
        for length_s in lengths_s:
            for variant in range(1, _VARIANTS + 1):
                name = f"{language or 'any'}-{length_s:g}s-{variant}"
                # By name: a length more or less does not change the others.
                dice = random.Random(f"{seed} {name}")  # noqa: S311 - no secret
                samples, text = _join(pool, round(length_s * rate_hz), dice)
                made.append(Clip(name, language, text, Waveform(freeze(samples), rate_hz)))
    return made


def _join(pool: Sequence[Clip], size: int, dice: random.Random) -> tuple[Float32, str]:
    """Fill *size* samples; the text is empty if a clip was cut or has none."""
    rate_hz = pool[0].wave.sample_rate_hz
    samples = np.zeros(size, np.float32)
    texts: list[str] = []
    at = 0
    for clip in _shuffled(pool, dice):
        left = size - at
        spoken = clip.wave.samples
        if spoken.size > left:
            if texts and left < _SILENCE_S * rate_hz:
                break
            start = dice.randrange(spoken.size - left + 1)
            samples[at:] = _faded(spoken[start : start + left], rate_hz)
            return samples, ""
        samples[at : at + spoken.size] = spoken
        texts.append(clip.text)
        at += spoken.size + round(_PAUSE_S * rate_hz)
        if at >= size:
            break
    return samples, " ".join(texts) if all(texts) else ""


def _shuffled(pool: Sequence[Clip], dice: random.Random) -> Iterator[Clip]:
    """Go through all clips in a new order, again and again."""
    for _ in count():
        yield from dice.sample(pool, len(pool))


def _faded(samples: Float32, rate_hz: int) -> Float32:
    """Copy, and let both ends rise from and fall to silence."""
    faded = samples.copy()
    size = min(round(_FADE_S * rate_hz), samples.size // 2)
    ramp = np.linspace(0, 1, size, endpoint=False, dtype=np.float32)
    faded[:size] *= ramp
    faded[faded.size - size :] *= ramp[::-1]
    return faded
