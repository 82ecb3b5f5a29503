"""Whose turn it is: by the seed and the arrival's number alone."""

from __future__ import annotations

from collections import Counter

import pytest

from asr_loadtest.load.corpus.draw import Draw, splitmix64

GAMMA = 0x9E37_79B9_7F4A_7C15


def test_splitmix64_gives_the_published_numbers() -> None:
    """The first five for the seed 1234567, as Java's and others' test suites have them."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert expected == [splitmix64((1234567 + n * GAMMA) % 2**64) for n in range(5)]


def test_draw_gives_the_same_in_any_order_and_number_of_workers() -> None:
    """Three workers, each with every third arrival, choose what one alone would."""
    alone = [Draw([1, 2, 3], 7).at(number) for number in range(300)]
    workers = [Draw([1, 2, 3], 7) for _ in range(3)]
    assert alone[::-1] == [workers[number % 3].at(number) for number in reversed(range(300))]


def test_draw_does_not_change_from_version_to_version() -> None:
    """A run can be repeated from its seed: these are what it was when it was written."""
    draw = Draw([1, 1, 1, 1], 42)
    assert [draw.at(number) for number in range(12)] == [0, 0, 3, 1, 0, 1, 3, 1, 1, 3, 0, 2]


@pytest.mark.parametrize("seed", [0, 1, -1, 2**70])
def test_draw_follows_the_weights(seed) -> None:
    """Within four standard deviations of 40 000 draws."""
    draw = Draw([1, 3, 0, 4], seed)
    counts = Counter(draw.at(number) for number in range(40_000))
    assert counts[2] == 0
    for position, share in ((0, 1 / 8), (1, 3 / 8), (3, 4 / 8)):
        spread = (share * (1 - share) * 40_000) ** 0.5
        assert abs(counts[position] - share * 40_000) < 4 * spread


def test_draw_gives_another_sequence_when_the_seed_is_another() -> None:
    """Neighbouring seeds agree no more often than by chance: about 250 of 1000."""
    first, second = Draw([1] * 4, 1), Draw([1] * 4, 2)
    assert 190 < sum(first.at(n) == second.at(n) for n in range(1000)) < 310


def test_draw_has_one_answer_when_there_is_one_choice() -> None:
    """A corpus of one clip."""
    assert {0} == {Draw([0.3], 5).at(number) for number in range(100)}
