"""Pieces that wait: equal lengths together, and nobody for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asr_client.calls.many.line import Line


def drain(line: Line[str]) -> list[str]:
    """Everything, in the order in which it goes."""
    taken = []
    while (waiter := line.take()) is not None:
        taken.append(waiter)
    return taken


def test_equal_lengths_go_together() -> None:
    """What the server can join goes one after the other; the longest waiting length first."""
    line: Line[str] = Line(run=8)
    for name, length in [("a1", 1), ("b1", 2), ("a2", 1), ("b2", 2), ("a3", 1)]:
        line.add(name, length)
    assert drain(line) == ["a1", "a2", "a3", "b1", "b2"]


def test_a_full_batch_makes_room_for_another_length() -> None:
    """After a batch of one length it is the turn of whoever has waited longest."""
    line: Line[str] = Line(run=2)
    for name, length in [("a1", 1), ("b1", 2), ("a2", 1), ("a3", 1), ("b2", 2)]:
        line.add(name, length)
    assert drain(line) == ["a1", "a2", "b1", "b2", "a3"]


def test_what_is_put_back_goes_first() -> None:
    """A piece that has been on its way before waits for no newcomer."""
    line: Line[str] = Line(run=1)
    line.add("new", 1)
    line.add("other", 2)
    line.put_back("old", 2)
    assert drain(line) == ["old", "new", "other"]


def test_some_are_sent_home_and_the_others_keep_their_places() -> None:
    """Nobody is forgotten, and a length that nobody has any more is none."""
    line: Line[str] = Line(run=2)
    for waiter, length in (("a1", 1), ("b1", 1), ("a2", 2), ("b3", 3), ("b4", 1)):
        line.add(waiter, length)
    assert sorted(line.send_home(lambda waiter: waiter.startswith("a"))) == ["a1", "a2"]
    assert len(line) == 3
    assert drain(line) == ["b1", "b4", "b3"]


@given(st.lists(st.integers(1, 4), max_size=40), st.integers(1, 5))
def test_everybody_goes_once_and_in_order_within_a_length(lengths: list[int], run: int) -> None:
    """Nothing is lost, nothing doubled, nobody of one length is overtaken by one of the same."""
    line: Line[tuple[int, int]] = Line(run)
    for number, length in enumerate(lengths):
        line.add((length, number), length)
    taken = []
    while (waiter := line.take()) is not None:
        taken.append(waiter)
    assert sorted(number for _, number in taken) == list(range(len(lengths)))
    for length in set(lengths):
        numbers = [number for each, number in taken if each == length]
        assert numbers == sorted(numbers)


@given(st.integers(2, 10))
def test_a_length_that_keeps_coming_starves_nobody(run: int) -> None:
    """However many of one length come, another one has its turn after one batch."""
    line: Line[str] = Line(run)
    line.add("common", 1)
    line.add("rare", 2)
    taken = []
    for _ in range(run + 1):
        line.add("common", 1)
        taken.append(line.take())
    assert "rare" in taken
