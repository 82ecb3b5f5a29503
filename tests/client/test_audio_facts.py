"""Facts and warnings: what is seen in a recording while it goes by."""

from __future__ import annotations

import io
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from asr_client.audio import Waveform, prepare
from asr_client.audio.flaws import describe_flaws
from asr_client.audio.measure import SilenceMeter
from asr_client.results import AudioFacts

RATE_HZ = 16_000
TONE = np.sin(np.arange(RATE_HZ) / 5).astype(np.float32) / 2

SOUND = AudioFacts(
    duration_s=5.0,
    sample_rate_hz=48_000,
    channels=2,
    format="WAV/PCM_16",
    resampled_from_hz=48_000,
    peak=0.9,
    clipped_ratio=0.0005,
    silent_ratio=0.5,
    dc_offset=0.001,
)


def facts_of(samples: np.ndarray, rate_hz: int = RATE_HZ) -> AudioFacts:
    """The facts of an array at 16 kHz."""
    return prepare(samples, source_rate_hz=rate_hz, rate_hz=RATE_HZ).facts


def test_prepare_tells_the_facts_of_an_array() -> None:
    """Everything about the source, nothing about the result."""
    stereo = np.stack([TONE, TONE + np.float32(0.25)], axis=1)
    facts = facts_of(np.tile(stereo, (3, 1)), 48_000)
    assert (facts.duration_s, facts.sample_rate_hz, facts.channels) == (1.0, 48_000, 2)
    assert (facts.format, facts.resampled_from_hz) == ("array", 48_000)
    assert facts.peak == pytest.approx(0.75, abs=1e-3)
    assert facts.dc_offset == pytest.approx(0.125, abs=1e-3)
    assert (facts.clipped_ratio, facts.silent_ratio, facts.truncated) == (0.0, 0.0, False)


def test_prepare_says_not_resampled_when_rates_agree() -> None:
    """None means that the samples are the source's own."""
    assert facts_of(TONE).resampled_from_hz is None


@pytest.mark.parametrize(
    ("subtype", "dtype"),
    [
        ("PCM_16", "int16"),
        ("PCM_24", "int32"),
        ("PCM_U8", "int16"),
        ("ULAW", "int16"),
        ("FLOAT", "float32"),
    ],
)
def test_prepare_sees_clipping_in_every_encoding(subtype, dtype) -> None:
    """Eight bits and G.711 stop short of full scale, and are clipped there all the same."""
    file = io.BytesIO()
    samples = np.repeat(np.array([0, 1, 0, -1], np.float32), 100)
    soundfile.write(file, samples, RATE_HZ, format="WAV", subtype=subtype)
    loudest = np.abs(soundfile.read(io.BytesIO(file.getvalue()), dtype=dtype)[0]).max()
    assert loudest
    assert prepare(file.getvalue(), rate_hz=RATE_HZ).facts.clipped_ratio == 0.5


@pytest.mark.parametrize(
    "samples",
    [
        np.array([-(2**15), 2**15 - 1, 0, 0], np.int16),
        np.array([-(2**31), 2**31 - 1, 0, 0], np.int32),
        np.array([-1.0, 1.0, 0.0, 0.0]),
        np.array([-1.5, 1.2, 0.0, 0.0]),
    ],
)
def test_prepare_counts_samples_at_or_beyond_full_scale(samples) -> None:
    """Both ends count, in any dtype."""
    assert facts_of(samples).clipped_ratio == 0.5


def test_prepare_clips_and_warns_when_floats_exceed_full_scale() -> None:
    """Up to 1.5 it is loud music; the model gets no more than 1."""
    ready = prepare(
        np.tile([1.25, -1.25, 0.5, -0.5], 9_000), source_rate_hz=RATE_HZ, rate_hz=RATE_HZ
    )
    assert (ready.wave.samples.min(), ready.wave.samples.max()) == (-1, 1)
    assert (ready.facts.peak, ready.facts.clipped_ratio) == (1.25, 0.5)
    assert ready.warnings == (
        "samples reach 1.25 times full scale; what exceeds it was clipped",
        "50.0% of the samples are clipped: record at a lower level",
    )


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.zeros(1), 1.0),
        (np.ones(1), 0.0),
        (np.zeros(16_000), 1.0),
        (np.full(16_000, 0.00099), 1.0),
        (np.full(16_000, 0.00101), 0.0),
        (np.repeat([0.0, 0.5], 8_000), 0.5),
        (np.append(np.zeros(320), np.ones(319)), 1.0),
    ],
)
def test_silent_ratio_counts_20_ms_frames_below_minus_60_db(samples, expected) -> None:
    """The threshold is a power: 0.001 of full scale, RMS."""
    meter = SilenceMeter(RATE_HZ)
    meter.add(samples.astype(np.float32))
    assert meter.ratio == expected


