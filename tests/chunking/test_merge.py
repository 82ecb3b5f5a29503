"""Texts of pieces joined: nothing doubled, nothing lost, whatever happened to the edges."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.chunking.merge import OVERLAP_WORDS, merge_texts, most_words
from asr_client.graphemes import graphemes

Damage = Callable[[random.Random, str, bool], str]

# Few words, so that each comes again and again, and some that are the start or end of others.
VOCABULARIES = {
    "hi": "है और का की में यह नहीं हाँ बारिश बाज़ार आज सुबह कम काम मौसम क्या लोग विद्यालय हिन्दी पर",
    "ta": "இது ஒரு அது இல்லை ஆம் மழை காலை சந்தை கூட்டம் இன்று வந்தான் பள்ளி நான் அவன் என்று",
    "en": "the and of to a no yes in it is was weather rain market this morning very cold",
}
VOCABULARIES["mixed"] = " ".join(VOCABULARIES.values())
TEXTS = 60
LONGEST = 120
PIECE = 40


def spoken(rng: random.Random, vocabulary: str, repeated: float) -> list[str]:
    """Say words at random; each is the last one again with the chance *repeated*."""
    words: list[str] = []
    for _ in range(LONGEST):
        again = words and rng.random() < repeated
        words.append(words[-1] if again else rng.choice(vocabulary.split()))
    return words


def heard(
    rng: random.Random, words: list[str], shared: range, damage: Damage | None
) -> tuple[list[list[str]], list[int]]:
    """Cut *words* into pieces; the next hears the last few again, and both edges are hurt."""
    pieces: list[list[str]] = []
    overlaps: list[int] = []
    start = 0
    while True:
        piece = words[start : start + PIECE]
        if damage and start:
            piece[0] = damage(rng, piece[0], True)
        if damage and start + PIECE < len(words):
            piece[-1] = damage(rng, piece[-1], False)
        pieces.append(piece)
        if start + PIECE >= len(words):
            return pieces, overlaps
        overlaps.append(rng.choice(shared))
        start += PIECE - overlaps[-1]


def cut_off(rng: random.Random, word: str, is_first: bool) -> str:
    """Keep a part of the word, as a cut through its sound does; half of the short ones stay."""
    letters = graphemes(word)
    if len(letters) == 1:
        return rng.choice([word, "hm"])
    kept = rng.randint(1, len(letters) - 1)
    return "".join(letters[kept:] if is_first else letters[:kept])


def garbled(rng: random.Random, word: str, is_first: bool) -> str:  # noqa: ARG001 - a Damage
    """Put something else in the word's place."""
    return rng.choice(["zzz", "ழ்ழ்"] if is_first else ["qx", "घ्ञ"])


def joined(pieces: list[list[str]], overlap_words: int = OVERLAP_WORDS) -> list[str]:
    """Merge pieces that overlap each other, and read the result as words."""
    texts = [" ".join(piece) for piece in pieces]
    merged = merge_texts(texts, [True] * (len(texts) - 1), overlap_words=overlap_words)
    assert len(merged) == len(texts)
    return " ".join(text for text in merged if text).split()


