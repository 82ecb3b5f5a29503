"""Stabilization windows: a recommendation is followed when all of the window agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr_loadtest.autoscaler.hpa.windows import Recommended, remember, stabilize
from hpa_cases import EXACT, PUBLISHED, wishing

NOW_S = 1000.0
SPEC = wishing(10)
PLAIN = wishing(10, behavior=None)


def history(*aged: tuple[float, int]) -> tuple[Recommended, ...]:
    """Give recommendations by their age."""
    return tuple(Recommended(NOW_S - age_s, replicas) for age_s, replicas in aged)


def test_up_waits_for_the_lowest_of_its_window() -> None:
    """One low recommendation of 59 s ago holds back."""
    assert stabilize(SPEC, history((59.0, 3)), NOW_S, 2, 7) == 3


def test_down_waits_for_the_highest_of_its_window() -> None:
    """One high recommendation of 299 s ago holds up."""
    assert stabilize(SPEC, history((299.0, 4)), NOW_S, 5, 1) == 4


@pytest.mark.parametrize(("current", "wish", "age_s"), [(2, 7, 60.0), (5, 1, 300.0)])
def test_what_is_as_old_as_the_window_counts_no_more(current: int, wish: int, age_s: float) -> None:
    """The window's end is outside."""
    assert stabilize(SPEC, history((age_s, current)), NOW_S, current, wish) == wish


def test_without_behavior_the_window_has_its_end() -> None:
    """There a recommendation of just 300 s ago still counts."""
    assert stabilize(PLAIN, history((300.0, 5)), NOW_S, 5, 1) == 5
    assert stabilize(PLAIN, history((300.1, 5)), NOW_S, 5, 1) == 1


def test_without_behavior_there_is_no_window_up() -> None:
    """One high recommendation is enough."""
    assert stabilize(PLAIN, history((15.0, 1)), NOW_S, 1, 4) == 4


def test_a_window_remembers_recommendations_and_not_replicas() -> None:
    """Replicas that somebody added go at once, for nothing recommended them."""
    assert stabilize(SPEC, history((290.0, 1), (15.0, 1)), NOW_S, 4, 1) == 1


@pytest.mark.parametrize(("wish", "result"), [(9, 9), (3, 5)])
def test_a_window_of_0_is_none(wish: int, result: int) -> None:
    """Up follows at once; down still has its window."""
    up = replace(PUBLISHED.up, window_s=0.0)
    spec = wishing(10, replace(PUBLISHED, up=up))
    assert stabilize(spec, history((15.0, 5), (0.0, 5)), NOW_S, 5, wish) == result


def test_between_both_windows_nothing_moves() -> None:
    """Recommendations that swing about the current count move neither way."""
    assert stabilize(SPEC, history((45.0, 1), (30.0, 9), (15.0, 1)), NOW_S, 4, 9) == 4
    assert stabilize(SPEC, history((45.0, 1), (30.0, 9), (15.0, 1)), NOW_S, 4, 1) == 4


def test_the_controllers_flag_is_the_window_of_an_hpa_without_behavior() -> None:
    """Another flag, another window."""
    spec = replace(PLAIN, flags=replace(EXACT, downscale_stabilization_s=60.0))
    assert stabilize(spec, history((61.0, 5)), NOW_S, 5, 1) == 1


def test_what_is_too_old_for_both_windows_is_forgotten() -> None:
    """The history stays as short as the longer window."""
    kept = remember(PUBLISHED, history((300.1, 9), (300.0, 8), (70.0, 7)), NOW_S, 3)
    assert kept == (*history((300.0, 8), (70.0, 7)), Recommended(NOW_S, 3))