def test_prepare_normalizes_the_peak_when_asked() -> None:
    """As ai4i-core does: divide by the largest absolute sample of the result."""
    ready = prepare(-TONE, source_rate_hz=RATE_HZ, rate_hz=RATE_HZ, normalize_peak=True)
    np.testing.assert_array_equal(ready.wave.samples, -TONE / np.abs(TONE).max())
    assert ready.facts.peak == pytest.approx(0.5, abs=1e-3)


def test_prepare_leaves_silence_alone_when_normalizing() -> None:
    """Silence has no peak to divide by."""
    ready = prepare(np.zeros(RATE_HZ), source_rate_hz=RATE_HZ, rate_hz=RATE_HZ, normalize_peak=True)
    assert not ready.wave.samples.any()
    assert ready.warnings == ("the recording is silent throughout",)


def test_prepare_keeps_the_samples_of_a_waveform() -> None:
    """A waveform at the right rate passes bit for bit."""
    wave = Waveform(TONE, RATE_HZ)
    assert prepare(wave, rate_hz=RATE_HZ).wave.samples.tobytes() == wave.samples.tobytes()


def test_prepare_needs_the_memory_of_its_result_not_of_its_source(tmp_path) -> None:
    """A minute of 48 kHz stereo is 23 MB decoded and 3.8 MB at 16 kHz mono."""
    path = tmp_path / "minute.wav"
    soundfile.write(path, np.zeros((60 * 48_000, 2), np.int16), 48_000)
    prepare(path, rate_hz=RATE_HZ)  # loads the libraries
    tracemalloc.start()
    ready = prepare(path, rate_hz=RATE_HZ)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 1.5 * ready.wave.samples.nbytes


def test_describe_flaws_finds_none_in_a_sound_recording() -> None:
    """Only what may spoil the transcript is worth a word."""
    assert describe_flaws(SOUND, RATE_HZ, lossy=False) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"truncated": True}, "cut short"),
        ({"clipped_ratio": 0.0011}, "0.1% of the samples are clipped"),
        ({"peak": 1.01}, "1.01 times full scale"),
        ({"silent_ratio": 1.0}, "silent throughout"),
        ({"silent_ratio": 0.96}, "96% of the recording is silent"),
        ({"dc_offset": -0.03}, "off centre by -0.03"),
        ({"duration_s": 0.099}, "lasts only 0.099 s"),
        ({"resampled_from_hz": 8_000}, "telephone band"),
        ({"resampled_from_hz": 11_025}, "nothing above 5512 Hz"),
    ],
)
def test_describe_flaws_says_one_clause_for_each_flaw(change, says) -> None:
    """One flaw, one clause, with its measure in it; in the form of all a transcript's warnings."""
    (flaw,) = describe_flaws(replace(SOUND, **change), RATE_HZ, lossy=False)
    assert says in flaw
    assert not flaw[0].isupper()
    assert not flaw.endswith(".")


@pytest.mark.parametrize(
    "change",
    [
        {"clipped_ratio": 0.001},
        {"peak": 1.0},
        {"silent_ratio": 0.95},
        {"dc_offset": 0.02},
        {"duration_s": 0.1},
        {"resampled_from_hz": 16_000},
        {"resampled_from_hz": None},
        {"duration_s": 0.3, "dc_offset": 0.1},
    ],
)
def test_describe_flaws_keeps_quiet_at_the_threshold(change) -> None:
    """The limits themselves are still sound; so is the mean of a few cycles."""
    assert describe_flaws(replace(SOUND, **change), RATE_HZ, lossy=False) == ()


@pytest.mark.parametrize(("peak", "flaws"), [(1.02, 0), (1.1, 0), (1.11, 1)])
def test_describe_flaws_allows_a_little_overshoot_when_the_encoding_is_lossy(peak, flaws) -> None:
    """MP3 and its like overshoot by a few per cent; beyond 10 % somebody recorded too loud."""
    assert len(describe_flaws(replace(SOUND, peak=peak), RATE_HZ, lossy=True)) == flaws
