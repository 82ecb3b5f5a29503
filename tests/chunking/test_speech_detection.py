"""Finding speech: in noise, from the first second on, and the same whatever the blocks."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr_client.audio import load_audio
from asr_client.chunking.options import SpeechDetection
from asr_client.chunking.speech import Frames, SpeechDetector, find_speech, runs_of, smoothed
from spoken_blocks import KINDS, STRETCHES, in_blocks, sound, stretches
from spoken_blocks import RATE_HZ as LOW_RATE_HZ

ROOT = Path(__file__).parents[2]
WEATHER = ROOT / "samples" / "speech" / "en-rms-weather.flac"
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def vad() -> SimpleNamespace:
    """Load benchmarks/vad.py: it knows the labels, the noises, and how errors are counted."""
    return SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "vad.py")))


def frames_of(blocks: list[np.ndarray], rate_hz: int = LOW_RATE_HZ) -> Frames:
    """Judge what comes in these blocks."""
    detector = SpeechDetector(rate_hz, SpeechDetection())
    judged = [detector.push(block) for block in blocks]
    return Frames.joined(Frames.none(), *judged, detector.finish())


@pytest.mark.parametrize(
    ("kind", "snr_db", "missed", "false_alarms"),
    [
        ("white", None, 0.005, 0.03),
        ("white", 20, 0.02, 0.01),
        ("white", 5, 0.03, 0.01),
        ("pink", 5, 0.03, 0.01),
        ("babble", 10, 0.03, 0.05),
        ("babble", 5, 0.04, 0.1),
    ],
)
def test_detector_keeps_its_figures_in_noise(vad, kind, snr_db, missed, false_alarms) -> None:
    """What benchmarks/README.md tells, with some room, from another tape."""
    tape = vad.make_tape(np.random.default_rng(2), rounds=1)
    samples = tape.samples
    if snr_db is not None:
        noise = vad.make_noise(kind, samples.size, np.random.default_rng(3))
        samples = vad.with_noise(tape, noise, snr_db)
    errors = vad.score(vad.ours(SpeechDetection())(samples), tape)
    assert errors.missed <= missed
    assert errors.false_alarms <= false_alarms


@settings(max_examples=40, deadline=None)
@given(
    parts=STRETCHES,
    sizes=st.lists(st.integers(0, 2_000), min_size=1, max_size=4).filter(any),
)
def test_frames_do_not_depend_on_the_blocks(parts, sizes) -> None:
    """Bit for bit: else a recording would be cut otherwise when it comes through a pipe."""
    samples = stretches(parts)
    once, pieced = frames_of([samples]), frames_of(in_blocks(samples, sizes))
    assert once.is_speech.size == -(-samples.size // 16)
    assert np.isfinite(once.levels_db).all()
    assert once.levels_db.tobytes() == pieced.levels_db.tobytes()
    assert once.is_speech.tobytes() == pieced.is_speech.tobytes()


def test_frames_come_when_the_second_after_them_is_known() -> None:
    """What a cutter has to read ahead is about two seconds, however long the recording is."""
    detector = SpeechDetector(LOW_RATE_HZ, SpeechDetection())
    judged = 0
    for second in range(1, 100):
        judged += detector.push(sound("speech", 1.0)).is_speech.size * detector.frame_samples
        assert second - 2.1 <= judged / LOW_RATE_HZ <= second


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_speech_is_found_at_every_rate(rate_hz) -> None:
    """Ordinary speech, from the label's start to its end."""
    import soxr

    samples = soxr.resample(load_audio(WEATHER).samples, RATE_HZ, rate_hz)
    ((start, end),) = find_speech(samples, rate_hz)
    assert start / rate_hz == pytest.approx(0.18, abs=0.15)
    assert end / rate_hz == pytest.approx(4.20, abs=0.15)


