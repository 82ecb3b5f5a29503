"""Which differences between two texts count."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import LanguageError
from asr_client.evaluation import RAW, Normalization, normalize

MANIFEST = Path(__file__).parents[2] / "samples/speech/manifest.tsv"
INDIC = st.text(
    st.one_of(
        st.characters(min_codepoint=0x900, max_codepoint=0xD7F),
        st.characters(min_codepoint=0x600, max_codepoint=0x6FF),
        st.sampled_from("\u200c\u200d\u200b\u093c\u094d\u0930\u0905\u093e \u0947,12'aB.\u0345"),
    )
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("कमल", "कमाल"),
        ("कमल", "कामिल"),
        ("कमल", "कोमल"),
        ("बाज़ार", "बाजार"),
        ("हिंदी", "हिन्दी"),
        ("मां", "माँ"),
        ("दर्\u200dया", "दर्या"),  # valleys, a river: the eyelash tells them apart
        ("কলা", "কালো"),
        ("কৰি", "করি"),  # Assamese ra, Bengali ra
        ("সৎ", "সত"),
        ("পড়া", "পরা"),
        ("ਕਲ", "ਕੁੱਲ"),
        ("કમળ", "કોમળ"),
        ("କଳ", "କାଳ"),
        ("ଡାଳ", "ଡ଼ାଳ"),
        ("கல்", "கால்"),
        ("கொடி", "கோடி"),
        ("ஒரு", "ஓரு"),
        ("కల", "కాల"),
        ("కొడి", "కోడి"),
        ("ಕಲ", "ಕಾಲ"),
        ("കല", "കാല"),
        ("അവൻ", "അവന"),
        ("കടൽ", "കടല്"),
        ("ᱥᱟᱱᱛᱟᱲ", "ᱥᱟᱱᱛᱟᱲᱤ"),
        ("ꯃꯤ", "ꯃꯩ"),
        ("بہت", "بهار"),
    ],
)
def test_normalize_keeps_what_tells_words_apart(one: str, other: str) -> None:
    """Vowel signs, viramas, nuktas, chillus and letters of one's own are no accents."""
    assert normalize(one) != normalize(other)
    assert normalize(one, language="ur") != normalize(other, language="ur")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ज\u093c", "\u095b"),
        ("न\u093c", "\u0929"),
        ("\u0905\u093e", "आ"),
        ("\u0905\u093e\u0947", "ओ"),
        ("क\u093e\u0947", "को"),
        ("द\u0930\u094d\u200dया", "दऱ्या"),
        ("ড\u09bc", "\u09dc"),
        ("য\u09bc", "\u09df"),
        ("ব\u09bc", "র"),
        ("সত\u09cd\u200d", "সৎ"),
        ("ক\u09c7\u09be", "কো"),
        ("\u0a73\u0a41", "ਉ"),
        ("ਖ\u0a3c", "\u0a59"),
        ("\u0a85\u0acb", "ઓ"),
        ("ଡ\u0b3c", "\u0b5c"),
        ("କ\u0b47\u0b3e", "କୋ"),
        ("க\u0bc6\u0bbe", "கொ"),
        ("க\u0bc6\u0bd7", "கௌ"),
        ("\u0b92\u0bd7", "ஔ"),
        ("ஸ்ரீ", "ஶ்ரீ"),
        ("క\u0c46\u0c56", "కై"),
        ("ಕ\u0cc6\u0cc2", "ಕೊ"),
        ("അവന\u0d4d\u200d", "അവൻ"),
        ("കടല\u0d4d\u200d", "കടൽ"),
        ("എ\u0d7b\u0d4d\u0d31െ", "എന്റെ"),
        ("ക\u0d46\u0d3e", "കൊ"),
        ("\u0622", "\u0627\u0653"),
        ("\ufeb3\ufefc\ufee1", "سلام"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_normalize_makes_one_of_what_looks_the_same(one: str, other: str) -> None:
    """Composed, decomposed and old encodings of the same letters are the same."""
    assert normalize(one) == normalize(other)
    assert normalize(one, Normalization(encodings=False)) != normalize(
        other, Normalization(encodings=False)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good  morning.\n", "good morning"),
        ("Don't! 'Quoted', well-known\u2014words", "dont quoted well known words"),
        ("बर\u2019 राव", "बर राव"),
        ("आज सुबह से, हल्की बारिश है।", "आज सुबह से हल्की बारिश है"),
        ("राम॥ डॉ॰ | ॐ", "राम डॉ ॐ"),
        ("আছে।", "আছে"),
        ("آج صبح سے، بارش ہے\u06d4", "آج صبح سے بارش ہے"),
        ("ᱡᱚᱦᱟᱨ᱾", "ᱡᱚᱦᱟᱨ"),
        ("ꯂꯣꯟꯅꯤ꯫", "ꯂꯣꯟꯅꯤ"),
        ("१९४७ ২৪ ૩ ୪ ௫ ౬ ೭ ൮ \u06f9 \u0663 ᱑ ꯲", "1947 24 3 4 5 6 7 8 9 3 1 2"),
        ("1,25,000 or 125,000; 1,2,3 and 3.5", "125000 or 125000 1 2 3 and 3 5"),
        ("क्\u200dष न\u200cहीं \ufeffab\u00adc", "क्ष नहीं abc"),
        ("a\u200bb", "a b"),
        ("Straße ǅ", "strasse ǆ"),
        ("50% ₹20 😀\ufe0f a_b", "50 20 a b"),
        ("... ।॥", ""),
        ("", ""),
    ],
)
def test_normalize_leaves_words(text: str, expected: str) -> None:
    """Punctuation, case, digits of other scripts, invisible characters and spaces do not count."""
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("كيا", "ur", "کیا"),
        ("وه", "ur", "وہ"),
        ("كيا", "ks", "کیا"),
        ("كيا", "sd", "كيا"),
        ("كيا", None, "كيا"),
        ("اُردُو", "ur", "اردو"),
        ("مُحَمَّد", "sd", "محمد"),
        ("مُحَمَّد", "pa-Arab", "محمد"),
        ("کٲشُر", "ks", "کٲشُر"),
        ("اُردُو", None, "اُردُو"),
        ("گئے", "ur", "گئے"),
        ("گ\u06cc\u0654ے", "ur", "گئے"),
        ("ســلام", "ur", "سلام"),
    ],
)
def test_normalize_knows_how_languages_write_arabic_letters(
    text: str, language: str | None, expected: str
) -> None:
    """Vowel points are optional but in Kashmiri; Urdu's kaf, yeh and heh are its own."""
    assert normalize(text, language=language) == expected


