"""What callers write for a language, and the code it becomes."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import LanguageError
from asr_client.languages import (
    AI4BHARAT_LANGUAGES,
    ALL_CODES,
    LANGUAGES,
    Language,
    resolve_language,
)

REGISTRY_CODES = "as bn brx doi gu hi kn kok ks mai ml mni mr ne or pa sa sat sd ta te ur"
each_language = pytest.mark.parametrize("row", LANGUAGES, ids=ALL_CODES)


def test_ai4bharat_languages_are_the_registry_s_22() -> None:
    """The default set holds the 22 codes of the model's registry entry, and not English."""
    assert " ".join(AI4BHARAT_LANGUAGES) == REGISTRY_CODES
    assert len(AI4BHARAT_LANGUAGES) == 22


@each_language
def test_language_resolves_from_each_spelling(row: Language) -> None:
    """Every code, name and alias of a row leads to its code, in lower, upper and title case."""
    for spelling in row.spellings:
        for written in (spelling, spelling.upper(), spelling.lower(), spelling.title()):
            assert resolve_language(written, ALL_CODES) == row.code


@each_language
def test_language_resolves_from_tags(row: Language) -> None:
    """Language tags lead to the code with script, region and either separator."""
    for code in (row.code, row.iso639_3):
        for tag in (f"{code}-IN", f"{code}_IN", f"{code}-{row.script}-IN", f"{code}_{row.script}"):
            assert resolve_language(tag, ALL_CODES) == row.code


@each_language
def test_language_native_name_is_written_in_its_script(row: Language) -> None:
    """A native name holds letters of the script that the row claims, and of no other."""
    prefixes = {
        "Arab": "ARABIC",
        "Beng": "BENGALI",
        "Deva": "DEVANAGARI",
        "Gujr": "GUJARATI",
        "Guru": "GURMUKHI",
        "Knda": "KANNADA",
        "Latn": "LATIN",
        "Mlym": "MALAYALAM",
        "Olck": "OL CHIKI",
        "Orya": "ORIYA",
        "Taml": "TAMIL",
        "Telu": "TELUGU",
    }
    letters = [character for character in row.native_name if character.isalpha()]
    assert letters
    assert all(unicodedata.name(letter).startswith(prefixes[row.script]) for letter in letters)


def test_spellings_belong_to_one_language() -> None:
    """No code, name or alias means two languages."""
    owners = defaultdict(set)
    for row in LANGUAGES:
        for spelling in row.spellings:
            owners[unicodedata.normalize("NFC", spelling).casefold()].add(row.code)
    assert {spelling: codes for spelling, codes in owners.items() if len(codes) > 1} == {}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("od", "or"),
        ("Oriya", "or"),
        ("gom", "kok"),
        ("Bangla", "bn"),
        ("Meitei", "mni"),
        ("MANIPURI", "mni"),
        ("hin_Deva", "hi"),
        ("pa-Guru", "pa"),
        ("  hi ", "hi"),
        ("\N{FULLWIDTH LATIN SMALL LETTER H}\N{FULLWIDTH LATIN SMALL LETTER I}", "hi"),
    ],
)
def test_language_resolves_from_names_in_use(written: str, code: str) -> None:
    """Old names, relatives' codes and stray white space are understood."""
    assert resolve_language(written) == code


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_language_resolves_when_unicode_form_differs(form: str) -> None:
    """Composed and decomposed native names are the same name."""
    for row in LANGUAGES:
        written = unicodedata.normalize(form, row.native_name)  # type: ignore[arg-type]
        assert resolve_language(written, ALL_CODES) == row.code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("ଓଡିଆ", "or"),
        ("ଓଡ\u0b3cିଆ", "or"),
        ("ଓ\u0b5cିଆ", "or"),
        ("बडो", "brx"),
        ("ब\u095cो", "brx"),
        ("हिन्\u200dदी", "hi"),
        ("बर\u2019", "brx"),
        ("کٲشر", "ks"),
    ],
)
def test_language_resolves_when_marks_are_left_out(written: str, code: str) -> None:
    """Nukta, vowel signs, joiners and apostrophes do not decide."""
    assert resolve_language(written) == code


