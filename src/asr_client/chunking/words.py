"""
Text -> words that can be compared. Pure.

    words_of("Rain, today ।")   -> Word("Rain,", key="rain"), Word("today ।", key="today")
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["Word", "words_of"]


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


def _key(token: str) -> str:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", token).casefold())
    return "".join(
        character for character in folded if unicodedata.category(character)[0] not in "PC"
    )
