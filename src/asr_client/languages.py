"""
What callers write -> the code the model takes.

    resolve_language("hi-IN")     -> "hi"
    resolve_language("தமிழ்")      -> "ta"
    resolve_language("oriya")     -> "or"
    resolve_language("English")   -> LanguageError: this model does not take English ('en'); ...

Pure, and table-driven: a language more is a row more in LANGUAGES.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from asr_client.errors import LanguageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["AI4BHARAT_LANGUAGES", "ALL_CODES", "LANGUAGES", "Language", "resolve_language"]


@dataclass(frozen=True, slots=True)
class Language:
    """
    One language, and every way to write its name that is understood.

    Attributes:
        code: What the AI4Bharat models take: ISO 639-1 where there is one, else ISO 639-3.
        iso639_3: ISO 639-3 code; the macrolanguage's where there is one, as in ISO 639-2.
        name: English name.
        native_name: Name in the language's own script.
        script: ISO 15924 code of the usual script (CLDR likely subtags). ASSUMED to be what the
            models write.
        aliases: Other codes and names in use, dialects' codes included.
        other_scripts: The further scripts that the language is written in today.
    """

    code: str
    iso639_3: str
    name: str
    native_name: str
    script: str
    aliases: tuple[str, ...] = ()
    other_scripts: tuple[str, ...] = ()

    @property
    def scripts(self) -> tuple[str, ...]:
        """Every script that the language is written in, the usual one first."""
        return (self.script, *self.other_scripts)

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every code and name that means this language, code first."""
        return (self.code, self.iso639_3, self.name, self.native_name, *self.aliases)


# Sources of the other scripts: CLDR's supplemental data, languageData (doi, ks, mni, pa, sat, sd),
# less those that are no longer written; Konkani's are those of Goa, Karnataka, Kerala and Bhatkal.
LANGUAGES: tuple[Language, ...] = (
    Language("as", "asm", "Assamese", "অসমীয়া", "Beng", ("asamiya", "axomiya")),
    Language("bn", "ben", "Bengali", "বাংলা", "Beng", ("bangla", "বাঙলা", "বাঙালি")),
    Language("brx", "brx", "Bodo", "बर'", "Deva", ("boro", "बड़ो", "बोडो")),
    Language("doi", "doi", "Dogri", "डोगरी", "Deva", ("dgo",), ("Arab",)),
    Language("gu", "guj", "Gujarati", "ગુજરાતી", "Gujr", ("gujrati",)),
    Language("hi", "hin", "Hindi", "हिन्दी", "Deva", ("हिंदी",)),
    Language("kn", "kan", "Kannada", "ಕನ್ನಡ", "Knda", ("kanarese",)),
    Language(
        "kok",
        "kok",
        "Konkani",
        "कोंकणी",
        "Deva",
        ("gom", "knn", "कोकणी", "goan konkani"),
        ("Latn", "Knda", "Mlym", "Arab"),
    ),
    Language("ks", "kas", "Kashmiri", "کٲشُر", "Arab", ("koshur", "कॉशुर", "کشمیری"), ("Deva",)),
    Language("mai", "mai", "Maithili", "मैथिली", "Deva"),
    Language("ml", "mal", "Malayalam", "മലയാളം", "Mlym"),
    Language(
        "mni",
        "mni",
        "Manipuri",
        "মৈতৈলোন্",
        "Beng",
        ("meitei", "meetei", "meithei", "meiteilon", "meeteilon", "মণিপুরী", "মৈতৈ", "ꯃꯩꯇꯩꯂꯣꯟ"),
        ("Mtei",),
    ),
    Language("mr", "mar", "Marathi", "मराठी", "Deva"),
    Language("ne", "nep", "Nepali", "नेपाली", "Deva", ("npi", "nepalese")),
    Language("or", "ori", "Odia", "ଓଡ଼ିଆ", "Orya", ("od", "ory", "oriya", "odiya")),
    Language("pa", "pan", "Punjabi", "ਪੰਜਾਬੀ", "Guru", ("panjabi",), ("Arab",)),
    Language("sa", "san", "Sanskrit", "संस्कृतम्", "Deva", ("संस्कृत",)),
    Language(
        "sat",
        "sat",
        "Santali",
        "ᱥᱟᱱᱛᱟᱲᱤ",
        "Olck",
        ("santhali", "संताली", "সাঁওতালি"),
        ("Beng", "Deva", "Orya", "Latn"),
    ),
    Language("sd", "snd", "Sindhi", "سنڌي", "Arab", ("सिन्धी", "सिंधी", "سندھی"), ("Deva",)),
    Language("ta", "tam", "Tamil", "தமிழ்", "Taml"),
    Language("te", "tel", "Telugu", "తెలుగు", "Telu"),
    Language("ur", "urd", "Urdu", "اردو", "Arab"),
    Language("en", "eng", "English", "English", "Latn"),
)

ALL_CODES: tuple[str, ...] = tuple(language.code for language in LANGUAGES)

# The 22 of the model's registry entry. English is not among them: the public callers send it to
# another model.
AI4BHARAT_LANGUAGES: tuple[str, ...] = tuple(code for code in ALL_CODES if code != "en")

