"""
One encoding for what looks the same: letters that can be typed in several ways. Pure.

    same_look("बाज\u093cार")     NFC: a letter and its nukta, as one or as two code points
    same_look("\u0905\u093e")      आ, typed as अ and a sign
    same_look("\u0d28\u0d4d\u200d")  ൻ, a chillu as it was typed before Unicode 5.1

What looks different stays different: हिंदी and हिन्दी are two spellings, and so are বাংলা and বাঙলা.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

__all__ = ["same_look"]

# Sequence > what it looks like, in hexadecimal, since the first cannot be told from the second by
# eye. Source: The Unicode Standard 16.0, chapters 9, 12 and 13, whose tables of vowel letters say
# which sequences not to use; chillus, khanda ta and eyelash ra are told there, too.
_SEQUENCES = """
Devanagari: vowel letters, vowel signs, and the eyelash ra of Marathi and Nepali
0905 0946 > 0904   0905 093E > 0906   0930 094D 0907 > 0908   0909 0941 > 090A   090F 0945 > 090D
090F 0946 > 090E   090F 0947 > 0910   0905 0949 > 0911   0906 0945 > 0911   0905 094A > 0912
0906 0946 > 0912   0905 094B > 0913   0906 0947 > 0913   0905 094C > 0914   0906 0948 > 0914
0905 0945 > 0972   093E 0945 > 0949   093E 0946 > 094A   093E 0947 > 094B   093E 0948 > 094C
0930 094D 200D > 0931 094D

Bengali: vowel letters, khanda ta, ra as ba with a dot
0985 09BE > 0986   098B 09C3 > 09E0   098C 09E2 > 09E1   09A4 09CD 200D > 09CE   09AC 09BC > 09B0

Gurmukhi: vowel letters
0A05 0A3E > 0A06   0A72 0A3F > 0A07   0A72 0A40 > 0A08   0A73 0A41 > 0A09   0A73 0A42 > 0A0A
0A72 0A47 > 0A0F   0A05 0A48 > 0A10   0A73 0A4B > 0A13   0A05 0A4C > 0A14

Gujarati: vowel letters and signs
0A85 0ABE > 0A86   0A85 0AC5 > 0A8D   0A85 0AC7 > 0A8F   0A85 0AC8 > 0A90   0A85 0AC9 > 0A91
0A86 0AC5 > 0A91   0A85 0ACB > 0A93   0A86 0AC7 > 0A93   0A85 0ACC > 0A94   0A86 0AC8 > 0A94
0AC5 0ABE > 0AC9   0ABE 0AC7 > 0ACB   0ABE 0AC8 > 0ACC

Odia: vowel letters
0B05 0B3E > 0B06   0B0F 0B57 > 0B10   0B13 0B57 > 0B14

Tamil: a vowel letter, and the two encodings of sri
0B85 0BC2 > 0B86   0BB8 0BCD 0BB0 0BC0 > 0BB6 0BCD 0BB0 0BC0

Telugu and Kannada: vowel letters and signs
0C12 0C55 > 0C13   0C12 0C4C > 0C14   0C3F 0C55 > 0C40   0C46 0C55 > 0C47   0C4A 0C55 > 0C4B
0C89 0CBE > 0C8A   0C92 0CCC > 0C94   0C8B 0CBE > 0CE0

Malayalam: vowel letters, ai, chillus, and nta
0D07 0D57 > 0D08   0D09 0D57 > 0D0A   0D0E 0D46 > 0D10   0D12 0D3E > 0D13   0D12 0D57 > 0D14
0D46 0D46 > 0D48   0D23 0D4D 200D > 0D7A   0D28 0D4D 200D > 0D7B   0D30 0D4D 200D > 0D7C
0D32 0D4D 200D > 0D7D   0D33 0D4D 200D > 0D7E   0D15 0D4D 200D > 0D7F
0D7B 0D4D 0D31 > 0D28 0D4D 0D31

Arabic: yeh with hamza
06CC 0654 > 0626
"""

# Letters that keyboards for Arabic have where the language has others of the same look.
_OWN_LETTERS = str.maketrans("\u0643\u064a\u0649\u0647\u06c0", "\u06a9\u06cc\u06cc\u06c1\u06c2")
# Sindhi is not among them: Arabic's yeh and heh are its own, and its keheh is another sound.
_WITH_OWN_LETTERS = frozenset({"ur", "ks", "pa"})
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")


def same_look(text: str, code: str | None = None) -> str:
    """
    Write letters that look the same in one way, in NFC.

    Args:
        text: Any text; joiners must still be in it, since some of them make letters.
        code: Language code; Urdu, Kashmiri and Punjabi have letters that Arabic writes otherwise.
    """
    text = unicodedata.normalize("NFC", text)
    text = _PRESENTATION_FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    if code in _WITH_OWN_LETTERS:
        text = text.translate(_OWN_LETTERS)
    pattern, replacements = _table()
    # What comes out may be the beginning of another: a sign in two parts behind a letter in two.
    replaced = 1
    while replaced:
        text, replaced = pattern.subn(lambda found: replacements[found[0]], text)
    return unicodedata.normalize("NFC", text)


@cache
def _table() -> tuple[re.Pattern[str], dict[str, str]]:
    """Read _SEQUENCES; on first use, so that importing costs nothing."""
    rows = re.findall(r"((?:[0-9A-F]{4} )+)> ((?:[0-9A-F]{4} ?)+)", _SEQUENCES)
    replacements = {_characters(written): _characters(meant) for written, meant in rows}
    longest_first = sorted(replacements, key=len, reverse=True)
    return re.compile("|".join(longest_first)), replacements


def _characters(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())
