"""Samples on their way to the embedded decoder: the pure part of model ps_decode."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from asr_client import embedded


@pytest.fixture(scope="module")
def speech() -> ModuleType:
    """The pure part of model ps_decode, loaded from its file as Triton's stub loads it."""
    path = Path(embedded.__file__).parent / "models/ps_decode/1/speech.py"
    spec = importlib.util.spec_from_file_location("speech", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pcm16_returns_every_integer_it_was_made_from(speech: ModuleType) -> None:
    """All 65536 values of a 16-bit file survive the way through float32."""
    integers = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(speech.pcm16(integers.astype(np.float32) / 32768), integers)


def test_pcm16_saturates_when_samples_overshoot(speech: ModuleType) -> None:
    """Loud samples clip instead of wrapping around to the other sign."""
    loud = np.array([1.0, 1.4, -1.4], dtype=np.float32)
    assert speech.pcm16(loud).tolist() == [32767, 32767, -32768]


def test_speech_of_drops_the_padding(speech: ModuleType) -> None:
    """Only NUM_SAMPLES samples are speech, and what follows is not looked at."""
    padded = np.array([0.5, -0.5, np.nan], dtype=np.float32)
    assert speech.speech_of(padded, 2).tolist() == [0.5, -0.5]


@pytest.mark.parametrize(
    ("signal", "num_samples", "said"),
    [
        ([0.0, 0.0], 0, "NUM_SAMPLES is 0, but must be from 1 to 2"),
        ([0.0, 0.0], -1, "NUM_SAMPLES is -1"),
        ([0.0, 0.0], 3, "NUM_SAMPLES is 3"),
        ([], 0, "from 1 to 0"),
        ([0.0, float("nan")], 2, "NaN or infinity"),
        ([0.0, float("-inf")], 2, "NaN or infinity"),
        ([0.0, -12000.0], 2, "reaches 12000.*divide 16-bit integers by 32768"),
    ],
)
def test_speech_of_refuses_when_samples_cannot_be_speech(
    speech: ModuleType, signal: list[float], num_samples: int, said: str
) -> None:
    """Each mistake of a client is named in the refusal."""
    with pytest.raises(speech.UnusableError, match=said):
        speech.speech_of(np.array(signal, dtype=np.float32), num_samples)