# Unicode combining classes of marks that writers leave out or add at will: nukta,
# Arabic vowel signs, accents below and above. Virama (9) and vowel signs (0) stay.
_OPTIONAL_MARKS = frozenset({7, *range(27, 36), 220, 230})
_APOSTROPHES = frozenset("'`\u2018\u2019\u02bc")
_CODE_LENGTHS = (2, 3)
_SUBTAG_MAX_LENGTH = 8


def resolve_language(language: str, supported: Collection[str] = AI4BHARAT_LANGUAGES) -> str:
    """
    Find what a model calls the language that a caller named.

    Codes (ISO 639), language tags (BCP 47, with "-" or "_"), English and native names are
    understood in any case. A tag's script and region only matter where *supported* holds
    several tags of one language.

    Args:
        language: What the caller wrote.
        supported: The model's own codes; they need not be ours ("en-US", "eng", "xx").

    Returns:
        The member of *supported* that means *language*, spelt as it is there.

    Raises:
        LanguageError: If *language* is unknown, not among *supported*, or ambiguous there.

    Source: lookup by dropping subtags from the right as in RFC 4647, section 3.4.
    """
    if not isinstance(language, str):
        raise LanguageError(f"a language is a text, and not {language!r}")
    if language in supported:
        return language
    # Sorted, because a set's order changes from run to run and answers must not.
    codes = sorted(supported)
    wanted = _fold(language)
    for code in codes:
        if _fold(code) == wanted:
            return code
    known, subtags = _identify(language)
    if known is None:
        raise _unknown(language, codes)
    tags = _tags_of(known, codes)
    if not tags:
        raise LanguageError(
            f"this model does not take {known.name} ({known.code!r}); it takes: {_listed(codes)}"
        )
    if len(tags) == 1:
        return next(iter(tags.values()))
    for length in range(len(subtags), -1, -1):
        if subtags[:length] in tags:
            return tags[subtags[:length]]
    raise LanguageError(
        f"language {language!r} is ambiguous for this model",
        hint=f"it takes {' and '.join(map(repr, tags.values()))}: say which",
    )


def _fold(spelling: str) -> str:
    """Make spellings equal that differ in case, Unicode form or marks often left out."""
    decomposed = unicodedata.normalize("NFKD", spelling.strip()).casefold()
    kept = (
        character
        for character in decomposed
        if unicodedata.combining(character) not in _OPTIONAL_MARKS
        and character not in _APOSTROPHES
        # Zero-width (non-)joiners and direction marks: invisible, and typed or pasted at random.
        and unicodedata.category(character) != "Cf"
    )
    return "".join(kept).replace("_", "-")


@cache
def _by_spelling() -> dict[str, Language]:
    """Index the table; on first use, so that importing costs nothing."""
    return {_fold(spelling): row for row in LANGUAGES for spelling in row.spellings}


@lru_cache(maxsize=1024)
def _identify(spelling: str) -> tuple[Language | None, tuple[str, ...]]:
    """Tell the language meant, and the subtags where *spelling* is a language tag."""
    folded = _fold(spelling)
    if (whole := _by_spelling().get(folded)) is not None:
        return whole, ()
    code, *subtags = folded.split("-")
    well_formed = len(code) in _CODE_LENGTHS and all(
        subtag.isascii() and subtag.isalnum() and len(subtag) <= _SUBTAG_MAX_LENGTH
        for subtag in subtags
    )
    return (_by_spelling().get(code) if well_formed else None), tuple(subtags)


def _tags_of(language: Language, codes: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Collect the codes that mean *language*, by their subtags; the first of equals stays."""
    tags: dict[tuple[str, ...], str] = {}
    for code in codes:
        known, subtags = _identify(code)
        if known is language:
            tags.setdefault(subtags, code)
    return tags


def _unknown(language: str, codes: Sequence[str]) -> LanguageError:
    """Say what was asked, what is taken, and which of it looks like what was asked."""
    # Imported here: difflib costs several ms, and only mistakes need it.
    import difflib

    spellings: dict[str, str] = {}
    for code in codes:
        row, _subtags = _identify(code)
        for spelling in (code, *(row.spellings if row else ())):
            spellings.setdefault(_fold(spelling), f"{code!r}, {row.name}" if row else repr(code))
    for row in LANGUAGES:
        for spelling in row.spellings:
            spellings.setdefault(_fold(spelling), f"{row.name}, which this model does not take")
    nearest = difflib.get_close_matches(_fold(language), spellings, n=1)
    return LanguageError(
        f"unknown language {_shortened(language)}; this model takes: {_listed(codes)}",
        hint=f"nearest match: {spellings[nearest[0]]}" if nearest else "",
    )


def _listed(codes: Sequence[str]) -> str:
    """List a model's codes for a message."""
    return ", ".join(codes) or "none"


def _shortened(language: str, limit: int = 40) -> str:
    """Quote what was asked; a whole text passed by mistake must not fill the screen."""
    return repr(language if len(language) <= limit else f"{language[:limit]}...")
