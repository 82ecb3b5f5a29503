"""
The texts of a recording's pieces, joined so that what two pieces heard is told once. Pure.

    ... will be dry and wa          the words of the first piece; its last one is cut off
               ry and warm today    the words of the second; its first one is cut off
            ─────────────────
               the seam             "dry" from the first, "and" from either, "warm" from the second

The end of one piece is aligned with the beginning of the next: the alignment has to reach from
the second's first word to the first's last word, since both heard all of the overlap. Of its runs
of equal words the longest is the seam: what is before the middle of it is told by the first piece,
what is after it by the second, because each hears worst at its own edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from asr_client.chunking.words import Word, words_of
from asr_client.graphemes import graphemes

__all__ = ["OVERLAP_WORDS", "merge_texts", "most_words"]

# How fast anybody speaks, and the words which are cut off on either side.
_WORDS_PER_S = 6.0
_EDGE_WORDS = 2

# What a second holds at most.
OVERLAP_WORDS = 8

# What a pair of words in an alignment speaks for or against it. Proportions matter: in a row of
# the same word, one more equal pair must not outweigh a cut-off word that no longer fits (12 < 8 +
# 5); one equal pair must bear two spoilt edges (12 > 2 * 5); two words must not be let out to win
# one (2 * 14 > 12 + 2 * 5); a word that was heard differently takes nearly what an equal one gives.
_EQUAL = 12
_CUT_OFF = 8
_SPOILT_EDGE = -5
_DIFFERENT = -11
_ALONE = -14

# A cut-off word that has nothing else to speak for it has at least so many characters.
_TELLING_CHARACTERS = 3

# A column of an alignment: the first piece's word and the second's, of which one may be missing.
_Column = tuple[Word | None, Word | None]


def most_words(overlap_s: float) -> int:
    """Bound how many words an overlap of *overlap_s* seconds can hold, cut-off ones included."""
    return math.ceil(overlap_s * _WORDS_PER_S) + _EDGE_WORDS


def merge_texts(
    texts: Sequence[str], overlaps: Sequence[bool], *, overlap_words: int = OVERLAP_WORDS
) -> tuple[str, ...]:
    """
    Tell once what neighbouring pieces have both heard.

    Args:
        texts: What was heard in each piece, in the order of the recording; empty for a piece that
            failed or is silent.
        overlaps: For each piece but the last, whether the next one heard its end again.
        overlap_words: How many words an overlap holds at most. Where one word is said again and
            again, nothing else tells how much of it is the overlap.

    Returns:
        As many texts. The non-empty ones, joined with spaces, are the recording's text. A word
        that only one piece heard is kept, and so are both texts whole where they have nothing in
        common.
    """
    merged = list(texts)
    for index, overlap in enumerate(overlaps):
        if overlap:
            merged[index : index + 2] = _joined(merged[index], merged[index + 1], overlap_words)
    return tuple(merged)


def _joined(first: str, second: str, overlap_words: int) -> tuple[str, str]:
    before, after = words_of(first), words_of(second)
    reach = min(overlap_words, len(before))
    columns = _alignment(before[len(before) - reach :], after[:overlap_words])
    if not columns:
        return first, second
    seam = _seam(columns)
    heard_first = sum(word is not None for word, _ in columns)
    heard_second = sum(word is not None for _, word in columns)
    # A word that stands alone in its column was heard by one piece only, and is told all the same.
    left = [one or other for one, other in columns[:seam]]
    right = [other or one for one, other in columns[seam:]]
    return (
        _text([*before[: len(before) - heard_first], *left]),
        _text([*right, *after[heard_second:]]),
    )


def _text(words: Iterable[Word | None]) -> str:
    return " ".join(word.text for word in words if word is not None)


def _seam(columns: Sequence[_Column]) -> int:
    """Find the column from which on the second piece tells: in the middle of the longest run."""
    longest_start, longest = 0, 0
    start = 0
    for is_equal, run in groupby(columns, key=_is_equal):
        length = len(list(run))
        if is_equal and length > longest:
            longest_start, longest = start, length
        start += length
    if longest:
        return longest_start + longest // 2
    # Only cut-off words: the second piece's is at the front, the first piece's at the end.
    one, other = columns[0]
    is_whole_in_first = bool(one and other and len(one.key) > len(other.key))
    return 1 if is_whole_in_first else 0


def _is_equal(column: _Column) -> bool:
    one, other = column
    return one is not None and other is not None and one.key == other.key


def _alignment(tail: Sequence[Word], head: Sequence[Word]) -> tuple[_Column, ...]:
    """
    Align the words before a seam with those after it, as far as both can be the same speech.

    Returns:
        The columns of the best alignment from any word of *tail* to its end and from the start of
        *head* to any of its words; none if nothing speaks for one.
    """
    # best[i][j]: the score of the best alignment that ends before tail[i] and head[j], and the
    # step that led there. It may begin at any i for nothing, since the overlap is part of the tail.
    best: list[list[tuple[int, str]]] = []
    for i in range(len(tail) + 1):
        row: list[tuple[int, str]] = []
        for j in range(len(head) + 1):
            ways = [(0, "begin")] if j == 0 else [(row[j - 1][0] + _ALONE, "second")]
            if i and j:
                pair = _score(tail[i - 1], head[j - 1], is_last=i == len(tail), is_first=j == 1)
                ways.append((best[i - 1][j - 1][0] + pair, "both"))
                ways.append((best[i - 1][j][0] + _ALONE, "first"))
            row.append(max(ways, key=lambda way: way[0]))
        best.append(row)
    # Of equally good ends the first, which loses the least; the very first is no alignment.
    end = max(range(len(head) + 1), key=lambda j: best[-1][j][0])
    columns = _traced(best, tail, head, end)
    return columns if _is_founded(columns) else ()


def _traced(
    best: Sequence[Sequence[tuple[int, str]]], tail: Sequence[Word], head: Sequence[Word], end: int
) -> tuple[_Column, ...]:
    columns: list[_Column] = []
    i, j = len(tail), end
    while (step := best[i][j][1]) != "begin":
        i -= step != "second"
        j -= step != "first"
        columns.append(
            (
                tail[i] if step != "second" else None,
                head[j] if step != "first" else None,
            )
        )
    return tuple(reversed(columns))


def _score(one: Word, other: Word, *, is_last: bool, is_first: bool) -> int:
    """Weigh a pair; *one* may be the last word of its piece, *other* the first word of its own."""
    if one.key == other.key:
        return _EQUAL
    if (is_last and other.key.startswith(one.key)) or (is_first and one.key.endswith(other.key)):
        return _CUT_OFF
    return _SPOILT_EDGE if is_last or is_first else _DIFFERENT


def _is_founded(columns: Sequence[_Column]) -> bool:
    """Whether there is an equal word; or else whether all are cut off, and tell enough."""
    if any(_is_equal(column) for column in columns):
        return True
    pairs = [(one.key, other.key) for one, other in columns if one and other]
    shared = "".join(min(pair, key=len) for pair in pairs)
    return (
        len(pairs) == len(columns)
        and all(other.startswith(one) or one.endswith(other) for one, other in pairs)
        and len(shared) >= _TELLING_CHARACTERS
        and (len(pairs) > 1 or _is_half(*pairs[0]))
    )


def _is_half(one: str, other: str) -> bool:
    part, whole = sorted((len(graphemes(one)), len(graphemes(other))))
    return 2 * part >= whole
