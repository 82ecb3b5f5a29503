"""The one place of a body in which requests differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform, encode_wav
from asr_client.contracts.json_dialect import base64_of
from asr_loadtest.load.corpus.perturbation import (
    DISTINCT,
    LEAST_SAMPLES,
    Template,
    make_template,
)

RATE_HZ = 16_000
FIRST = 2
STEP = 1 / 32768
INT16 = st.lists(
    st.integers(-32768, 32767) | st.sampled_from([-32768, -1, 0, 1, 32767]),
    min_size=40,
    max_size=40,
)


def wave_of(int16: list[int]) -> Waveform:
    """Make a recording from 16-bit samples."""
    return Waveform(np.array(int16, np.float32) / 32768, RATE_HZ)


def template_of(body: tuple[bytes | memoryview, ...], wave: Waveform) -> Template:
    """Make a template that must be possible."""
    template = make_template(body, wave)
    assert template is not None
    return template


def bits_of(number: int) -> list[int]:
    """Tell which samples are to be moved."""
    return [FIRST + bit for bit in range(24) if number >> bit & 1]


@given(int16=INT16, number=st.integers(0, DISTINCT - 1))
def test_template_moves_the_samples_of_the_numbers_bits_when_they_are_floats(int16, number) -> None:
    """By 1/32768, none beyond full scale, no other sample at all."""
    wave = wave_of(int16)
    template = template_of((b"head", wave.samples.data.cast("B"), b"tail"), wave)
    body = b"".join(template.fill(number))
    samples = np.frombuffer(body, "<f4", 40, offset=4)
    moved = np.abs(samples - wave.samples)
    assert bits_of(number) == np.flatnonzero(moved).tolist()
    assert np.all(moved[bits_of(number)] == np.float32(STEP))
    assert np.abs(samples).max() <= 1
    assert (body[:4], body[-4:]) == (b"head", b"tail")


@given(int16=INT16, number=st.integers(0, DISTINCT - 1))
def test_template_moves_the_samples_of_the_numbers_bits_when_it_is_a_wav_file(
    int16, number
) -> None:
    """By one of 65536 steps, and the file is as valid as it was."""
    wave = wave_of(int16)
    template = template_of((b'{"audio": "', base64_of(encode_wav(wave)), b'"}'), wave)
    body = b"".join(template.fill(number))
    file = np.frombuffer(np.array(int16, "<i2"), "<i2").copy()
    for place in bits_of(number):
        file[place] ^= 1
    changed = Waveform(file.astype(np.float32) / 32768, RATE_HZ)
    assert b'{"audio": "' + base64_of(encode_wav(changed)) + b'"}' == body


@given(samples=st.lists(st.floats(-1, 1, width=16), min_size=40, max_size=40))
def test_template_moves_a_half_float_to_its_neighbour_when_it_is_loud(samples) -> None:
    """All of them differ, by a step of 16 bits or else by the least that the type can tell."""
    exact = np.array(samples, np.float16)
    wave = Waveform(exact.astype(np.float32), RATE_HZ)
    template = template_of((exact.tobytes(),), wave)
    body = b"".join(template.fill(DISTINCT - 1))
    changed = np.frombuffer(body, "<f2").astype(float)[FIRST:LEAST_SAMPLES]
    plain = exact.astype(float)[FIRST:LEAST_SAMPLES]
    least = np.maximum(STEP, np.spacing(np.abs(exact[FIRST:LEAST_SAMPLES])).astype(float))
    assert np.all(changed != plain)
    assert np.all(np.abs(changed - plain) <= least)
    assert np.abs(changed).max() <= 1


def test_template_has_one_body_for_each_of_its_numbers() -> None:
    """Every bit counts, and after 2^24 numbers it begins anew."""
    wave = wave_of([0] * 40)
    template = template_of((wave.samples.tobytes(),), wave)
    numbers = [0, *(1 << bit for bit in range(24)), DISTINCT - 1]
    assert len({template.fill(number) for number in numbers}) == 26
    assert template.fill(5) == template.fill(DISTINCT + 5)


def test_template_does_not_copy_what_comes_after_its_place() -> None:
    """A minute of audio goes to the transport from where it lies."""
    wave = wave_of([100] * 10_000)
    body = (b"head", memoryview(wave.samples).cast("B"))
    (_, tail) = template_of(body, wave).fill(7)
    assert np.shares_memory(wave.samples, np.frombuffer(tail, np.uint8))


@pytest.mark.parametrize(
    "body",
    [
        (b"no audio in here",),
        (np.arange(40, dtype=np.int16).tobytes(),),
        (np.arange(40, dtype=">f4").tobytes(),),
    ],
)
def test_template_is_none_when_the_samples_are_not_in_the_body(body) -> None:
    """Other encodings are not guessed."""
    wave = wave_of(list(range(40)))
    assert make_template(body, wave) is None


def test_template_is_none_when_the_samples_are_in_the_body_twice() -> None:
    """In two parts, or in one: which of them the server hears is not known."""
    wave = wave_of(list(range(40)))
    encoded = wave.samples.tobytes()
    assert make_template((encoded, encoded), wave) is None
    assert make_template((encoded + encoded,), wave) is None


def test_template_finds_silence_when_more_zeros_surround_it() -> None:
    """All of it must match, so that bytes of other parts are not taken for it."""
    wave = wave_of([0] * 40)
    encoded = wave.samples.tobytes()
    assert make_template((b"\0\0", encoded, b"\0\0"), wave) is not None
    assert make_template((b"\0" + encoded,), wave) is None
