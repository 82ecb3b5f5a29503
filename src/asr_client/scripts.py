"""
Which script a text is in, and whether its language is written so. Pure.

    script_shares("नमस्ते, world")       -> {"Latn": 0.56, "Deva": 0.44}
    script_warning("यह हिन्दी है", "ta")   -> "asked for Tamil, but 100 % of the letters are ..."

Letters alone count. Digits, punctuation and dandas are everybody's, and marks belong to letters.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from itertools import islice

from asr_client.errors import LanguageError
from asr_client.languages import ALL_CODES, LANGUAGES, Language, resolve_language

__all__ = ["OTHER_SCRIPT", "SCRIPT_NAMES", "script_shares", "script_warning"]

SCRIPT_NAMES = {
    "Arab": "Arabic",
    "Beng": "Bengali",
    "Deva": "Devanagari",
    "Gujr": "Gujarati",
    "Guru": "Gurmukhi",
    "Knda": "Kannada",
    "Latn": "Latin",
    "Mlym": "Malayalam",
    "Mtei": "Meetei Mayek",
    "Olck": "Ol Chiki",
    "Orya": "Odia",
    "Taml": "Tamil",
    "Telu": "Telugu",
}
# ISO 15924: code for undetermined script; here all that is none of the above.
OTHER_SCRIPT = "Zyyy"

# Blocks that hold letters of the scripts above: first and last code point. Source: Unicode 15.1,
# Blocks.txt and Scripts.txt; letters whose script is Common or Inherited are taken out below.
_BLOCKS = (
    (0x0041, 0x005A, "Latn"),
    (0x0061, 0x007A, "Latn"),
    (0x00AA, 0x00AA, "Latn"),
    (0x00BA, 0x00BA, "Latn"),
    (0x00C0, 0x02B8, "Latn"),
    (0x0620, 0x06FF, "Arab"),
    (0x0750, 0x077F, "Arab"),
    (0x0870, 0x08FF, "Arab"),
    (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"),
    (0x0A00, 0x0A7F, "Guru"),
    (0x0A80, 0x0AFF, "Gujr"),
    (0x0B00, 0x0B7F, "Orya"),
    (0x0B80, 0x0BFF, "Taml"),
    (0x0C00, 0x0C7F, "Telu"),
    (0x0C80, 0x0CFF, "Knda"),
    (0x0D00, 0x0D7F, "Mlym"),
    (0x1C50, 0x1C7F, "Olck"),
    (0x1E00, 0x1EFF, "Latn"),
    (0x2184, 0x2184, "Latn"),
    (0x2C60, 0x2C7F, "Latn"),
    (0xA722, 0xA787, "Latn"),
    (0xA78B, 0xA7FF, "Latn"),
    (0xA8E0, 0xA8FF, "Deva"),
    (0xAAE0, 0xAAF6, "Mtei"),
    (0xAB30, 0xAB64, "Latn"),
    (0xAB66, 0xAB69, "Latn"),
    (0xABC0, 0xABFF, "Mtei"),
    (0xFB00, 0xFB06, "Latn"),
    (0xFB50, 0xFDFF, "Arab"),
    (0xFE70, 0xFEFC, "Arab"),
    (0xFF21, 0xFF3A, "Latn"),
    (0xFF41, 0xFF5A, "Latn"),
)
_STARTS = [first for first, _last, _script in _BLOCKS]
_TATWEEL = "\u0640"  # stretches words in every script that joins its letters

# A word or two are a name, or a loan word, and say nothing about the language.
_FEWEST_WORDS = 3
# Speakers of every language here mix English in, and some models write it in Latin letters; a text
# with so few letters of the language's own is none of it.
_FEWEST_OWN = 0.05
_SCRIPT_SUBTAG_LENGTH = 4


def script_shares(text: str) -> dict[str, float]:
    """
    Tell what share of the letters of *text* is of which script, the greatest first.

    Returns:
        Shares by ISO 15924 code, which add up to 1; all scripts besides those of SCRIPT_NAMES are
        OTHER_SCRIPT. Empty where there are no letters.
    """
    counts: Counter[str] = Counter()
    for character, times in Counter(text).items():
        script = _script_of(character)
        if script:
            counts[script] += times
    letters = counts.total()
    # By name where shares are equal, so that the answer does not depend on the text's order.
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {script: count / letters for script, count in ordered}


def script_warning(text: str, language: str) -> str | None:
    """
    Say so where *text* is not in a script which *language* is written in.

    Nothing is said of fewer than three words, of English mixed in, and of unknown languages.

    Args:
        text: What was recognised.
        language: Code, tag or name. A tag's script counts: "mni-Mtei" is not "mni-Beng".

    Returns:
        One sentence, or None.
    """
    known = _known(language)
    if known is None or not _is_enough(text):
        return None
    shares = script_shares(text)
    asked = _asked_scripts(language, known)
    found = next(iter(shares))
    own = sum(shares.get(script, 0.0) for script in asked)
    is_mixed = found == "Latn" and own >= _FEWEST_OWN
    if found in asked or is_mixed or shares[found] <= 1 / 2:
        return None
    return (
        f"asked for {known.name}, but {int(shares[found] * 100)} % of the letters are "
        f"{SCRIPT_NAMES.get(found, 'of another script')}: "
        "is another language spoken, or does the model not heed the one asked for?"
    )


@lru_cache(maxsize=4096)
def _script_of(character: str) -> str:
    """Tell the script of a letter; "" where *character* is none, or belongs to all scripts."""
    category = unicodedata.category(character)
    if category[0] != "L" or character == _TATWEEL:
        return ""
    code = ord(character)
    place = bisect_right(_STARTS, code) - 1
    if place >= 0 and code <= _BLOCKS[place][1]:
        return _BLOCKS[place][2]
    # Letters such as an apostrophe that is one (U+02BC) modify what stands before them.
    return "" if category == "Lm" else OTHER_SCRIPT


@lru_cache(maxsize=256)
def _known(language: str) -> Language | None:
    """Find the row of a language; None where it is unknown."""
    try:
        code = resolve_language(language, ALL_CODES)
    except LanguageError:
        return None
    return next(row for row in LANGUAGES if row.code == code)


def _asked_scripts(language: str, known: Language) -> tuple[str, ...]:
    """Take the script which a language tag names, or else all in which the language is written."""
    for subtag in language.replace("_", "-").split("-")[1:]:
        if len(subtag) == _SCRIPT_SUBTAG_LENGTH and subtag.title() in SCRIPT_NAMES:
            return (subtag.title(),)
    return known.scripts


def _is_enough(text: str) -> bool:
    """Tell whether there are enough words with letters to say anything."""
    words = (word for word in text.split() if any(map(_script_of, word)))
    return sum(1 for _word in islice(words, _FEWEST_WORDS)) == _FEWEST_WORDS