@pytest.mark.parametrize("damage", [None, cut_off, garbled])
@pytest.mark.parametrize("repeated", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("language", VOCABULARIES)
def test_text_is_exact_when_the_overlap_is_bounded(
    language: str, repeated: float, damage: Damage | None
) -> None:
    """Six words heard twice come out once, with clean edges and with all of them damaged."""
    seed = f"{language} {repeated}"
    print("seed:", seed)
    rng = random.Random(seed)  # noqa: S311 - the same words in every run
    for _ in range(TEXTS):
        words = spoken(rng, VOCABULARIES[language], repeated)
        pieces, _ = heard(rng, words, range(6, 7), damage)
        assert joined(pieces, overlap_words=6) == words


@pytest.mark.parametrize("language", VOCABULARIES)
def test_text_is_exact_unless_it_fits_together_in_two_ways(language: str) -> None:
    """Where it is not known how many words overlap, only a longer row that fits is taken for it."""
    print("seed:", language)
    rng = random.Random(language)  # noqa: S311 - the same words in every run
    unclear = 0
    for _ in range(TEXTS):
        words = spoken(rng, VOCABULARIES[language], repeated=0.3)
        pieces, overlaps = heard(rng, words, range(3, OVERLAP_WORDS + 1), damage=None)
        fits_otherwise = any(
            one[-more:] == other[:more]
            for (one, other), overlap in zip(pairwise(pieces), overlaps, strict=True)
            for more in range(overlap + 1, OVERLAP_WORDS + 1)
        )
        unclear += fits_otherwise
        assert joined(pieces) == words or fits_otherwise
    assert unclear <= TEXTS // 20


@pytest.mark.parametrize("damage", [cut_off, garbled])
@pytest.mark.parametrize("language", VOCABULARIES)
def test_text_keeps_its_length_when_edges_are_damaged(language: str, damage: Damage) -> None:
    """Three to six words overlap, two of them are hurt, and hardly a word is lost or doubled."""
    print("seed:", language)
    rng = random.Random(language)  # noqa: S311 - the same words in every run
    wrong = 0
    for _ in range(TEXTS):
        words = spoken(rng, VOCABULARIES[language], repeated=0.1)
        pieces, _ = heard(rng, words, range(3, 7), damage)
        wrong += abs(len(joined(pieces)) - len(words))
    assert wrong <= 4, f"{wrong} words of {TEXTS * LONGEST}"


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        # The edge words are damaged, and something whole is between them.
        ("will be dry and wa", "ry and warm today", "will be dry and warm today"),
        ("आज बारिश हो र", "रिश हो रही है", "आज बारिश हो रही है"),
        ("இன்று மழை பெய்", "ழை பெய்கிறது நாளை", "இன்று மழை பெய்கிறது நாளை"),
        ("we went there qx", "zz there and back", "we went there and back"),
        # Only half words are common.
        ("the weath", "weather is fine", "the weather is fine"),
        ("good weather", "ather is here", "good weather is here"),
        ("very cold wea", "old weather is", "very cold weather is"),
        ("आज का मौस", "मौसम ठंडा है", "आज का मौसम ठंडा है"),
        # Nothing is common: both are kept.
        ("one two", "three four", "one two three four"),
        ("यह कम", "काम है", "यह कम काम है"),
        ("he came in", "into the room", "he came in into the room"),
        ("it was made by man", "manufacturing is", "it was made by man manufacturing is"),
        ("यह घर का", "कारण है", "यह घर का कारण है"),
        ("", "three four", "three four"),
        ("one two", "", "one two"),
        ("", "", ""),
        # The same word again and again.
        ("he said no no no no", "no no no no he did", "he said no no no no he did"),
        ("उसने कहा हाँ हाँ हाँ", "हाँ हाँ हाँ चलो", "उसने कहा हाँ हाँ हाँ चलो"),
        ("he said no no no n", "o no no no yes", "he said no no no no yes"),
        ("x no no no n", "o no no y", "x no no no no y"),
        ("இல்லை இல்லை", "இல்லை இல்லை", "இல்லை இல்லை"),
        # A common word further off is no seam.
        ("the cat sat on the mat by th", "he door is open and the dog", None),
        ("a b c d e f the x y z", "p q r the s t u v w", None),
        # Only at its edge has a piece half a word.
        ("all went to sea", "went together there again", None),
        ("all went together there", "went her way again", None),
        # Written otherwise by the two; the second knows how the sentence goes on.
        ("it will be dry.", "Be dry and cold", "it will be dry and cold"),
        ("आज बारिश है ।", "बारिश है और ठंड", "आज बारिश है और ठंड"),
        ("यह क्षमा थी", "क्\u200dषमा थी और", "यह क्षमा थी और"),
        # One of the two has missed a word in the midst: it is told all the same.
        ("we saw a very old house", "saw a old house there", "we saw a very old house there"),
        ("we saw a old house", "saw a very old house there", "we saw a very old house there"),
        (
            "we saw a old house there",
            "saw a very old house there is",
            "we saw a very old house there is",
        ),
        # They have heard a word differently: the one whose edge is farther off is believed.
        ("b c d e x g", "c d e f g h", "b c d e f g h"),
        ("b c d e f g", "c x e f g h", "b c d e f g h"),
        # All of a piece is heard again.
        ("good morning", "good morning to you", "good morning to you"),
        ("to you good morning", "good morning", "to you good morning"),
        # No spaces.
        ("我们今天去学校", "去学校上课", "我们今天去学校 去学校上课"),
        ("今天去学校", "今天去学校", "今天去学校"),
        ("...", "...", "..."),
    ],
)
def test_seam_is_found(first: str, second: str, merged: str | None) -> None:
    """Each pair comes out as a careful reader would join it; None means unchanged."""
    texts = merge_texts([first, second], [True])
    expected = f"{first} {second}" if merged is None else merged
    assert " ".join(text for text in texts if text) == expected