def test_normalize_counts_everything_when_raw() -> None:
    """RAW leaves all but the white space."""
    assert normalize(" Don't,  १\u200d\u0905\u093e। ", RAW) == "Don't, १\u200d\u0905\u093e।"


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("joiners", "a\u200cb १ c"),
        ("punctuation", "ab १, c!".replace("१", "1")),
        ("digits", "ab १ c"),
        ("case", "aB 1 C"),
    ],
)
def test_normalize_options_turn_one_thing_off(option: str, expected: str) -> None:
    """Each option is about one difference."""
    text = {"joiners": "a\u200cb १ c", "case": "a\u200cB १ C"}.get(option, "a\u200cb १, c!")
    if option == "joiners":
        expected = expected.replace("१", "1")
    assert normalize(text, Normalization(**{option: False})) == expected


def test_normalize_refuses_unknown_languages() -> None:
    """A slip in the language is told, not ignored."""
    with pytest.raises(LanguageError, match="unknown language 'urduu'"):
        normalize("text", language="urduu")


def test_normalize_keeps_the_marks_of_the_sample_texts() -> None:
    """The texts of 13 languages lose no letter and no mark."""
    with MANIFEST.open(encoding="utf-8") as lines:
        texts = [row["text"] for row in csv.DictReader(lines, delimiter="\t")]
    for text in texts:
        expected = [
            character
            for character in unicodedata.normalize("NFC", text).casefold()
            if unicodedata.category(character)[0] in "LM"
        ]
        assert list(normalize(text).replace(" ", "")) == expected


@given(INDIC | st.text(), st.sampled_from(["ur", "sd", "ks", "hi", None]))
def test_normalize_changes_nothing_twice(text: str, language: str | None) -> None:
    """What is normalised is in its normal form, whichever encoding it came in."""
    once = normalize(text, language=language)
    assert normalize(once, language=language) == once
    assert normalize(unicodedata.normalize("NFD", text), language=language) == once
