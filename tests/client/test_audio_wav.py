"""encode_wav: the 44 bytes and what follows."""

from __future__ import annotations

import io
import wave as stdlib_wave

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from asr_client.audio import Waveform, encode_wav, load_audio

INT16 = hnp.arrays(np.int16, st.integers(1, 500))


@given(samples=INT16, rate_hz=st.sampled_from([1_000, 8_000, 16_000, 768_000]))
def test_encode_wav_returns_a_16_bit_file_bit_for_bit(samples, rate_hz) -> None:
    """What was decoded from a file encodes to that file again."""
    file = io.BytesIO()
    with stdlib_wave.open(file, "wb") as writer:
        writer.setparams((1, 2, rate_hz, samples.size, "NONE", ""))
        writer.writeframes(samples.astype("<i2").tobytes())
    assert file.getvalue() == encode_wav(load_audio(file.getvalue()))


@given(samples=INT16)
def test_encode_wav_round_trips_the_samples_of_an_array(samples) -> None:
    """int16 to float32 to int16 loses nothing."""
    encoded = encode_wav(load_audio(samples, sample_rate_hz=16_000))
    assert samples.tobytes() == soundfile.read(io.BytesIO(encoded), dtype="int16")[0].tobytes()


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (1.0, 32767),
        (-1.0, -32768),
        (1.4, 32767),
        (-1.4, -32768),
        (0.5 / 32768, 0),
        (1.5 / 32768, 2),
    ],
)
def test_encode_wav_rounds_and_clips(sample, expected) -> None:
    """Full scale is 32768, halves go to the even number."""
    encoded = encode_wav(Waveform(np.array([sample], np.float32), 16_000))
    assert expected == int.from_bytes(encoded[44:], "little", signed=True)


@pytest.mark.parametrize("frames", [1, 65_535, 65_536, 65_537])
def test_encode_wav_writes_44_bytes_and_two_per_sample(frames) -> None:
    """The size is right where blocks begin and end."""
    wave = Waveform(np.linspace(-1, 1, frames, dtype=np.float32), 16_000)
    encoded = encode_wav(wave)
    assert 44 + 2 * frames == len(encoded)
    assert frames == soundfile.info(io.BytesIO(encoded)).frames
