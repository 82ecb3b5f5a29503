"""Waveform: a value that cannot change and cannot be wrong."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from asr_client.audio import Waveform
from asr_client.errors import AudioError


def test_waveform_keeps_its_samples_when_the_callers_array_changes() -> None:
    """A writeable array is copied."""
    samples = np.array([0.25, -0.5], np.float32)
    wave = Waveform(samples, 16_000)
    samples[0] = 1
    assert wave.samples.tolist() == [0.25, -0.5]


def test_waveform_samples_cannot_be_written() -> None:
    """Threads may share a waveform."""
    wave = Waveform(np.zeros(3, np.float32), 16_000)
    with pytest.raises(ValueError, match="read-only"):
        wave.samples[0] = 1


def test_waveform_shares_memory_when_made_of_a_slice_of_another() -> None:
    """Cutting a long recording into segments costs no memory."""
    whole = Waveform(np.zeros(100, np.float32), 16_000)
    part = Waveform(whole.samples[10:20], 16_000)
    assert np.shares_memory(whole.samples, part.samples)


def test_waveform_duration_is_frames_over_rate() -> None:
    """Durations are in seconds."""
    assert Waveform(np.zeros(8_000, np.float32), 16_000).duration_s == 0.5


def test_waveform_repr_shows_no_audio() -> None:
    """Logs and tracebacks must not carry audio."""
    wave = Waveform(np.full(16_000, 0.125, np.float32), 16_000)
    assert repr(wave) == "Waveform(1.000 s, 16000 Hz)"


def through_pickle(wave: Waveform) -> Waveform:
    """What a worker process receives."""
    return pickle.loads(pickle.dumps(wave))  # noqa: S301 - our own pickle


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, through_pickle])
def test_waveform_stays_read_only_when_copied_or_pickled(clone) -> None:
    """A worker process gets the same guarantees."""
    again = clone(Waveform(np.array([0.5], np.float32), 8_000))
    assert (
        again.samples.tolist(),
        again.sample_rate_hz,
        again.samples.flags.writeable,
    ) == ([0.5], 8_000, False)


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(3), "float32"),
        (np.zeros((3, 1), np.float32), "one dimension"),
        ([0.0, 0.5], "float32"),
        (np.zeros(0, np.float32), "at least one"),
        (np.array([0, np.nan], np.float32), "NaN"),
        (np.array([0, -np.inf], np.float32), "infinite"),
        (np.array([0, 9_000], np.float32), "divide by 32768"),
        (np.array([0, 2e9], np.float32), "divide by 2147483648"),
        (np.array([0, -1.6], np.float32), "scale them"),
    ],
)
def test_waveform_refuses_what_no_model_can_take(samples, says) -> None:
    """A mistake shows where it is made, not in a bad transcript."""
    with pytest.raises(AudioError, match=says):
        Waveform(samples, 16_000)


@pytest.mark.parametrize("rate_hz", [0, -1, 999, 768_001, 16_000.0, "16000", True, None])
def test_waveform_refuses_a_rate_when_nobody_records_at_it(rate_hz) -> None:
    """Rates are whole numbers from 1000 to 768000."""
    with pytest.raises(AudioError, match="sample rate"):
        Waveform(np.zeros(3, np.float32), rate_hz)
