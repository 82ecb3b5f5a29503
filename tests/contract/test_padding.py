"""Rows that are longer than their audio, so that a server can join them with others."""

from __future__ import annotations

import numpy as np
import pytest

from asr_client.audio import Waveform
from asr_client.contracts.kserve_http import KServeHTTP
from asr_client.contracts.kserve_recognizer import KServeRecognizer, build_request
from asr_client.contracts.recognizer import Utterances
from speech_models import RECOGNIZERS, speech_model

LONG = Waveform(np.linspace(-0.5, 0.5, 7, dtype=np.float32), 16_000)
SHORT = Waveform(np.full(4, 0.25, np.float32), 16_000)
AI4BHARAT = "AUDIO_SIGNAL FP32 -1,-1; NUM_SAMPLES INT32 -1,1; LANG_ID BYTES -1,1"
PADS = {
    AI4BHARAT: True,
    "WAV FP16 -1,-1; WAV_LENS INT64 -1,1": True,
    "WAV FP32 -1; WAV_LENS INT32 1": False,
    "WAV FP32 -1,-1; TEXT_PREFIX BYTES -1,1": False,
    "audio BYTES -1,1": False,
}


def tensors(inputs: str, *waves: Waveform, padded_samples: int | None) -> dict[str, np.ndarray]:
    """Give the numeric tensors of a request."""
    utterances = Utterances(waves, "hi", "id", padded_samples=padded_samples)
    request = build_request(speech_model(inputs), utterances)
    return {each.name: each.array() for each in request.inputs if each.datatype != "BYTES"}


@pytest.mark.parametrize("inputs", PADS)
def test_recognizer_pads_where_lengths_travel_along(inputs: str) -> None:
    """Only then can the model tell audio from zeros."""
    assert KServeRecognizer("http", KServeHTTP(), speech_model(inputs)).pads is PADS[inputs]


@pytest.mark.parametrize("name", ["generate", "asr-infer", "ulca", "ai4i", "http, base64"])
def test_files_are_never_padded(name: str) -> None:
    """A file has the length that it has."""
    dialect = RECOGNIZERS[name]
    assert dialect.pads is False
    wanted = Utterances((SHORT,), "hi", "id", padded_samples=16)
    plain = Utterances((SHORT,), "hi", "id")
    assert dialect.recognize(wanted).request.body == dialect.recognize(plain).request.body


@pytest.mark.parametrize("inputs", [each for each, pads in PADS.items() if pads])
def test_padding_adds_zeros_and_tells_the_true_length(inputs: str) -> None:
    """To the right, in the model's type."""
    audio, lengths = tensors(inputs, SHORT, padded_samples=10).values()
    assert audio.shape == (1, 10)
    assert audio[0].tolist() == [0.25] * 4 + [0.0] * 6
    assert lengths.tolist() == [[4]]


def test_padding_covers_all_rows_of_a_batch() -> None:
    """Each beside its own length."""
    audio, lengths = tensors(AI4BHARAT, LONG, SHORT, padded_samples=10).values()
    assert audio.shape == (2, 10)
    assert not audio[0, 7:].any()
    assert not audio[1, 4:].any()
    assert lengths.tolist() == [[7], [4]]


@pytest.mark.parametrize("padded_samples", [None, 1, 7])
def test_padding_copies_nothing_when_there_is_nothing_to_add(padded_samples: int | None) -> None:
    """Thirty seconds of audio are two megabytes; too short a length shortens nobody."""
    utterances = Utterances((LONG,), "hi", "id", padded_samples=padded_samples)
    audio = build_request(speech_model(AI4BHARAT), utterances).inputs[0]
    assert audio.shape == (1, 7)
    assert np.shares_memory(np.frombuffer(audio.data, np.float32), LONG.samples)


@pytest.mark.parametrize(
    "inputs", ["WAV FP32 -1; WAV_LENS INT32 1", "WAV FP32 -1,-1; TEXT_PREFIX BYTES -1,1"]
)
def test_padding_is_left_out_where_the_model_cannot_tell(inputs: str) -> None:
    """Zeros would be heard as a pause."""
    audio = next(iter(tensors(inputs, SHORT, padded_samples=10).values()))
    assert audio.size == 4