@pytest.mark.parametrize(
    ("written", "supported", "answer"),
    [
        ("en", ["en-US"], "en-US"),
        ("English", ["eng"], "eng"),
        ("en-GB", ["hi", "en"], "en"),
        ("EN", {"en-US", "en"}, "en"),
        ("en-GB", {"en-US", "en"}, "en"),
        ("en_us", {"en-US", "en"}, "en-US"),
        ("English", ["eng", "en"], "en"),
        ("hi-IN", ["Hindi"], "Hindi"),
        ("hi", ["hin_Deva", "tam_Taml"], "hin_Deva"),
        ("od", ["ory"], "ory"),
        ("mni-Mtei-IN", ["mni-Beng", "mni-Mtei"], "mni-Mtei"),
        ("XX", ["xx"], "xx"),
        ("auto", ["auto", "en"], "auto"),
    ],
)
def test_language_takes_the_supported_spelling(
    written: str, supported: list[str], answer: str
) -> None:
    """The answer is spelt as the model spells it, whatever the caller wrote."""
    assert resolve_language(written, supported) == answer


def test_language_error_offers_the_nearest_when_misspelt() -> None:
    """A slip names what was asked, what it looks like and what is taken."""
    with pytest.raises(LanguageError) as caught:
        resolve_language("hindee", ["ta", "hi"])
    assert str(caught.value) == (
        "unknown language 'hindee'; this model takes: hi, ta (nearest match: 'hi', Hindi)"
    )


def test_language_error_offers_only_what_the_model_takes() -> None:
    """A near miss of a language that the model lacks is named, and not offered."""
    with pytest.raises(LanguageError) as caught:
        resolve_language("hindee", ["ta", "te"])
    assert caught.value.hint == "nearest match: Hindi, which this model does not take"


def test_language_error_says_so_when_known_but_unsupported() -> None:
    """A language we know is refused by name, and nothing similar is suggested for it."""
    with pytest.raises(LanguageError) as caught:
        resolve_language("eng", ["ta", "hi"])
    assert str(caught.value) == "this model does not take English ('en'); it takes: hi, ta"


def test_language_error_asks_which_when_ambiguous() -> None:
    """Two scripts of one language are never chosen between by guessing."""
    with pytest.raises(LanguageError, match="'mni-Beng' and 'mni-Mtei': say which"):
        resolve_language("Manipuri", ["mni-Mtei", "mni-Beng"])


@pytest.mark.parametrize("written", ["auto", "", "xx", "or-", "-hi", "hi-toolongsubtag", "hi IN"])
def test_language_is_unknown_when_it_is_neither_name_nor_tag(written: str) -> None:
    """Nothing is guessed from what is not a name, a code or a well-formed tag."""
    with pytest.raises(LanguageError, match="unknown language"):
        resolve_language(written)


def test_language_error_stays_short_when_given_a_whole_text() -> None:
    """A text passed by mistake does not fill the screen."""
    with pytest.raises(LanguageError) as caught:
        resolve_language("word " * 1000, ["hi"])
    assert len(str(caught.value)) < 120


def test_language_error_is_plain_when_nothing_is_supported() -> None:
    """A model without languages is described as such."""
    with pytest.raises(LanguageError, match="it takes: none"):
        resolve_language("hi", [])


@given(st.text(), st.sets(st.sampled_from([*ALL_CODES, "en-US", "hin", "xx", "Tamil"])))
def test_language_is_supported_or_refused(written: str, supported: set[str]) -> None:
    """Whatever is written, the answer is among the supported or the error is ours."""
    try:
        answer = resolve_language(written, supported)
    except LanguageError:
        return
    assert answer in supported


def test_languages_import_leaves_difflib_alone() -> None:
    """Only a mistake pays for the machinery that explains it."""
    probe = "import sys, asr_client.languages; sys.exit('difflib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
