"""
Text -> grapheme clusters: what a reader takes for one character each. Pure.

    graphemes("हिन्दी")     -> ["हि", "न्दी"]
    graphemes("கொடி")      -> ["கொ", "டி"]
    graphemes("cafe\u0301")  -> ["c", "a", "f", "e\u0301"]
"""

from __future__ import annotations

import unicodedata

__all__ = ["graphemes"]

_ZWNJ = "\u200c"
_ZWJ = "\u200d"

# Where a virama ties the next consonant to this one, by the block's first code point
# (Indic_Conjunct_Break=Linker): Devanagari, Bengali, Gujarati, Odia, Telugu, Malayalam. In Tamil,
# Kannada and Gurmukhi it does not, by the standard: those viramas show, or stand below.
_LINKING_BLOCKS = frozenset({0x0900, 0x0980, 0x0A80, 0x0B00, 0x0C00, 0x0D00})
_VIRAMA_PLACE = 0x4D
_LETTER_PLACES = range(0x15, 0x3A)
# Consonants that stand behind the signs: with a nukta, Assamese ra and wa, and the like.
_LATE_CONSONANTS = frozenset(
    "\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f\u0978\u0979\u097a\u097b\u097c\u097d\u097e\u097f"
    "\u09dc\u09dd\u09df\u09f0\u09f1\u0af9\u0b5c\u0b5d\u0b5f\u0b71\u0c58\u0c59\u0c5a\u0d3a"
)
# Signs of category Cf or Lo that stand before the character which they belong to.
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u08e2\u0890\u0891\u0d4e")
_CONTROL_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})
# Signs of accounts in Tamil, Telugu and others are symbols like emoji, and lie before this.
_LAST_INDIC = 0x1FFF
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)


def graphemes(text: str) -> list[str]:
    """
    Split *text* into extended grapheme clusters; joined, they are *text* again.

    A letter with its vowel signs and other marks is one, and so is a conjunct of the scripts that
    have them. Made for the scripts of LANGUAGES, and what stands among them: emoji and flags, too.
    Hangul's jamo, Thai and Lao have rules of their own, which are left out.

    Source: Unicode 16, UAX #29, rules GB3 to GB13.
    """
    clusters: list[str] = []
    linked = False  # a consonant, and a virama after it: the next consonant belongs to them
    for character in text:
        if clusters and (
            (_is_extension(character) and not _is_control(clusters[-1][-1]))
            or (linked and _is_linking_consonant(character))
            or _belongs_to(clusters[-1], character)
        ):
            clusters[-1] += character
        else:
            clusters.append(character)
        linked = _links(clusters[-1], character, linked)
    return clusters


def _is_extension(character: str) -> bool:
    """Tell marks, joiners and skin tones, which belong to what is before them."""
    if character.isascii():
        return False
    return (
        unicodedata.category(character)[0] == "M"
        or character in (_ZWNJ, _ZWJ)
        or ord(character) in _SKIN_TONES
    )


def _is_control(character: str) -> bool:
    """Tell what carries no marks: controls, and formats such as a direction mark."""
    return (
        unicodedata.category(character) in _CONTROL_CATEGORIES
        and character not in (_ZWNJ, _ZWJ)
        and character not in _PREPENDED
    )


def _is_linking_consonant(character: str) -> bool:
    block, place = ord(character) & ~0x7F, ord(character) & 0x7F
    return character in _LATE_CONSONANTS or (block in _LINKING_BLOCKS and place in _LETTER_PLACES)


def _belongs_to(cluster: str, character: str) -> bool:
    """Tell the second character of the pairs that no mark and no virama joins."""
    last = cluster[-1]
    if last in _PREPENDED:
        return not _is_control(character)
    if last == _ZWJ:
        return _is_pictograph(cluster[0]) and _is_pictograph(character)
    if last == "\r":
        return character == "\n"
    return len(cluster) == 1 and all(
        ord(each) in _REGIONAL_INDICATORS for each in (last, character)
    )


def _is_pictograph(character: str) -> bool:
    code = ord(character)
    return (
        code > _LAST_INDIC
        and code not in _REGIONAL_INDICATORS
        and unicodedata.category(character) == "So"
    )


def _links(cluster: str, character: str, linked: bool) -> bool:
    """Tell whether a consonant that comes next would join *cluster*, which *character* ends."""
    if character.isascii() or character == _ZWNJ:
        return False
    block, place = ord(character) & ~0x7F, ord(character) & 0x7F
    if place == _VIRAMA_PLACE and block in _LINKING_BLOCKS:
        return any(map(_is_linking_consonant, cluster))
    # What is written over or below a virama leaves the link; a sign beside it ends the syllable.
    return linked and (character == _ZWJ or unicodedata.category(character) in ("Mn", "Me"))
