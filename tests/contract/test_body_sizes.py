"""The size of a request, known before anything is encoded, beside what the encoders make of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform
from asr_client.contracts.recognizer import Recognizer, Utterances
from speech_models import RECOGNIZERS

SLACK_BYTES = 300


def encoded_bytes(recognizer: Recognizer, samples: int, **changes: object) -> int:
    """Encode one recording, and weigh it."""
    wave = Waveform(np.full(samples, 0.25, np.float32), recognizer.sample_rate_hz)
    language = "hi" if recognizer.takes_language else None
    known = {"language": language, "request_id": "0" * 32, **changes}
    return recognizer.recognize(Utterances((wave,), **known)).request.size_bytes


@pytest.mark.parametrize("name", RECOGNIZERS)
@pytest.mark.parametrize("samples", [1, 2, 3, 127, 16_000, 479_999, 2_000_000])
def test_body_bytes_are_what_is_encoded(name: str, samples: int) -> None:
    """Or a little more; never less."""
    recognizer = RECOGNIZERS[name]
    real = encoded_bytes(recognizer, samples, timeout_s=900.0)
    assert real <= recognizer.body_bytes(samples) <= real + SLACK_BYTES


@pytest.mark.parametrize("name", RECOGNIZERS)
def test_body_bytes_have_room_for_every_language(name: str) -> None:
    """The longest code that the model takes."""
    recognizer = RECOGNIZERS[name]
    for language in recognizer.languages:
        real = encoded_bytes(recognizer, 5, language=language, timeout_s=3600.0)
        assert real <= recognizer.body_bytes(5) <= real + SLACK_BYTES


@pytest.mark.parametrize("name", [name for name, each in RECOGNIZERS.items() if each.pads])
def test_body_bytes_count_padding_as_samples(name: str) -> None:
    """A padded request is as large as one that is full of audio."""
    recognizer = RECOGNIZERS[name]
    real = encoded_bytes(recognizer, 5, padded_samples=8_000)
    assert real <= recognizer.body_bytes(8_000) <= real + SLACK_BYTES


@given(st.sampled_from(sorted(RECOGNIZERS)), st.integers(1, 10**9))
def test_body_bytes_grow_with_the_audio(name: str, samples: int) -> None:
    """So that the longest recording which fits can be found by bisection."""
    recognizer = RECOGNIZERS[name]
    assert recognizer.body_bytes(samples) <= recognizer.body_bytes(samples + 1)
