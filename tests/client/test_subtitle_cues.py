"""Subtitle cues: what is read on a screen, in scripts of India and in English."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.formats.cues import Cue, cues_of
from asr_client.formats.wrapping import LINE_WIDTH, Break, lines_of, words_of
from asr_client.graphemes import graphemes
from asr_client.results import GAP_TEXT, Segment

WORDS = """
    आज सुबह से हल्की बारिश, है। हैं? बाज़ार में भीड़ क्षेत्र இன்று மழை பெய்கிறது, உள்ளது. கூட்டம்
    the weather will be dry, cold. evening; a of supercalifragilistic
    ہے\u06d4 اور بارش\u060c کیا\u061f । — ॥
"""
texts = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=90).map(" ".join)
LIBRARY = (
    "The library opens at nine in the morning and closes at six in the evening. Children can take "
    "home three books a week, and older students can use the computers on the second floor."
)
RAIN = (
    "आज सुबह से हल्की बारिश हो रही है, और बाज़ार में बहुत भीड़ है। लोग छाता लेकर निकल रहे हैं । "
    "क्या आप बाज़ार जा रहे हैं? हाँ।"
)


@st.composite
def recordings(draw: st.DrawFn) -> list[Segment]:
    """Draw segments as chunks make them: in order, some overlapping by a second, some gaps."""
    segments = []
    start_s = 0.0
    for _ in range(draw(st.integers(1, 5))):
        length_s = draw(st.floats(3.0, 28.0))
        is_gap = draw(st.integers(0, 7)) == 0
        text = "" if is_gap else draw(texts)
        segments.append(Segment(start_s, start_s + length_s, text, is_gap=is_gap))
        start_s += length_s - draw(st.sampled_from([0.0, 0.0, 1.0, -2.5]))
    return segments


def duration_s(cue: Cue) -> float:
    """How long a cue is on the screen."""
    return (cue.end_ms - cue.start_ms) / 1000


@given(recordings())
def test_every_word_is_told_once_and_in_order(segments: list[Segment]) -> None:
    """Cues hold the words of the segments and nothing else, but for the gaps."""
    told = " ".join(line for cue in cues_of(segments) for line in cue.lines)
    expected = " ".join(GAP_TEXT if each.is_gap else each.text for each in segments)
    assert told.split() == expected.split()


@given(recordings())
def test_cues_are_shown_one_at_a_time(segments: list[Segment]) -> None:
    """No cue begins before the last one has gone, none is empty, all are within the recording."""
    cues = cues_of(segments)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(cues))
    assert all(cue.start_ms < cue.end_ms and all(cue.lines) for cue in cues)
    assert cues[-1].end_ms == round(segments[-1].end_s * 1000)


@given(recordings())
def test_cue_has_two_lines_that_fit(segments: list[Segment]) -> None:
    """A line is longer than 42 graphemes only where one word is."""
    for cue in cues_of(segments):
        assert 1 <= len(cue.lines) <= 2
        assert all(len(graphemes(line)) <= LINE_WIDTH for line in cue.lines)


@given(recordings())
def test_cue_stays_long_enough_to_be_read(segments: list[Segment]) -> None:
    """Cues of a split segment are read as fast as it was spoken, and hardly one flashes by."""
    for segment in segments:
        cues = cues_of([segment])
        width = sum(len(graphemes(word)) + 1 for word in segment.text.split())
        speed = width / (segment.end_s - segment.start_s)
        for cue in cues if len(cues) > 1 else ():
            seen = sum(len(graphemes(line)) + 1 for line in cue.lines)
            assert seen / duration_s(cue) == pytest.approx(speed, rel=0.01)
            assert duration_s(cue) >= min(1.0, 16 / speed)


@given(recordings())
def test_cue_stays_longer_than_7_s_only_where_words_are_few(segments: list[Segment]) -> None:
    """A cue that stays much longer could not be split without leaving a scrap."""
    for segment in segments:
        for cue in cues_of([segment]):
            seen = sum(len(graphemes(line)) for line in cue.lines)
            assert segment.is_gap or duration_s(cue) <= 12 or seen < 48


@given(recordings())
def test_times_are_real_unless_said_otherwise(segments: list[Segment]) -> None:
    """A cue that is not marked begins and ends with a segment."""
    real = {(round(each.start_s * 1000), round(each.end_s * 1000)) for each in segments}
    for cue in cues_of(segments):
        assert cue.is_estimated or (cue.start_ms, cue.end_ms) in real


def test_text_is_split_where_sentences_and_clauses_end() -> None:
    """A long segment becomes cues that can be read by themselves."""
    assert [cue.lines for cue in cues_of([Segment(0.0, 12.0, LIBRARY)])] == [
        ("The library opens at nine in the morning", "and closes at six in the evening."),
        ("Children can take home three books a week,",),
        ("and older students can use the", "computers on the second floor."),
    ]


def test_text_is_split_at_dandas() -> None:
    """Sentences stay whole where they fit, and a danda with a space before it keeps to its word."""
    assert [cue.lines for cue in cues_of([Segment(0.0, 14.0, RAIN)])] == [
        ("आज सुबह से हल्की बारिश हो रही है, और बाज़ार में बहुत भीड़ है।",),
        ("लोग छाता लेकर निकल रहे हैं । क्या आप बाज़ार जा रहे हैं? हाँ।",),
    ]


def test_text_without_punctuation_is_split_evenly() -> None:
    """Models that write no punctuation leave no last word alone."""
    text = " ".join(["rain"] * 36)
    cues = cues_of([Segment(10.0, 24.0, text)])
    assert [[len(line.split()) for line in cue.lines] for cue in cues] == [[6, 6]] * 3
    assert cues[0].start_ms == 10_000
    assert cues[-1].end_ms == 24_000


@pytest.mark.parametrize(
    ("seconds", "text", "first"),
    [
        # Too long for a cue, and too few words for two.
        (12.0, "rain " * 12, " ".join(["rain"] * 6)),
        (28.0, "one two three four five six", "one two three four five six"),
        # A sentence of its own, if it can be read in its time.
        (8.0, f"It rained. {'and rained ' * 7}", "It rained."),
        (5.0, f"Yes. {'rain ' * 16}", "Yes." + " rain" * 7),
    ],
)
def test_text_is_split_as_its_time_allows(seconds: float, text: str, first: str) -> None:
    """What the first cue holds depends on how fast it was spoken."""
    assert " ".join(cues_of([Segment(0.0, seconds, text)])[0].lines) == first


@pytest.mark.parametrize(("seconds", "text"), [(6.9, LIBRARY[:74]), (0.4, "Yes."), (28.0, "हाँ।")])
def test_short_text_keeps_the_time_of_its_segment(seconds: float, text: str) -> None:
    """What fits in one cue is one, with real times; nobody knows where few words are in a lot."""
    (cue,) = cues_of([Segment(1.0, 1.0 + seconds, text)])
    assert (cue.start_ms, cue.end_ms) == (1000, round(1000 + seconds * 1000))
    assert not cue.is_estimated


def test_overlap_is_shared() -> None:
    """Of a second that two segments have heard, each shows its text for half of it."""
    cues = cues_of([Segment(0.0, 5.0, "one"), Segment(4.0, 9.0, "two")])
    assert cues == (Cue(0, 4500, ("one",), True), Cue(4500, 9000, ("two",), True))


def test_gap_is_a_cue() -> None:
    """A chunk that failed is seen, for as long as it is."""
    cues = cues_of([Segment(0.0, 5.0, "one"), Segment(5.0, 30.0, "", is_gap=True)])
    assert cues[1] == Cue(5000, 30_000, (GAP_TEXT,))


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("evening.", Break.SENTENCE),
        ('evening."', Break.SENTENCE),
        ("(evening.)", Break.SENTENCE),
        ("है।", Break.SENTENCE),
        ('है । "', Break.SENTENCE),
        ("ॐ ॥", Break.SENTENCE),
        ("ہے\u06d4", Break.SENTENCE),
        ("ہیں\u061f", Break.SENTENCE),
        ("ᱠᱟᱱᱟ᱾", Break.SENTENCE),
        ("आहे.", Break.SENTENCE),
        ("week,", Break.CLAUSE),
        ("ہے\u060c", Break.CLAUSE),
        ("so \u2013", Break.CLAUSE),
        ("Dr.", Break.WORD),
        ("3.5", Break.WORD),
        ("week", Break.WORD),
        ("well-", Break.WORD),
    ],
)
def test_what_ends_with_a_word(text: str, ends: Break) -> None:
    """Each script's own marks count, with a quotation mark or a bracket after them, too."""
    (word,) = words_of(text)
    assert word.ends is ends


