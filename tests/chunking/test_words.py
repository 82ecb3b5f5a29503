"""Text as words that can be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.chunking.words import Word, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rain,", "rain"),
        ("है।", "है"),
        ("STRASSE", "straße"),
        ("don't", "don\u2019t"),
        ("क्\u200dष", "क्ष"),
        ("می\u200cشود", "میشود"),
        ("\u0958लम", "\u0915\u093cलम"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u0b95\u0bca", "\u0b95\u0bc6\u0bbe"),
        ("بھیڑ\u06d4", "بھیڑ"),
        ("«ok»", "ok"),
    ],
)
def test_words_are_equal_when_written_otherwise(one: str, other: str) -> None:
    """Case, punctuation, joiners and ways to encode a letter do not count."""
    assert words_of(one)[0].key == words_of(other)[0].key


@pytest.mark.parametrize(
    ("one", "other"),
    [("कम", "काम"), ("कल", "कल्"), ("பல", "பால்"), ("है", "हैं"), ("ক", "কা"), ("no", "now")],
)
def test_words_differ_when_a_sign_differs(one: str, other: str) -> None:
    """Vowel signs, viramas and nasal signs tell words apart."""
    assert words_of(one)[0].key != words_of(other)[0].key


def test_key_is_composed() -> None:
    """A letter with its accent is one character, so that no other letter is the start of it."""
    assert words_of("Cafe\u0301!")[0].key == "caf\u00e9"


def test_punctuation_alone_belongs_to_a_neighbour() -> None:
    """A danda with a space before it is no word; nor is a dash at the start."""
    assert words_of(" - आज बारिश है । और ") == (
        Word("- आज", "आज"),
        Word("बारिश", "बारिश"),
        Word("है ।", "है"),
        Word("और", "और"),
    )
    assert words_of(" . . ") == (Word(". .", ". ."),)
    assert words_of(" \n") == ()


@given(st.text())
def test_words_are_the_text_but_for_white_space(text: str) -> None:
    """Nothing is lost, and each word can be compared."""
    assert [token for word in words_of(text) for token in word.text.split()] == text.split()
    assert all(word.key for word in words_of(text))


def test_words_take_time_by_length_when_text_is_hostile() -> None:
    """Punctuation and words without end stay cheap."""
    assert len(words_of(". " * 100_000)) == 1
    assert len(words_of("x" * 300_000)) == 1
