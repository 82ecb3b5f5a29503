"""Resampling and downmix: right lengths, right levels, and chunks that join without a seam."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform, prepare
from asr_client.audio.decoder import downmix
from asr_client.audio.resample import Resampler, SampleBuffer, frames_at
from asr_client.errors import AudioError

RATES_HZ = st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
CHUNK = 700


def noise(frames: int, channels: int | None = None) -> np.ndarray:
    """Reproducible noise at half of full scale."""
    shape = frames if channels is None else (frames, channels)
    return np.random.default_rng(frames).uniform(-0.5, 0.5, shape).astype(np.float32)


def in_chunks(samples: np.ndarray, from_hz: int, rate_hz: int, chunk: int) -> np.ndarray:
    """The joined output of a Resampler fed *chunk* samples at a time."""
    resampler = Resampler(from_hz, rate_hz)
    starts = range(0, samples.size, chunk)
    blocks = [resampler.push(samples[start : start + chunk]) for start in starts]
    return np.concatenate([*blocks, resampler.finish()])


@pytest.mark.parametrize(
    "frames", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 10 * CHUNK - 1, 10 * CHUNK + 1]
)
@pytest.mark.parametrize(
    ("from_hz", "rate_hz"), [(48_000, 16_000), (8_000, 16_000), (44_100, 16_000)]
)
def test_resampler_chunks_equal_one_call_bit_for_bit(frames, from_hz, rate_hz) -> None:
    """Streaming must not be heard, at any awkward length."""
    samples = noise(frames)
    expected = soxr.resample(samples, from_hz, rate_hz, "HQ")
    assert expected.tobytes() == in_chunks(samples, from_hz, rate_hz, CHUNK).tobytes()


@given(
    frames=st.integers(0, 5_000), chunk=st.integers(1, 6_000), from_hz=RATES_HZ, rate_hz=RATES_HZ
)
def test_resampler_output_does_not_depend_on_the_chunks(frames, chunk, from_hz, rate_hz) -> None:
    """Where a block ends is the decoder's business alone."""
    samples = noise(frames)
    whole = in_chunks(samples, from_hz, rate_hz, max(frames, 1))
    assert whole.tobytes() == in_chunks(samples, from_hz, rate_hz, chunk).tobytes()


@given(frames=st.integers(10, 20_000), from_hz=RATES_HZ, rate_hz=RATES_HZ)
def test_resampler_keeps_the_duration_within_one_sample(frames, from_hz, rate_hz) -> None:
    """No delay and no padding is left in."""
    samples = in_chunks(noise(frames), from_hz, rate_hz, CHUNK)
    assert abs(samples.size - frames * rate_hz / from_hz) <= 1
    assert abs(samples.size - frames_at(frames, from_hz, rate_hz)) <= 1


def test_resampler_passes_blocks_when_the_rate_is_right() -> None:
    """Nothing to do is done for nothing."""
    block, resampler = noise(100), Resampler(16_000, 16_000)
    assert resampler.push(block) is block
    assert not resampler.finish().size


def test_prepare_returns_the_same_wave_when_the_rate_is_right() -> None:
    """Nor is a whole recording copied."""
    wave = Waveform(noise(100), 16_000)
    assert prepare(wave, rate_hz=16_000).wave is wave


def test_resampler_removes_what_the_lower_rate_cannot_hold() -> None:
    """An 11 kHz tone would come back as 5 kHz from a careless resampler."""
    seconds = np.arange(48_000) / 48_000
    tone = np.sin(2 * np.pi * 11_000 * seconds).astype(np.float32)
    inside = in_chunks(tone, 48_000, 16_000, CHUNK)[1_000:-1_000]
    assert np.abs(inside).max() < 1e-5


def test_prepare_clips_when_the_filter_overshoots() -> None:
    """A square wave at full scale rings beyond it; nobody needs to hear of it."""
    square = np.sign(np.sin(np.arange(4_800) / 7 + 0.1)).astype(np.float32)
    assert in_chunks(square, 48_000, 16_000, CHUNK).max() > 1
    assert prepare(square, source_rate_hz=48_000, rate_hz=16_000).wave.samples.max() == 1
    assert prepare(square * np.float32(0.99), source_rate_hz=48_000, rate_hz=16_000).warnings == ()


def test_prepare_refuses_a_wave_of_which_nothing_would_be_left() -> None:
    """One sample at 96 kHz is not a sample at 8 kHz."""
    wave = Waveform(np.zeros(1, np.float32), 96_000)
    with pytest.raises(AudioError, match="leave none"):
        prepare(wave, rate_hz=8_000)


def test_prepare_refuses_a_rate_out_of_range() -> None:
    """The target rate is checked like the source's."""
    with pytest.raises(AudioError, match="sample rate"):
        prepare(Waveform(noise(10), 16_000), rate_hz=100)


@given(channels=st.integers(1, 40), frames=st.integers(40, 90))
def test_downmix_is_the_mean_for_any_number_of_channels(channels, frames) -> None:
    """Dhruva's sum/2 is wrong for more than two."""
    block = noise(frames, channels)
    np.testing.assert_allclose(downmix(block, 1.0), block.mean(axis=1, dtype=np.float64), atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.int16, 2**15), (np.int32, 2**31), (np.float64, 1)]
)
def test_downmix_is_exact_when_channels_are_equal(dtype, scale) -> None:
    """Two equal channels are the one they came from."""
    column = np.array([[0.25], [-1.0], [0.5 - 2**-10]]) * scale
    block = np.repeat(column, 2, axis=1).astype(dtype)
    assert downmix(block, scale).tolist() == [0.25, -1.0, 0.5 - 2**-10]


@given(sizes=st.lists(st.integers(0, 50), max_size=20), expected=st.integers(0, 600))
def test_sample_buffer_joins_blocks_whatever_was_expected(sizes, expected) -> None:
    """A header that lies costs time, not samples."""
    blocks = [noise(size) for size in sizes]
    buffer = SampleBuffer(expected)
    for block in blocks:
        buffer.append(block)
    assert np.concatenate([noise(0), *blocks]).tobytes() == buffer.take().tobytes()
