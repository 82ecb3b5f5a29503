"""
Segments -> subtitle cues that read well. Pure.

    Segment(0.0, 28.0, "आज सुबह से ... । और ...")   ──▶   Cue(0, 6100, ("आज सुबह से ...", "... ।"))
                                                      Cue(6100, 11900, ("और ...",)) ...

A segment is one request and up to half a minute long; its times are the only ones that are known.
Where it takes several cues they share its time by the length of their texts, and so are read as
fast as it was spoken: time which nobody spoke in cannot be told from the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from asr_client.formats.wrapping import LINE_WIDTH, Break, Word, lines_of, reaches, words_of
from asr_client.results import GAP_TEXT, Segment

__all__ = ["Cue", "cues_of", "milliseconds"]

# How long a cue stays, as guides for subtitles have it.
_LONGEST_S = 7.0
_SHORTEST_S = 1.0
# Fewer graphemes are a scrap, unless they are a whole sentence.
_SCRAP_WIDTH = 16

# What speaks against a cue. Proportions matter: to split between any two words (6, and what is then
# unused) pays where it takes three seconds from a cue that stays too long; to split off a scrap
# (6 + 20) never pays, since that takes 7 seconds (21) at most.
_COST_OF_A_BREAK = {Break.SENTENCE: 0.0, Break.CLAUSE: 2.0, Break.WORD: 6.0}
_COST_OF_UNUSED_WIDTH = 6.0
_COST_OF_A_SCRAP = 20.0
_COST_OF_A_LONG_SECOND = 3.0
_COST_OF_A_MISSING_SECOND = 20.0


@dataclass(frozen=True, slots=True)
class Cue:
    """
    What is on the screen for a while.

    Attributes:
        start_ms: When it appears, in ms from the recording's start.
        end_ms: When it goes.
        lines: One line or two.
        is_estimated: Its times are not those of a request, but a share of them.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    """A segment's time on the screen."""

    start_ms: int
    end_ms: int
    is_moved: bool


def cues_of(segments: Iterable[Segment]) -> tuple[Cue, ...]:
    """
    Make cues of *segments*: no two at a time, none empty, every word once and in order.

    A segment that fits in one cue keeps its times. Longer ones are split at the ends of sentences,
    else of clauses, else of words, into cues of two lines of 42 graphemes at most, and of 7
    seconds where it has the words for that. A gap is a cue, too. Of segments that overlap, each is
    given half of what both have heard.
    """
    told = [segment for segment in segments if segment.is_gap or segment.text.strip()]
    cues: list[Cue] = []
    for segment, span in zip(told, _spans(told), strict=True):
        if segment.is_gap:
            cues.append(Cue(span.start_ms, span.end_ms, (GAP_TEXT,), span.is_moved))
        else:
            cues.extend(_split(words_of(segment.text), span))
    return tuple(cues)


def milliseconds(seconds: float) -> int:
    """Round to whole ms before splitting into fields, so that 59.9995 s carries to a minute."""
    return max(0, round(seconds * 1000))


def _spans(segments: Sequence[Segment]) -> Iterator[_Span]:
    own = [(milliseconds(each.start_s), milliseconds(each.end_s)) for each in segments]
    meetings = [
        (start + end) // 2 if start < end else None for (_, end), (start, _) in pairwise(own)
    ]
    before = 0
    for (own_start, own_end), first, last in zip(
        own, [None, *meetings], [*meetings, None], strict=False
    ):
        start = max(before, own_start if first is None else first)
        end = max(start, own_end if last is None else last)
        yield _Span(start, end, (start, end) != (own_start, max(own_start, own_end)))
        before = end


def _split(words: Sequence[Word], span: _Span) -> Iterator[Cue]:
    length_ms = span.end_ms - span.start_ms
    # Graphemes up to each word; each has a space after it.
    marks = [0, *accumulate(word.width + 1 for word in words)]
    bounds = _bounds(words, marks, length_ms / 1000)
    for begin, end in pairwise(bounds):
        yield Cue(
            span.start_ms + round(length_ms * marks[begin] / marks[-1]),
            span.start_ms + round(length_ms * marks[end] / marks[-1]),
            lines_of(words[begin:end]),
            span.is_moved or len(bounds) > 2,  # noqa: PLR2004 - more than one cue
        )


def _bounds(words: Sequence[Word], marks: Sequence[int], length_s: float) -> list[int]:
    """Find the places to split at, ends included, that cost least together."""
    reach = reaches(words)
    costs = [0.0] + [float("inf")] * len(words)
    came_from = [0] * len(costs)
    for begin in range(len(words)):
        for end in range(begin + 1, reach[begin] + 1):
            width = marks[end] - marks[begin]
            cost = costs[begin] + _cost(
                width - 1,
                length_s * width / marks[-1],
                opens=begin == 0 or words[begin - 1].ends is Break.SENTENCE,
                ends=Break.SENTENCE if end == len(words) else words[end - 1].ends,
            )
            if cost < costs[end]:
                costs[end], came_from[end] = cost, begin
    bounds = [len(words)]
    while bounds[-1]:
        bounds.append(came_from[bounds[-1]])
    return bounds[::-1]


def _cost(width: int, seconds: float, *, opens: bool, ends: Break) -> float:
    """Weigh one cue; *opens* says that a sentence begins with it."""
    unused = max(0.0, 1 - width / (2 * LINE_WIDTH))
    is_scrap = width < _SCRAP_WIDTH and not (opens and ends is Break.SENTENCE)
    return (
        _COST_OF_A_BREAK[ends]
        + _COST_OF_UNUSED_WIDTH * unused**2
        + _COST_OF_A_SCRAP * is_scrap
        + _COST_OF_A_LONG_SECOND * max(0.0, seconds - _LONGEST_S)
        + _COST_OF_A_MISSING_SECOND * max(0.0, _SHORTEST_S - seconds)
    )
