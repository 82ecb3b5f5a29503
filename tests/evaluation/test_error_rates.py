"""Word, character and grapheme error rates, against numbers counted by hand."""

from __future__ import annotations

import subprocess
import sys

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_client.evaluation import RAW, AlignedWords, Edits, error_rates

WORDS = st.lists(st.sampled_from(["मेरा", "घर", "मेरी", "a", "b", "நான்"]), max_size=12)


@pytest.mark.parametrize(
    ("said", "heard", "edits"),
    [
        ("one two three four", "one two three four", Edits(4, 0, 0, 0)),
        ("one two three four", "One, two; three. Four!", Edits(4, 0, 0, 0)),
        ("one two three four", "one too three four", Edits(3, 1, 0, 0)),
        ("one two three four", "one three four", Edits(3, 0, 1, 0)),
        ("one two three four", "zero one two three four", Edits(4, 0, 0, 1)),
        ("one two three four", "", Edits(0, 0, 4, 0)),
        ("one", "a b c", Edits(0, 1, 0, 2)),
        ("", "a b", Edits(0, 0, 0, 2)),
        ("", "", Edits()),
        ("...", "।", Edits()),
        ("मेरा नाम कमल है", "मेरा नाम कमाल है।", Edits(3, 1, 0, 0)),
    ],
)
def test_word_edits_are_the_fewest(said: str, heard: str, edits: Edits) -> None:
    """Substitutions, deletions and insertions of words."""
    assert error_rates([said], [heard]).words == edits


def test_rates_are_of_the_corpus_and_no_mean_of_rates() -> None:
    """One of one word and none of nine is a tenth, not a half."""
    rates = error_rates(["yes", "a b c d e f g h i"], ["no", "a b c d e f g h i"])
    assert rates.wer == pytest.approx(1 / 10)
    assert [each.words.rate for each in rates.utterances] == [1.0, 0.0]


def test_characters_are_code_points_and_graphemes_what_readers_see() -> None:
    """A wrong vowel sign is one of nine code points, and one of five graphemes."""
    rates = error_rates(["कमला की"], ["कमली की"])
    # क म ल ा space क ी, and क म ला space की
    assert rates.characters == Edits(6, 1, 0, 0)
    assert rates.graphemes == Edits(4, 1, 0, 0)
    assert rates.cer == pytest.approx(1 / 7)
    assert rates.grapheme_error_rate == pytest.approx(1 / 5)
    assert rates.wer == pytest.approx(1 / 2)


def test_conjuncts_are_one_grapheme_and_three_code_points() -> None:
    """A lost virama is one deleted code point, but makes two graphemes of one."""
    rates = error_rates("पत्ता", "पतता")
    assert rates.characters == Edits(4, 0, 1, 0)
    assert rates.graphemes == Edits(1, 1, 0, 1)


def test_alignment_has_the_words_side_by_side() -> None:
    """What was left out, put in, and said otherwise."""
    (utterance,) = error_rates("the cat sat on mat", "cat sit on the mat").utterances
    assert utterance.alignment == (
        AlignedWords("delete", ("the",), ()),
        AlignedWords("equal", ("cat",), ("cat",)),
        AlignedWords("substitute", ("sat",), ("sit",)),
        AlignedWords("equal", ("on",), ("on",)),
        AlignedWords("insert", (), ("the",)),
        AlignedWords("equal", ("mat",), ("mat",)),
    )


def test_empty_texts_are_counted_and_told() -> None:
    """What is heard where nothing was said is put in; what is not heard is left out."""
    rates = error_rates(["", "a b", "", "c"], ["x", "", "", "c"])
    assert rates.words == Edits(hits=1, substitutions=0, deletions=2, insertions=1)
    assert (rates.empty_references, rates.empty_hypotheses) == (2, 1)
    assert rates.wer == pytest.approx(3 / 3)


def test_rates_are_none_where_nothing_was_said() -> None:
    """A share of nothing is no number."""
    rates = error_rates([""], ["word"])
    assert (rates.wer, rates.cer, rates.grapheme_error_rate) == (None, None, None)
    assert error_rates([], []).wer is None


def test_rates_heed_normalization_and_language() -> None:
    """Raw texts differ in what is normalised away; Urdu's letters need the language."""
    assert error_rates("Yes.", "yes", normalization=RAW).wer == 1.0
    assert error_rates("كيا", "کیا").wer == 1.0
    assert error_rates("كيا", "کیا", language="Urdu").wer == 0.0


def test_rates_refuse_lists_of_different_lengths() -> None:
    """A hypothesis too few would shift all that follow."""
    with pytest.raises(ConfigError, match="2 references and 1 hypotheses cannot be compared"):
        error_rates(["a", "b"], ["a"])


@given(st.lists(st.tuples(WORDS, WORDS), max_size=4))
def test_rates_equal_those_of_jiwer(pairs: list[tuple[list[str], list[str]]]) -> None:
    """Over joined texts, jiwer's own measures come out."""
    said = [" ".join(words) for words, _heard in pairs]
    heard = [" ".join(words) for _said, words in pairs]
    rates = error_rates(said, heard, normalization=RAW)
    if rates.words.reference_length:
        assert rates.wer == pytest.approx(jiwer.wer(said, heard))
        assert rates.cer == pytest.approx(jiwer.cer(said, heard))
    assert rates.words.errors >= rates.words.reference_length - sum(
        len(text.split()) for text in heard
    )


def test_missing_jiwer_is_told_with_the_extra_that_brings_it() -> None:
    """Without the extra there is one sentence, and what to install."""
    code = (
        "import sys; sys.modules['jiwer'] = None\n"
        "from asr_client.evaluation import error_rates\n"
        "from asr_client.errors import ConfigError\n"
        "try: error_rates('a', 'b')\n"
        "except ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "error rates need jiwer (pip install 'asr-client[eval]')\n"