def test_speech_is_found_when_the_recording_begins_with_it() -> None:
    """The first second has a noise floor, too."""
    samples = load_audio(WEATHER).samples[round(0.3 * RATE_HZ) :]
    noise = 0.005 * np.random.default_rng(1).standard_normal(samples.size + 3 * RATE_HZ)
    recording = (np.pad(samples, (0, 3 * RATE_HZ)) + noise).astype(np.float32)
    ((start, end),) = find_speech(recording, RATE_HZ)
    assert start == 0
    assert end / RATE_HZ == pytest.approx(3.9, abs=0.2)


def test_speech_is_found_after_digital_silence() -> None:
    """A microphone that is switched on is taken for speech, for some seconds and no longer."""
    samples = load_audio(WEATHER).samples
    noise = 0.002 * np.random.default_rng(1).standard_normal(samples.size + 16 * RATE_HZ)
    recording = (np.pad(samples, (12 * RATE_HZ, 4 * RATE_HZ)) + noise).astype(np.float32)
    recording[: 4 * RATE_HZ] = 0
    taken_for_speech, speech = find_speech(recording, RATE_HZ)
    assert taken_for_speech[0] / RATE_HZ == pytest.approx(3.9, abs=0.1)
    assert taken_for_speech[1] / RATE_HZ < 10
    assert speech[0] / RATE_HZ == pytest.approx(12.18, abs=0.15)
    assert speech[1] / RATE_HZ == pytest.approx(16.2, abs=0.2)


@pytest.mark.parametrize("snr_db", [20, 10])
def test_floor_follows_a_noise_that_rises(vad, snr_db) -> None:
    """Somebody opens a window: some seconds later pauses are pauses again."""
    tape = vad.make_tape(np.random.default_rng(4), rounds=1)
    noise = vad.make_noise("white", tape.samples.size, np.random.default_rng(5))
    rising = noise * np.linspace(0.1, 1, noise.size, dtype=np.float32)
    found = vad.ours(SpeechDetection())(vad.with_noise(tape, rising, snr_db))
    errors = vad.score(found, tape)
    assert errors.missed <= 0.03
    assert errors.false_alarms <= 0.03


@pytest.mark.parametrize("kind", ["silence", "hush", "roar"])
def test_no_speech_is_found_where_there_is_none(kind) -> None:
    """Silence, a quiet room, a steady roar."""
    assert find_speech(sound(kind, 30), LOW_RATE_HZ) == []


@pytest.mark.parametrize("kind", KINDS)
def test_speech_lies_within_the_recording(kind) -> None:
    """Stretches are in order, apart from one another, and not beyond the end."""
    samples = np.concatenate((sound(kind, 7.007), sound("speech", 3)))
    edges = np.array(find_speech(samples, LOW_RATE_HZ)).ravel()
    assert (np.diff(edges) > 0).all()
    assert edges.min() >= 0
    assert edges.max() <= samples.size


def test_nothing_is_found_in_nothing() -> None:
    """No sample, no frame."""
    assert find_speech(np.empty(0, np.float32), RATE_HZ) == []
    assert frames_of([np.empty(0, np.float32)]).is_speech.size == 0


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("1100000011", "1110000111"),  # padded
        ("1111001111", "1111111111"),  # too short a pause
        ("0000100000", "0000000000"),  # too short a sound
        ("0000110000", "0001111000"),
        ("0011111111", "0111111111"),  # too short for a pause, but the recording begins with it
        ("0000000000", "0000000000"),
        ("1111111111", "1111111111"),
    ],
)
def test_smoothed_makes_stretches_of_frames(flags, expected) -> None:
    """Frames of 0.1 s: pauses from 0.3 s on, speech from 0.2 s on, 0.1 s on either side."""
    options = SpeechDetection(min_speech_s=0.2, min_pause_s=0.3, pad_s=0.1)
    frames = np.array([flag == "1" for flag in flags])
    found = smoothed(frames, 0.1, options)
    assert "".join("01"[flag] for flag in found.astype(int)) == expected


def test_runs_of_tells_where_flags_are_set() -> None:
    """From and until, at the edges, too."""
    starts, ends = runs_of(np.array([True, False, True, True]))
    assert (starts.tolist(), ends.tolist()) == ([0, 2], [1, 4])
