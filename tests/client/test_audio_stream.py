"""Reading block by block: the same samples as all at once, and nothing left open."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from asr_client.audio import Waveform, load_audio, prepare
from asr_client.audio.measure import SilenceMeter
from asr_client.audio.stream import AudioStream
from asr_client.errors import AudioError

LONG = np.sin(np.arange(400_000) / 5).astype(np.float32) * np.float32(1.2)


def blocks_of(stream: AudioStream) -> list[np.ndarray]:
    """Read to the end."""
    blocks = []
    while (block := stream.read()) is not None:
        blocks.append(block)
    return blocks


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, None])
def test_stream_reads_what_prepare_makes(rate_hz, tmp_path) -> None:
    """Joined, its blocks are bit for bit the same."""
    path = tmp_path / "long.wav"
    soundfile.write(path, LONG, 16_000, subtype="FLOAT")
    stream = AudioStream(path, rate_hz=rate_hz)
    blocks = blocks_of(stream)
    ready = prepare(path, rate_hz=rate_hz or 16_000)
    assert len(blocks) > 2
    assert np.concatenate(blocks).tobytes() == ready.wave.samples.tobytes()
    assert (stream.facts, stream.warnings) == (ready.facts, ready.warnings)
    assert stream.samples == stream.expected_samples == ready.wave.samples.size
    assert stream.read() is None


def test_stream_leaves_an_array_as_it_is() -> None:
    """The caller's samples are not clipped in place."""
    before = LONG.copy()
    blocks = blocks_of(AudioStream(LONG, source_rate_hz=16_000, rate_hz=16_000))
    assert max(float(block.max()) for block in blocks) == 1
    assert np.array_equal(LONG, before)


def test_stream_copies_no_waveform() -> None:
    """What cannot change is handed on as it is."""
    wave = Waveform(LONG / 2, 16_000)
    assert all(
        np.shares_memory(block, wave.samples)
        for block in blocks_of(AudioStream(wave, rate_hz=16_000))
    )


def test_stream_closes_what_it_opened_at_its_end_and_when_left_early(tmp_path) -> None:
    """The file's handle is given back; a second time does no harm."""
    path = tmp_path / "long.wav"
    soundfile.write(path, LONG / 2, 16_000)
    opened = set(Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else set()
    with AudioStream(path) as stream:
        assert stream.read() is not None
    stream.close()
    with pytest.raises(AudioError, match="closed before its end"):
        stream.read()
    blocks_of(AudioStream(path))
    if opened:
        assert len(set(Path("/proc/self/fd").iterdir())) <= len(opened)


def test_stream_leaves_the_callers_file_open() -> None:
    """It is not ours."""
    file = io.BytesIO()
    soundfile.write(file, LONG / 2, 16_000, format="WAV")
    file.seek(0)
    blocks_of(AudioStream(file))
    assert not file.closed


def test_stream_keeps_failing_when_it_has_failed() -> None:
    """A recording that broke off is no short one."""
    samples = LONG / 2
    samples[300_000] = np.inf
    stream = AudioStream(samples, source_rate_hz=16_000)
    with pytest.raises(AudioError, match=r"18\.750 s"):
        blocks_of(stream)
    with pytest.raises(AudioError, match="closed before its end"):
        stream.read()


def test_stream_has_its_facts_at_its_end_only() -> None:
    """Half of a recording has other facts."""
    stream = AudioStream(LONG / 2, source_rate_hz=16_000)
    stream.read()
    with pytest.raises(RuntimeError):
        _ = stream.facts
    stream.close()


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 900), min_size=1, max_size=8).filter(any),
    rate_hz=st.sampled_from([1_000, 8_000, 16_000]),
)
def test_silence_is_counted_whatever_the_blocks(sizes, rate_hz) -> None:
    """Frames reach over the ends of blocks."""
    total = sum(sizes)
    samples = np.random.default_rng(total).standard_normal(total).astype(np.float32)
    samples *= np.float32(0.001) + (np.arange(total) // 200 % 2 * np.float32(0.1))
    samples[total // 2 :] = 0
    meter, at_once = SilenceMeter(rate_hz), SilenceMeter(rate_hz)
    at_once.add(samples)
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        meter.add(samples[end - size : end])
    assert meter.ratio == at_once.ratio


def test_load_audio_reads_the_same() -> None:
    """At the source's own rate."""
    samples = load_audio(LONG / 2, sample_rate_hz=16_000).samples
    assert np.array_equal(samples, LONG / 2)
