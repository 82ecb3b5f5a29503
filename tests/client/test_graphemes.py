"""What a reader takes for one character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.graphemes import graphemes

LETTERS_AND_MARKS = st.text(
    st.one_of(
        st.characters(min_codepoint=0x900, max_codepoint=0xD7F),
        st.sampled_from("\u094d\u09cd\u0d4d\u200c\u200d \r\n\u0301a"),
        st.characters(),
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("abc", ["a", "b", "c"]),
        ("cafe\u0301", ["c", "a", "f", "e\u0301"]),
        ("कमल", ["क", "म", "ल"]),
        ("कामिल", ["का", "मि", "ल"]),
        ("हिन्दी", ["हि", "न्दी"]),
        ("क्ष्म्य", ["क्ष्म्य"]),
        ("बाज़ार", ["बा", "ज़ा", "र"]),
        ("কৃষ্ণ", ["কৃ", "ষ্ণ"]),
        ("ৰাতিপুৱা", ["ৰা", "তি", "পু", "ৱা"]),
        ("உத்தம்", ["உ", "த்", "த", "ம்"]),  # in Tamil, viramas show
        ("கொடி", ["கொ", "டி"]),
        ("ಕನ್ನಡ", ["ಕ", "ನ್", "ನ", "ಡ"]),
        ("స్త్రీ", ["స్త్రీ"]),
        ("മലയാളം", ["മ", "ല", "യാ", "ളം"]),
        ("ਪੰਜਾਬੀ", ["ਪੰ", "ਜਾ", "ਬੀ"]),
        ("ଓଡ଼ିଆ", ["ଓ", "ଡ଼ି", "ଆ"]),
        ("کِتاب", ["کِ", "ت", "ا", "ب"]),  # noqa: RUF001
        ("ᱥᱟᱱᱛᱟᱲᱤ", ["ᱥ", "ᱟ", "ᱱ", "ᱛ", "ᱟ", "ᱲ", "ᱤ"]),
        ("ꯃꯩꯇꯩ", ["ꯃꯩ", "ꯇꯩ"]),
        ("क्\u200dष", ["क्\u200dष"]),
        ("क्\u200cष", ["क्\u200c", "ष"]),  # the joiner that keeps them apart
        ("a\r\nb", ["a", "\r\n", "b"]),
        ("\u0301a", ["\u0301", "a"]),
        ("\u200e\u0301", ["\u200e", "\u0301"]),
        ("👩\u200d🚀👍🏽", ["👩\u200d🚀", "👍🏽"]),
        ("🇮🇳🇳🇵", ["🇮🇳", "🇳🇵"]),
    ],
)
def test_graphemes_are_what_readers_see(text: str, expected: list[str]) -> None:
    """Letters keep their vowel signs; conjuncts are one where the script has them."""
    assert graphemes(text) == expected


@given(LETTERS_AND_MARKS)
def test_graphemes_make_the_text_again(text: str) -> None:
    """Nothing is lost, and no cluster is empty."""
    clusters = graphemes(text)
    assert "".join(clusters) == text
    assert all(clusters)


@given(st.text(st.characters(min_codepoint=0x900, max_codepoint=0xD7F), min_size=1))
def test_graphemes_begin_with_a_mark_only_at_the_start(text: str) -> None:
    """A vowel sign never stands alone behind a letter."""
    assert not any(cluster[0] in "ािीुேெূাാിൊ" for cluster in graphemes(text)[1:])
