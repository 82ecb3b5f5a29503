"""From anything that holds audio to what the model takes, as one array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asr_client.audio.resample import SampleBuffer
from asr_client.audio.sources import AudioSource
from asr_client.audio.stream import AudioStream
from asr_client.audio.waveform import Float32, Waveform, extremes, freeze
from asr_client.results import AudioFacts

__all__ = ["Prepared", "load_audio", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    A recording, ready to be sent.

    Attributes:
        wave: Mono at the model's rate.
        facts: What was seen on the way.
        warnings: What of it may spoil the transcript; lower case, no full stop.
        decode_s: Seconds spent on reading, decoding and looking at it.
        resample_s: Seconds spent on bringing it to the model's rate.
    """

    wave: Waveform
    facts: AudioFacts
    warnings: tuple[str, ...]
    decode_s: float = 0.0
    resample_s: float = 0.0


def load_audio(source: AudioSource, *, sample_rate_hz: int | None = None) -> Waveform:
    """
    Decode *source* and average its channels; the rate stays as it is.

    Args:
        source: A path, "-" for standard input, an encoded file as bytes or as a binary file
            object (from where it stands; it is left open), a Waveform, or an array of shape
            (frames,) or (frames, channels): any float in [-1, 1], int16, int32 or uint8.
        sample_rate_hz: The rate of an array, 1000..768000; other sources know theirs.

    Returns:
        float32, mono, in [-1, 1]; a Waveform comes back as it is. Mono 16-bit sources come
        out exact: int16 / 32768.

    Raises:
        AudioError: If *source* is missing, unreadable, not audio, empty, not finite or on
            another scale, or its rate is unknown or disagrees with *sample_rate_hz*.
    """
    with AudioStream(source, source_rate_hz=sample_rate_hz) as stream:
        if isinstance(source, Waveform):  # opened all the same: that checks *sample_rate_hz*
            return source
        return Waveform(freeze(_pour(stream)), stream.rate_hz)


def prepare(
    source: AudioSource,
    *,
    source_rate_hz: int | None = None,
    rate_hz: int,
    normalize_peak: bool = False,
) -> Prepared:
    """
    Decode, average the channels and resample, without ever holding the decoded source.

    Args:
        source: As for load_audio().
        source_rate_hz: The rate of an array, 1000..768000; other sources know theirs.
        rate_hz: The model's rate in Hz; 1000..768000.
        normalize_peak: Divide by the largest absolute sample, as some models were trained;
            silence stays as it is.

    Returns:
        The waveform at *rate_hz* in [-1, 1], with the facts and warnings about its source.

    Raises:
        AudioError: As load_audio(); also if no sample is left at *rate_hz*.

    Source: docs/servers.md, Sources: "ai4i-core" has this order of steps, and the division.
    """
    with AudioStream(source, source_rate_hz=source_rate_hz, rate_hz=rate_hz) as stream:
        # A waveform that is as the model wants it, an hour long perhaps, is not copied.
        if isinstance(source, Waveform) and source.sample_rate_hz == rate_hz:
            samples = _look(stream, source.samples)
        else:
            samples = _pour(stream)
    if isinstance(source, Waveform) and samples is source.samples and not normalize_peak:
        wave = source
    else:
        # By the peak of what the model hears; the source's own may be another before resampling.
        peak = max(map(abs, extremes(samples))) if normalize_peak else 0.0
        wave = Waveform(freeze(samples / np.float32(peak) if peak else samples), rate_hz)
    return Prepared(wave, stream.facts, stream.warnings, stream.decode_s, stream.resample_s)


def _pour(stream: AudioStream) -> Float32:
    """Read to the end, into one array."""
    buffer = SampleBuffer(stream.expected_samples)
    while (block := stream.read()) is not None:
        buffer.append(block)
    return buffer.take()


def _look(stream: AudioStream, samples: Float32) -> Float32:
    """Measure samples that are as the model wants them; a copy is made only to clip them."""
    while stream.read() is not None:
        pass
    return samples if stream.facts.peak <= 1 else samples.clip(-1, 1)
