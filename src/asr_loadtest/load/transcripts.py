"""
Whether the words that came back are those that were said.

Words are compared without case and punctuation, in Unicode's NFC. Vowel signs and other marks of
Indian scripts are part of a word and stay.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from asr_loadtest.load.corpus.clips import Clip

__all__ = ["TranscriptJudge", "plain_words", "word_error_rate"]

# A model gives a clip one text, or a few when it is perturbed.
_REMEMBERED = 2048

# Longer ones are no transcripts: they are compared, and not kept.
_LONGEST_KEPT = 20_000

_APOSTROPHES = frozenset("'\u2019\u02bc")


class TranscriptJudge:
    """
    Compares transcripts with the texts of their clips, each pair once.

    Args:
        limit: The share of wrong words up to which a transcript counts as right; 0 and up.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._rate = lru_cache(maxsize=_REMEMBERED)(word_error_rate)

    def errors(self, clip: Clip, text: str) -> float | None:
        """
        Give the share of wrong words in *text*.

        Returns:
            0 where all are right; it may exceed 1. None where the clip has no text.
        """
        if not clip.text:
            return None
        if len(text) > _LONGEST_KEPT:
            return word_error_rate(clip.text, text)
        return self._rate(clip.text, text)

    def is_wrong(self, errors: float | None) -> bool:
        """Whether a transcript with so many errors is a wrong one; unknown ones are not."""
        return errors is not None and errors > self.limit


def word_error_rate(reference: str, hypothesis: str) -> float:
    """
    Count the words to be replaced, left out and put in, as a share of the words that were said.

    Args:
        reference: What was said.
        hypothesis: What was heard.

    Returns:
        0 and up. Where no words were said: 0 if none were heard, else 1.
    """
    said, heard = plain_words(reference), plain_words(hypothesis)
    if said == heard:
        return 0.0
    return _distance(said, heard) / len(said) if said else 1.0


def plain_words(text: str) -> list[str]:
    """Split into words, without case, punctuation and invisible characters."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return "".join(map(_plain, folded)).split()


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    # "don't" is one word and "well-known" two. Joiners (Cf) are written or left out at will.
    if character in _APOSTROPHES or unicodedata.category(character) == "Cf":
        return ""
    return " " if unicodedata.category(character)[0] in "PSZC" else character


def _distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """
    Levenshtein distance of two lists of words.

    A column of the usual table is kept as two numbers, a bit a row: whether the distance grows or
    falls there by one. So a word heard costs a dozen operations, however many were said.

    Source: Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances",
    2003, figure 2.
    """
    places: dict[str, int] = {}
    for row, word in enumerate(said):
        places[word] = places.get(word, 0) | 1 << row
    every, last = (1 << len(said)) - 1, 1 << len(said) >> 1
    grows, falls, distance = every, 0, len(said)
    for word in heard:
        equal = places.get(word, 0)
        diagonal = (((equal & grows) + grows) ^ grows) | equal | falls
        grows_right = falls | ~(diagonal | grows) & every
        falls_right = grows & diagonal
        distance += bool(grows_right & last) - bool(falls_right & last)
        grows_right = grows_right << 1 | 1
        falls_right <<= 1
        grows = (falls_right | ~(diagonal | grows_right)) & every
        falls = grows_right & diagonal & every
    return distance
