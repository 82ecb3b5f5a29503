"""From anything that holds audio to what the model takes, in one pass over the source."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from asr_client.audio.decoder import Decoder, downmix
from asr_client.audio.flaws import describe_flaws
from asr_client.audio.measure import Meter, silent_ratio
from asr_client.audio.resample import Resampler, SampleBuffer, frames_at
from asr_client.audio.sources import AudioSource, open_decoder
from asr_client.audio.waveform import Float32, Waveform, check_rate, extremes, freeze
from asr_client.errors import AudioError
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
    with open_decoder(source, sample_rate_hz) as decoder:
        if isinstance(source, Waveform):  # opened all the same: that checks *sample_rate_hz*
            return source
        rate_hz = decoder.header.sample_rate_hz
        # At equal rates the resampler passes samples on unchanged.
        samples, _, _ = _pour(decoder, rate_hz)
        return Waveform(freeze(samples), rate_hz)


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
    check_rate(rate_hz, "rate_hz")
    began_s, resample_s = perf_counter(), 0.0
    with open_decoder(source, source_rate_hz) as decoder:
        # A waveform that is as the model wants it, an hour long perhaps, is not copied.
        if isinstance(source, Waveform) and source.sample_rate_hz == rate_hz:
            samples, meter = _look(decoder, source.samples)
        else:
            samples, meter, resample_s = _pour(decoder, rate_hz)
        # Here, because a decoder learns only at its last block whether the file was cut short.
        facts = _facts(decoder, meter, samples, rate_hz)
        flaws = describe_flaws(facts, rate_hz, lossy=decoder.header.lossy)
    decode_s = perf_counter() - began_s - resample_s
    if isinstance(source, Waveform) and samples is source.samples and not normalize_peak:
        return Prepared(source, facts, flaws, decode_s, resample_s)
    # By the peak of what the model hears; the source's own may be another before resampling.
    if normalize_peak and (peak := max(map(abs, extremes(samples)))):
        samples = samples / np.float32(peak)
    return Prepared(Waveform(freeze(samples), rate_hz), facts, flaws, decode_s, resample_s)


def _pour(decoder: Decoder, rate_hz: int) -> tuple[Float32, Meter, float]:
    """
    Decode to the end.

    Returns:
        Mono samples at *rate_hz* in [-1, 1]; what was seen on the way; seconds of resampling.
    """
    header = decoder.header
    meter = Meter(header)
    resampler = Resampler(header.sample_rate_hz, rate_hz)
    buffer = SampleBuffer(frames_at(header.frames or 0, header.sample_rate_hz, rate_hz))
    resample_s = 0.0
    for block in decoder.blocks():
        meter.add(block)  # before the downmix, which would hide a channel that is clipped
        mono = downmix(block, header.full_scale)
        meter.add_mono(mono)
        began_s = perf_counter()
        buffer.append(resampler.push(mono))
        resample_s += perf_counter() - began_s
    buffer.append(resampler.finish())
    samples = buffer.take()
    if not meter.frames:
        raise AudioError(f"{header.name}: it holds no samples")
    if not samples.size:
        raise AudioError(
            f"{header.name}: {meter.frames} samples at {header.sample_rate_hz} Hz "
            f"leave none at {rate_hz} Hz"
        )
    return samples, meter, resample_s


def _look(decoder: Decoder, samples: Float32) -> tuple[Float32, Meter]:
    """Measure samples that are as the model wants them; a copy is made only to clip them."""
    meter = Meter(decoder.header)
    meter.add(samples[:, np.newaxis])
    meter.add_mono(samples)
    return samples if meter.peak <= 1 else samples.clip(-1, 1), meter


def _facts(decoder: Decoder, meter: Meter, samples: Float32, rate_hz: int) -> AudioFacts:
    header = decoder.header
    return AudioFacts(
        duration_s=meter.frames / header.sample_rate_hz,
        sample_rate_hz=header.sample_rate_hz,
        channels=header.channels,
        format=header.format,
        resampled_from_hz=header.sample_rate_hz if header.sample_rate_hz != rate_hz else None,
        peak=meter.peak,
        clipped_ratio=meter.clipped_ratio,
        silent_ratio=silent_ratio(samples, rate_hz),
        dc_offset=meter.dc_offset,
        truncated=decoder.truncated,
    )
