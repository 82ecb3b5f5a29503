"""Text -> the words that a subtitle may be broken between, and its lines. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from asr_client.graphemes import graphemes

__all__ = ["LINE_WIDTH", "Break", "Word", "lines_of", "reaches", "words_of"]

# Graphemes in a line, as most guides for subtitles have it.
LINE_WIDTH = 42

# How much longer one of two lines may be, so that the first ends where a clause does.
_WORTH_OF_A_CLAUSE = 12

# Latin; Devanagari's danda and double danda, in use for most scripts of India; Urdu; Santali's
# mucaad; Manipuri's cheikhei.
_SENTENCE_ENDS = frozenset(".?!…।॥\u06d4\u061f᱾᱿꫰꯫")
_CLAUSE_ENDS = frozenset(",;:\u060c\u061b\u2013\u2014")
# "Dr." and "J." end no sentence.
_TITLE = re.compile(r"[A-Z][a-z]?\.")
_OPENING = frozenset({"Ps", "Pi"})


class Break(IntEnum):
    """What ends with a word: the later in this list, the better a break after it."""

    WORD = 0
    CLAUSE = 1
    SENTENCE = 2


@dataclass(frozen=True, slots=True)
class Word:
    """
    A word, with the punctuation that stands alone beside it: nothing breaks inside.

    Attributes:
        text: As written; "है ।" is one word.
        width: How many graphemes it has.
        ends: What ends with it.
    """

    text: str
    width: int
    ends: Break


def words_of(text: str) -> tuple[Word, ...]:
    """Split *text* at white space, but not before a danda or a dash that stands alone."""
    groups: list[list[str]] = []
    opened = False
    for token in text.split():
        alone = all(unicodedata.category(each)[0] == "P" for each in token)
        opens = alone and unicodedata.category(token[-1]) in _OPENING
        if groups and (opened or (alone and not opens)):
            groups[-1].append(token)
        else:
            groups.append([token])
        opened = opens
    return tuple(map(_word, groups))


def _word(tokens: Sequence[str]) -> Word:
    text = " ".join(tokens)
    return Word(text, len(graphemes(text)), _ending(text))


def _ending(text: str) -> Break:
    # A quotation mark or a bracket closes what has ended before it.
    for character in reversed(text):
        if character in _SENTENCE_ENDS:
            return Break.WORD if _TITLE.fullmatch(text) else Break.SENTENCE
        if character in _CLAUSE_ENDS:
            return Break.CLAUSE
        if unicodedata.category(character) not in ("Pe", "Pf", "Po", "Zs"):
            break
    return Break.WORD


def _width(words: Sequence[Word]) -> int:
    """Count the graphemes of one line with these words."""
    return sum(word.width for word in words) + max(0, len(words) - 1)


def reaches(words: Sequence[Word]) -> tuple[int, ...]:
    """
    Tell for each word where two lines end that begin with it, filled as far as they can be.

    A line holds one word at least, however long that is.
    """
    ends: list[int] = []
    end, width = 0, -1
    for start, first in enumerate(words):
        while end < len(words) and (end == start or width + 1 + words[end].width <= LINE_WIDTH):
            width += 1 + words[end].width
            end += 1
        ends.append(end)
        width -= first.width + 1
    return tuple(ends[end] if end < len(words) else len(words) for end in ends)


def lines_of(words: Sequence[Word]) -> tuple[str, ...]:
    """Set *words* in one line if they fit, else in two of nearly the same length."""
    if _width(words) <= LINE_WIDTH or len(words) == 1:
        return (_text(words),)
    breaks = range(1, len(words))
    best = min(breaks, key=lambda place: _unsightliness(words[:place], words[place:]))
    return (_text(words[:best]), _text(words[best:]))


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _unsightliness(above: Sequence[Word], below: Sequence[Word]) -> tuple[int, int, int]:
    widths = _width(above), _width(below)
    too_wide = sum(max(0, width - LINE_WIDTH) for width in widths)
    uneven = abs(widths[0] - widths[1])
    if above[-1].ends is not Break.WORD:
        uneven -= _WORTH_OF_A_CLAUSE
    return too_wide, uneven, widths[0]
