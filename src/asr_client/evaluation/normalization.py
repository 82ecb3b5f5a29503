"""
Text -> the words that are compared. Pure.

    normalize("बाज़ार में बहुत भीड़ है।")   -> "बाज़ार में बहुत भीड़ है"
    normalize("१,२५,१४५ रुपये")         -> "125145 रुपये"
    normalize("Don't! (No?)")        -> "dont no"

Vowel signs and viramas are Unicode's category M, which normalisers made for English take away with
the accents: कमल, कमाल and कोमल would be one word. Here they stay.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from asr_client.errors import LanguageError
from asr_client.evaluation.encodings import same_look
from asr_client.languages import ALL_CODES, resolve_language

__all__ = ["DEFAULT_NORMALIZATION", "RAW", "Normalization", "normalize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalization:
    """
    Which differences between two texts are none.

    Attributes:
        encodings: Letters that look the same are the same: Unicode's NFC, and what it leaves out.
        joiners: ZWJ, ZWNJ and all else that shows nothing, such as direction marks, is ignored.
        punctuation: Dandas, punctuation and symbols are ignored: apostrophes join ("dont"), all
            else parts ("well known"). Commas within numbers join, too.
        digits: Digits of every script are 0 to 9. Numbers in words stay words.
        case: Upper and lower case are the same.
        vowel_points: Arabic vowel points are ignored in Urdu, Sindhi and Punjabi, which write them
            as they please; in Kashmiri, where they are letters, they count.
    """

    encodings: bool = True
    joiners: bool = True
    punctuation: bool = True
    digits: bool = True
    case: bool = True
    vowel_points: bool = True


DEFAULT_NORMALIZATION = Normalization()
RAW = Normalization(
    encodings=False, joiners=False, punctuation=False, digits=False, case=False, vowel_points=False
)

_APOSTROPHES = frozenset("'\u2018\u2019\u201b\u02bc\uff07")
_ZERO_WIDTH_SPACE = "\u200b"
_TATWEEL = "\u0640"
# Variation selectors and the grapheme joiner are marks by their category, and show nothing.
_INVISIBLE_MARKS = frozenset({"\u034f", *map(chr, range(0xFE00, 0xFE10))})
# From fathatan to sukun, with the marks above and below that only some texts have; hamza and madda
# (U+0653 to U+0655) are parts of letters.
_VOWEL_POINTS = frozenset(
    map(chr, (*range(0x0610, 0x061B), *range(0x064B, 0x0653), *range(0x0656, 0x0659), 0x0670))
)
_WITHOUT_VOWEL_POINTS = frozenset({"ur", "sd", "pa"})
# 125,000 and 1,25,000; not 1,2,3.
_GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:[,\u066c]\d{2,3})*[,\u066c]\d{3}(?![\d,])")


def normalize(
    text: str,
    normalization: Normalization = DEFAULT_NORMALIZATION,
    *,
    language: str | None = None,
) -> str:
    """
    Write *text* so that only differences which count are left; words are parted by one space.

    Args:
        text: A reference or a hypothesis.
        normalization: Which differences count.
        language: Code, tag or name; it matters for texts in Arabic letters.

    Raises:
        LanguageError: If *language* is none of ours.
    """
    code = _code_of(language) if language else None
    if normalization.encodings:
        text = same_look(text, code)
    if normalization.punctuation:
        text = _GROUPED.sub(lambda found: re.sub(r"\D", "", found[0]), text)
    text = text.translate(_plain_characters(normalization, code in _WITHOUT_VOWEL_POINTS))
    if normalization.case:
        decomposed = unicodedata.normalize("NFD", text) if normalization.encodings else text
        text = decomposed.casefold()
    if normalization.encodings:
        # Again: letters may have come together where something between them went.
        text = same_look(text, code)
    return " ".join(text.split())


def _code_of(language: str) -> str:
    try:
        return resolve_language(language, ALL_CODES)
    except LanguageError as error:
        # No model is asked here, so none of its languages are to be told.
        raise LanguageError(
            f"unknown language {language[:40]!r}", hint=error.hint or "leave it out"
        ) from error


class _PlainCharacters(dict[int, str]):
    """A table for str.translate that learns a character when it first meets it."""

    def __init__(self, normalization: Normalization, is_without_points: bool) -> None:
        super().__init__()
        self._normalization = normalization
        self._is_without_points = is_without_points and normalization.vowel_points

    def __missing__(self, code: int) -> str:
        self[code] = plain = self._plain(chr(code))
        return plain

    def _plain(self, character: str) -> str:
        category = unicodedata.category(character)
        wanted = self._normalization
        if wanted.digits and category == "Nd":
            return str(unicodedata.decimal(character))
        if wanted.joiners and (category == "Cf" or character in _INVISIBLE_MARKS):
            return " " if character == _ZERO_WIDTH_SPACE else ""
        if wanted.punctuation and (category[0] in "PS" or character in _APOSTROPHES):
            return "" if character in _APOSTROPHES else " "
        is_point = character in _VOWEL_POINTS or character == _TATWEEL
        return "" if is_point and self._is_without_points else character


@lru_cache(maxsize=64)
def _plain_characters(normalization: Normalization, is_without_points: bool) -> _PlainCharacters:
    return _PlainCharacters(normalization, is_without_points)
