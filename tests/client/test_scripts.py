"""Which script a text is in, and whether its language is written so."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.languages import LANGUAGES
from asr_client.scripts import (
    OTHER_SCRIPT,
    SCRIPT_NAMES,
    script_shares,
    script_warning,
)

MANIFEST = Path(__file__).parents[2] / "samples/speech/manifest.tsv"
HINDI = "आज सुबह से हल्की बारिश हो रही है।"
ENGLISH = "It has been raining since this morning."
URDU = "آج صبح سے ہلکی بارش ہو رہی ہے، اور بازار میں بہت بھیڑ ہے۔"  # noqa: RUF001
BENGALI = "আজ সকাল থেকে হালকা বৃষ্টি হচ্ছে।"
SANTALI = "ᱥᱟᱱᱛᱟᱲᱤ ᱯᱟᱹᱨᱥᱤ ᱫᱚ ᱢᱤᱫ ᱡᱟᱣᱛᱟ"
MEITEI = "ꯃꯩꯇꯩꯂꯣꯟ ꯑꯁꯤ ꯃꯅꯤꯄꯨꯔꯒꯤ ꯂꯣꯟꯅꯤ"


def sample_texts() -> dict[str, str]:
    """Read the texts that the sample recordings were made from, one a language."""
    with MANIFEST.open(encoding="utf-8") as lines:
        return {row["language"]: row["text"] for row in csv.DictReader(lines, delimiter="\t")}


def test_letters_have_the_script_of_their_unicode_name() -> None:
    """Every letter of Unicode's first plane; phonetic notation and modifiers may be nobody's."""
    scripts = {name.split()[0].upper(): code for code, name in SCRIPT_NAMES.items()}
    scripts |= {"ORIYA": scripts.pop("ODIA")}
    phonetic = range(0x1D00, 0x1DC0)
    letters = [chr(code) for code in range(0x10000) if code not in phonetic]
    for letter in (each for each in letters if unicodedata.category(each) in ("Lo", "Ll", "Lu")):
        expected = scripts.get(
            unicodedata.name(letter).removeprefix("FULLWIDTH ").split()[0], OTHER_SCRIPT
        )
        expected = "Latn" if letter in "ªº" else expected
        assert script_shares(letter) == {expected: 1.0}, ascii(letter)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("42 ४२ ।, \u06d4 \u0964\u0965 \u094d\u093f", {}),
        ("नमक salt", {"Latn": 4 / 7, "Deva": 3 / 7}),
        ("дом", {OTHER_SCRIPT: 1.0}),
        ("ab कख", {"Deva": 0.5, "Latn": 0.5}),
        ("बर\u02bc", {"Deva": 1.0}),
    ],
)
def test_script_shares_count_letters_alone(text: str, expected: dict[str, float]) -> None:
    """Digits, dandas, marks and letters that modify others are nobody's."""
    shares = script_shares(text)
    assert shares == pytest.approx(expected)
    assert list(shares) == list(expected)


@pytest.mark.parametrize("language", sorted(sample_texts()))
def test_script_warning_is_silent_where_the_script_is_right(language: str) -> None:
    """The sample texts of 13 languages pass, and each is found out as every other script's."""
    text = sample_texts()[language]
    assert script_warning(text, language) is None
    (own,) = (row for row in LANGUAGES if row.code == language)
    for row in LANGUAGES:
        is_accepted = own.script in row.scripts
        assert (script_warning(text, row.code) is None) == is_accepted, row.code


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (HINDI, "kok"),
        (ENGLISH, "kok"),
        (HINDI, "ks"),
        (URDU, "ks"),
        (HINDI, "sd"),
        (URDU, "sd"),
        (URDU, "pa"),
        (HINDI, "doi"),
        (BENGALI, "mni"),
        (MEITEI, "mni"),
        (SANTALI, "sat"),
        (BENGALI, "sat"),
        (HINDI, "sat"),
        (MEITEI, "mni-Mtei"),
        (HINDI, "hin_Deva"),
        (HINDI, "Hindi"),
    ],
)
def test_script_warning_accepts_all_scripts_of_a_language(text: str, language: str) -> None:
    """Several languages are written in several scripts."""
    assert script_warning(text, language) is None


def test_script_warning_says_what_was_asked_and_what_came() -> None:
    """One sentence with the language, the share and the script."""
    assert script_warning(HINDI, "ta") == (
        "asked for Tamil, but 100 % of the letters are Devanagari: "
        "is another language spoken, or does the model not heed the one asked for?"
    )
    assert str(script_warning("это совсем другой язык", "hi")).startswith(
        "asked for Hindi, but 100 % of the letters are of another script"
    )


@pytest.mark.parametrize(("text", "language"), [(BENGALI, "mni-Mtei"), (URDU, "sd_Deva")])
def test_script_warning_heeds_the_script_of_a_tag(text: str, language: str) -> None:
    """Whoever names a script wants that one."""
    assert script_warning(text, language) is not None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "hi"),
        ("42, 43 ... 44!", "hi"),
        ("WhatsApp", "hi"),
        ("Google Maps", "hi"),
        ("meeting deadline project manager को email करो", "hi"),
        (ENGLISH, "xx"),
        (ENGLISH, ""),
        (ENGLISH, "auto"),
    ],
)
def test_script_warning_is_silent_where_nothing_is_certain(text: str, language: str) -> None:
    """Short texts, English mixed in, no letters, unknown languages."""
    assert script_warning(text, language) is None


def test_script_warning_tells_romanised_text() -> None:
    """Latin letters with next to none of the language's own are no loan words."""
    assert script_warning("aaj subah se halki barish ho rahi hai", "hi") is not None


@given(st.text(), st.sampled_from([row.code for row in LANGUAGES]) | st.text(max_size=5))
def test_script_warning_takes_any_text(text: str, language: str) -> None:
    """Whatever came, the shares add up and the answer is a sentence or nothing."""
    shares = script_shares(text)
    assert not shares or sum(shares.values()) == pytest.approx(1)
    assert script_warning(text, language) is None or shares