def test_row_of_one_word_is_bounded_by_what_the_overlap_holds() -> None:
    """Where a word is said many times, the caller's bound says how often it was heard twice."""
    texts = ["no " * 10, "no " * 10]
    assert [len(text.split()) for text in merge_texts(texts, [True], overlap_words=3)] == [8, 9]
    assert merge_texts(texts, [True], overlap_words=0) == tuple(texts)


def test_seam_is_in_the_middle_of_the_longest_run() -> None:
    """Each piece tells its half, so that times and texts belong together."""
    assert merge_texts(["a b c d e f", "c d e f g"], [True]) == ("a b c d", "e f g")


def test_pieces_stay_untouched_where_nothing_overlaps() -> None:
    """Seams in a pause, and those around a failure, change no character."""
    texts = ["one  two", "two\tthree", "", "three four", "four five"]
    assert merge_texts(texts, [False, False, False, False]) == tuple(texts)
    assert merge_texts(texts, [False, False, False, True]) == (*texts[:3], "three", "four five")
    assert merge_texts([], []) == ()
    assert merge_texts(["a  b"], []) == ("a  b",)


def test_piece_that_is_heard_by_both_neighbours_is_told_once() -> None:
    """A short piece may lie in the overlaps on both of its sides."""
    merged = merge_texts(["a b c", "b c d", "c d e"], [True, True])
    assert " ".join(merged) == "a b c d e"


def test_bound_follows_the_overlap() -> None:
    """A second of overlap is the default."""
    assert most_words(1.0) == OVERLAP_WORDS
    assert most_words(0.5) == 5
    assert most_words(0.0) == 2


@given(st.lists(st.text("abक ा।. ", max_size=30), min_size=2, max_size=2))
def test_nothing_is_lost_but_what_the_other_has_in_its_place(texts: list[str]) -> None:
    """No text is shorter than the longer of the two, and words away from the seam stay in order."""
    first, second = (text.split() for text in texts)
    merged = " ".join(merge_texts(texts, [True])).split()
    assert len(merged) <= len(first) + len(second)
    keyed = [token for token in merged if token.strip("।.")]
    longer = max(sum(bool(token.strip("।.")) for token in text) for text in (first, second))
    assert len(keyed) >= longer
    kept_first = first[: max(0, len(first) - 2 * OVERLAP_WORDS)]
    kept_second = second[2 * OVERLAP_WORDS :]
    assert merged[: len(kept_first)] == kept_first
    assert merged[len(merged) - len(kept_second) :] == kept_second


def test_merge_takes_time_by_length_when_a_word_has_no_end() -> None:
    """Hours of text, and a word of a million characters, are no matter."""
    endless = "க" * 300_000
    assert merge_texts([endless, endless], [True]) == ("", endless)
    pieces = [" ".join(f"w{index + place}" for place in range(80)) for index in range(0, 1520, 76)]
    merged = merge_texts(pieces, [True] * (len(pieces) - 1))
    assert " ".join(merged).split() == [f"w{place}" for place in range(1524)]
