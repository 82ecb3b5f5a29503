"""Clips in padding buckets: what the server is told of their length, over every protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr_client.audio import Waveform, load_audio
from asr_client.contracts.wire import Request
from asr_loadtest.load.corpus import Clip, Corpus, CorpusSpec, Payloads
from asr_loadtest.load.corpus.clips import pad_clips
from speech_models import RECOGNIZERS, samples_in, tensors_in

SPEECH = Path(__file__).parents[2] / "samples" / "speech"
SAMPLES = load_audio(SPEECH / "hi-espeak-rain.flac").samples[:1500]
(PADDED,) = pad_clips([Clip("hello", "hi", "", Waveform(SAMPLES, 16_000))], 0.1)


def request_of(name: str, number: int = 0, *, perturb: bool = True) -> Request:
    """Encode the padded clip for a recogniser."""
    corpus = Corpus(CorpusSpec(), [PADDED])
    return Payloads(corpus, RECOGNIZERS[name], perturb=perturb).of(PADDED).request(number)


@pytest.mark.parametrize("name", ["http", "grpc"])
@pytest.mark.parametrize("perturb", [False, True])
def test_padding_leaves_the_true_length_when_the_model_is_told_one(name, perturb) -> None:
    """Zeros to the end of the bucket, and the number of samples is that of the speech."""
    request = request_of(name, perturb=perturb)
    samples = samples_in(request)
    assert samples.size == 1600
    assert np.array_equal(SAMPLES, samples[:1500])
    assert not samples[1500:].any()
    assert np.frombuffer(tensors_in(request)["NUM_SAMPLES"], "<i4").tolist() == [1500]


def test_padding_keeps_the_lengths_own_type() -> None:
    """INT64 where the model wants that."""
    tensors = tensors_in(request_of("http, half"))
    assert np.frombuffer(tensors["WAV_LENS"], "<i8").tolist() == [1500]


@pytest.mark.parametrize(
    "name",
    ["http, whisper", "http, base64", "grpc, base64", "generate", "asr-infer", "ulca", "ai4i"],
)
def test_padding_is_silence_when_the_model_is_told_no_length(name) -> None:
    """The recording is longer, and perturbed as any other."""
    samples = samples_in(request_of(name))
    assert samples.size == 1600
    assert np.array_equal(SAMPLES, samples[:1500])
    assert not samples[1500:].any()
    assert samples.tobytes() != samples_in(request_of(name, 1)).tobytes()
