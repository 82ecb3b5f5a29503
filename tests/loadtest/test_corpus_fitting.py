"""What of a corpus a model takes, and what it calls the language."""

from __future__ import annotations

import numpy as np
import pytest

from asr_client.audio import Waveform
from asr_client.errors import ConfigError, LanguageError
from asr_loadtest.load.corpus import Clip, Corpus, CorpusSpec
from asr_loadtest.load.corpus.languages import canonical_language, sent_language
from speech_models import RECOGNIZERS

AI4BHARAT, WHISPER = RECOGNIZERS["http"], RECOGNIZERS["http, whisper"]
MONOLINGUAL, GATEWAY = RECOGNIZERS["http, half"], RECOGNIZERS["asr-infer"]


def clip_of(name: str, language: str, seconds: float = 1.0) -> Clip:
    """Make a silent recording."""
    samples = np.zeros(round(seconds * 16_000), np.float32)
    return Clip(name, language, "word", Waveform(samples, 16_000))


CLIPS = [
    clip_of("a", "hi", 1),
    clip_of("b", "hi", 3),
    clip_of("c", "ta", 4),
    clip_of("d", "en", 40),
]


def test_fitting_leaves_out_languages_that_the_model_does_not_take() -> None:
    """And says so."""
    corpus = Corpus(CorpusSpec(), CLIPS).fitting(AI4BHARAT)
    assert [clip.name for clip in corpus.clips] == ["a", "b", "c"]
    assert corpus.notes[0].startswith(
        "1 of 4 recordings were left out, such as d: this model does not take English"
    )


def test_fitting_leaves_out_what_the_model_would_not_hear_to_its_end() -> None:
    """Whisper listens for 30 s."""
    corpus = Corpus(CorpusSpec(), CLIPS).fitting(WHISPER)
    assert [clip.name for clip in corpus.clips] == ["a", "b", "c"]
    assert corpus.notes[0].endswith("such as d: it has 40.0 s, and the model listens for 30 s")


@pytest.mark.parametrize("recognizer", [MONOLINGUAL, WHISPER])
def test_fitting_keeps_the_corpus_when_all_of_it_fits(recognizer) -> None:
    """The very same."""
    corpus = Corpus(CorpusSpec(), CLIPS[:3])
    assert corpus is corpus.fitting(recognizer)


def test_fitting_believes_the_user_when_he_says_what_the_model_takes() -> None:
    """As the SDK does."""
    corpus = Corpus(CorpusSpec(), CLIPS).fitting(AI4BHARAT, ("en",))
    assert [clip.name for clip in corpus.clips] == ["d"]


@pytest.mark.parametrize("asked", [{"languages": ("en", "hi")}, {"mix": "en=1,hi=1"}])
def test_fitting_is_refused_when_the_user_asked_for_the_language(asked) -> None:
    """Leaving it out would be another test than was asked for."""
    with pytest.raises(LanguageError, match="does not take English"):
        Corpus(CorpusSpec(**asked), CLIPS).fitting(AI4BHARAT)


def test_fitting_is_refused_when_nothing_is_left() -> None:
    """With the first reason."""
    with pytest.raises(
        ConfigError, match="takes no recording of the corpus; d: this model does not"
    ):
        Corpus(CorpusSpec(), CLIPS[3:]).fitting(AI4BHARAT)


def test_fitting_is_refused_when_the_model_must_know_the_language_and_nobody_does() -> None:
    """With where to say it."""
    with pytest.raises(ConfigError, match="must be told the language") as caught:
        Corpus(CorpusSpec(), [clip_of("x", "")]).fitting(AI4BHARAT)
    assert "default language" in caught.value.hint


@pytest.mark.parametrize(
    ("recognizer", "language", "stated", "expected"),
    [
        (MONOLINGUAL, "hi", (), None),
        (AI4BHARAT, "hi", (), "hi"),
        (AI4BHARAT, "hi", ("hi-IN", "ta-IN"), "hi-IN"),
        (AI4BHARAT, "", ("ta",), "ta"),
        (GATEWAY, "", (), None),
        (WHISPER, "fr", (), "fr"),
    ],
)
def test_sent_language_is_the_models_own_code(recognizer, language, stated, expected) -> None:
    """Or none, where none is taken or needed."""
    assert expected == sent_language(recognizer, language, stated)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("hi-IN", "hi"), (" Oriya ", "or"), ("தமிழ்", "ta"), ("eng", "en"), ("FR", "fr"), ("", "")],
)
def test_canonical_language_is_our_code_however_it_is_written(written, expected) -> None:
    """What is none of ours stays, in lower case."""
    assert expected == canonical_language(written)