def test_punctuation_that_stands_alone_keeps_to_its_word() -> None:
    """No line begins with a danda or a dash, and none ends with an opening quotation mark."""
    assert [word.text for word in words_of("say « no » — now ।")] == ["say", "« no » —", "now ।"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("It is raining.", ("It is raining.",)),
        (
            "The bank is closed on Sunday, but you can pay by phone",
            ("The bank is closed on Sunday,", "but you can pay by phone"),
        ),
        (
            "One two three four five six seven eight nine ten",
            ("One two three four five", "six seven eight nine ten"),
        ),
        (
            "We went home on foot, because it rained all night long",
            ("We went home on foot,", "because it rained all night long"),
        ),
        (
            f"{'a' * 15} {'b' * 15} {'c' * 10}, {'d' * 30}",
            (f"{'a' * 15} {'b' * 15}", f"{'c' * 10}, {'d' * 30}"),
        ),
        ("x" * 60, ("x" * 60,)),
        (f"a {'x' * 60}", ("a", "x" * 60)),
    ],
)
def test_lines_are_even_and_end_with_clauses(text: str, lines: tuple[str, ...]) -> None:
    """Two lines are nearly as long as each other, unless a comma is near the middle."""
    assert lines_of(words_of(text)) == lines


def test_cues_take_time_by_length_when_text_is_hostile() -> None:
    """A text that no speaker could say in its time, or without any space, is split all the same."""
    words = cues_of([Segment(0.0, 1.0, "no " * 5000)])
    assert sum(len(line.split()) for cue in words for line in cue.lines) == 5000
    assert cues_of([Segment(0.0, 1.0, "x" * 100_000)])[0].lines == ("x" * 100_000,)
    assert cues_of([Segment(3.0, 3.0, "one two")]) == (Cue(3000, 3000, ("one two",)),)
    assert cues_of([]) == ()
