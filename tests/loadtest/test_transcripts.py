"""Whether the words that came back are those that were said."""

from __future__ import annotations

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform
from asr_loadtest.load.corpus import Clip
from asr_loadtest.load.transcripts import TranscriptJudge, plain_words, word_error_rate

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=150)


def clip_of(text: str) -> Clip:
    """Make a recording of which only the text matters."""
    return Clip("clip", "hi", text, Waveform(np.zeros(1, np.float32), 16_000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good morning.", ["good", "morning"]),
        ("Don't! 'Quoted', well-known\u2014words", ["dont", "quoted", "well", "known", "words"]),
        ("आज सुबह से हल्की बारिश है।", ["आज", "सुबह", "से", "हल्की", "बारिश", "है"]),
        ("இன்று, மழை", ["இன்று", "மழை"]),
        ("কেমন আছেন?", ["কেমন", "আছেন"]),
        ("آج صبح سے، بارش ہے\u06d4", ["آج", "صبح", "سے", "بارش", "ہے"]),
        ("क्\u200dष", ["क्ष"]),
        ("Straße", ["strasse"]),
        (" \n\t ", []),
        ("...", []),
    ],
)
def test_plain_words_drop_case_and_punctuation_and_keep_marks(text, expected) -> None:
    """Vowel signs, virama and nukta belong to the word; joiners are invisible."""
    assert expected == plain_words(text)


def test_plain_words_are_equal_when_only_the_unicode_form_differs() -> None:
    """Composed and decomposed letters, in Latin and Devanagari."""
    assert plain_words("caf\u00e9 \u0921\u093c") == plain_words("cafe\u0301 \u095c")


@pytest.mark.parametrize(
    ("said", "heard", "expected"),
    [
        ("one two three four", "one two three four", 0.0),
        ("One, two; three. Four!", "one two three four", 0.0),
        ("one two three four", "one too three four", 0.25),
        ("one two three four", "one three four", 0.25),
        ("one two three four", "zero one two three four", 0.25),
        ("one two three four", "", 1.0),
        ("one", "a b c", 3.0),
        ("", "", 0.0),
        ("", "...", 0.0),
        ("", "anything at all", 1.0),
        ("मौसम", "मौसमी", 1.0),
    ],
)
def test_word_error_rate_counts_words(said, heard, expected) -> None:
    """Replaced, left out, put in; a vowel sign makes another word."""
    assert expected == word_error_rate(said, heard)


@given(said=WORDS.filter(bool), heard=WORDS)
def test_word_error_rate_is_what_jiwer_counts(said, heard) -> None:
    """For any two lists of words, longer than a machine word has bits."""
    rate = word_error_rate(" ".join(said), " ".join(heard))
    assert pytest.approx(jiwer.wer(" ".join(said), " ".join(heard) or " ")) == rate


def test_judge_knows_no_errors_when_the_clip_has_no_text() -> None:
    """And what is not known is not wrong."""
    judge = TranscriptJudge(0.1)
    assert judge.errors(clip_of(""), "anything") is None
    assert not judge.is_wrong(None)


@pytest.mark.parametrize(
    ("heard", "is_wrong"), [("a b c d", False), ("a b c x", False), ("a", True)]
)
def test_judge_allows_as_many_errors_as_its_limit(heard, is_wrong) -> None:
    """A quarter of the words, that many included."""
    judge = TranscriptJudge(0.25)
    assert is_wrong == judge.is_wrong(judge.errors(clip_of("a b c d"), heard))


def test_judge_compares_each_pair_once() -> None:
    """As often as the same text comes back."""
    judge, clip = TranscriptJudge(0), clip_of("a b")
    assert [judge.errors(clip, "a c") for _ in range(1000)] == [0.5] * 1000
    assert judge._rate.cache_info()[:2] == (999, 1)


def test_judge_keeps_a_bounded_number_of_short_texts() -> None:
    """A server that answers with novels, always others, does not fill the memory."""
    judge, clip = TranscriptJudge(0), clip_of("a")
    for number in range(5000):
        judge.errors(clip, str(number))
    held = judge._rate.cache_info().currsize
    assert judge.errors(clip, "b " * 20_000) == 20_000.0
    assert (held, judge._rate.cache_info().currsize) == (2048, 2048)
