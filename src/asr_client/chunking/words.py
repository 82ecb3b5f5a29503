"""
Text -> words that can be compared, and the graphemes of a word. Pure.

    words_of("Rain, today ।")   -> Word("Rain,", key="rain"), Word("today ।", key="today")
    graphemes_of("हिन्दी")        -> "हि", "न्दी"
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Word", "graphemes_of", "words_of"]

# Viramas after which the next letter belongs to the same grapheme (Unicode 15.1, UAX 29, rule GB9c:
# Indic_Conjunct_Break=Linker): Devanagari, Bengali, Gujarati, Odia, Telugu, Malayalam.
_LINKERS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
_ZWNJ = "\u200c"
_JOINERS = frozenset({_ZWNJ, "\u200d"})


@dataclass(frozen=True, slots=True)
class Word:
    """
    A word as it was written, and what it is compared by.

    Attributes:
        text: As written, with its punctuation; "है ।" is one word.
        key: NFC, case folded, without punctuation and without characters that show nothing (ZWJ
            and ZWNJ among them). Vowel signs and viramas stay: they tell words apart.
    """

    text: str
    key: str


def words_of(text: str) -> tuple[Word, ...]:
    """
    Split *text* at white space.

    Punctuation that stands alone belongs to the word before it, or after it where it stands first.
    """
    groups: list[list[str]] = []
    waiting: list[str] = []
    for token in text.split():
        if _key(token):
            groups.append([*waiting, token])
            waiting.clear()
        else:
            (groups[-1] if groups else waiting).append(token)
    if waiting:
        # Nothing but punctuation: it is all there is, so it is its own key.
        alone = " ".join(waiting)
        return (Word(alone, alone),)
    return tuple(Word(" ".join(group), _key("".join(group))) for group in groups)


def graphemes_of(text: str) -> tuple[str, ...]:
    """
    Split *text* into what a reader takes for one character each.

    A letter with its vowel signs and other marks is one, and so is a conjunct. Of the rules of
    UAX 29 these are the ones that matter for the scripts of speech.
    """
    starts: list[int] = []
    is_linked = False
    for place, character in enumerate(text):
        category = unicodedata.category(character)
        is_part = character in _JOINERS or category.startswith("M")
        if not (starts and (is_part or (is_linked and category == "Lo"))):
            starts.append(place)
        is_linked = character in _LINKERS or (is_linked and is_part and character != _ZWNJ)
    return tuple(text[start:end] for start, end in pairwise([*starts, len(text)]))


def _key(token: str) -> str:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", token).casefold())
    return "".join(
        character
        for character in folded
        if not character.isspace() and unicodedata.category(character)[0] not in "PC"
    )
