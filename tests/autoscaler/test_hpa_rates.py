"""Rate policies: how far one step goes, alone and within their periods."""

from __future__ import annotations

import pytest

from asr_loadtest.autoscaler.hpa.rates import (
    Step,
    down_limit,
    note_step,
    up_limit,
    up_limit_without_behavior,
)
from asr_loadtest.autoscaler.hpa.spec import Policy, ScalingRules
from hpa_cases import PUBLISHED

NOW_S = 1000.0


def rules(*policies: Policy, select: str = "Max") -> ScalingRules:
    """Give rules of these policies."""
    return ScalingRules(0.0, policies, select)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("current", "limit"), [(1, 3), (2, 4), (3, 5), (4, 6), (5, 8), (9, 14), (20, 30), (400, 600)]
)
def test_published_rate_up_is_two_pods_until_half_is_more(current: int, limit: int) -> None:
    """50 % is rounded up; two pods win up to four."""
    assert up_limit(PUBLISHED.up, current, (), NOW_S) == limit


@pytest.mark.parametrize(
    ("current", "limit"),
    [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (10, 9), (14, 12), (20, 18), (1100, 990)],
)
def test_published_rate_down_is_truncated(current: int, limit: int) -> None:
    """10 % of ten pods or fewer is one pod; of 14 it is two, for 12.6 is truncated."""
    assert down_limit(PUBLISHED.down, current, (), NOW_S) == limit


def test_half_of_one_pod_is_one() -> None:
    """Up is rounded up: else one pod would stay alone for ever."""
    half = rules(Policy("Percent", 50, 60.0))
    assert [up_limit(half, each, (), NOW_S) for each in (1, 2, 3, 4)] == [2, 3, 5, 6]


@pytest.mark.parametrize(("select", "limit"), [("Max", 7), ("Min", 6), ("Disabled", 5)])
def test_select_policy_up(select: str, limit: int) -> None:
    """The biggest change, the smallest, or none."""
    policies = Policy("Pods", 2, 60.0), Policy("Percent", 10, 60.0)
    assert up_limit(rules(*policies, select=select), 5, (), NOW_S) == limit


@pytest.mark.parametrize(("select", "limit"), [("Max", 10), ("Min", 18), ("Disabled", 20)])
def test_select_policy_down(select: str, limit: int) -> None:
    """On the way down the biggest change is the lowest end."""
    policies = Policy("Pods", 2, 60.0), Policy("Percent", 50, 60.0)
    assert down_limit(rules(*policies, select=select), 20, (), NOW_S) == limit


def test_what_was_added_within_the_period_counts() -> None:
    """Two of three pods came just now: the base is one, and the limit is reached."""
    assert up_limit(PUBLISHED.up, 3, (Step(NOW_S - 59.9, 2),), NOW_S) == 3


def test_what_is_as_old_as_the_period_counts_no_more() -> None:
    """The period's end is outside: after 60 s another two may come."""
    assert up_limit(PUBLISHED.up, 3, (Step(NOW_S - 60.0, 2),), NOW_S) == 5


def test_what_was_removed_within_the_period_gives_room_up() -> None:
    """The base has the pods that are gone, and so does the limit."""
    assert up_limit(PUBLISHED.up, 3, (Step(NOW_S - 30.0, -2),), NOW_S) == 8


def test_what_was_added_within_the_period_gives_room_down() -> None:
    """5 of which 2 are new: the base is 3, and 2 may be left."""
    assert down_limit(PUBLISHED.down, 5, (Step(NOW_S - 30.0, 2),), NOW_S) == 2


def test_each_policy_has_its_own_period() -> None:
    """A step that the short period forgot still counts in the long one."""
    both = rules(Policy("Pods", 2, 30.0), Policy("Pods", 3, 120.0), select="Min")
    assert up_limit(both, 5, (Step(NOW_S - 60.0, 2),), NOW_S) == 6


def test_no_limit_leads_back() -> None:
    """More was done than is allowed: nothing moves, until it is forgotten."""
    assert up_limit(PUBLISHED.up, 9, (Step(NOW_S - 1.0, 8),), NOW_S) == 9
    assert down_limit(PUBLISHED.down, 2, (Step(NOW_S - 1.0, -8),), NOW_S) == 2


def test_without_policies_nothing_moves() -> None:
    """The API server lets none through; who makes such rules gets no error."""
    assert up_limit(rules(), 3, (), NOW_S) == 3
    assert down_limit(rules(), 3, (), NOW_S) == 3


@pytest.mark.parametrize(("current", "limit"), [(1, 4), (2, 4), (3, 6), (10, 20)])
def test_without_behavior_a_step_doubles(current: int, limit: int) -> None:
    """Twice as many, or four."""
    assert up_limit_without_behavior(current) == limit


def test_a_step_takes_the_place_of_the_last_that_is_outlived() -> None:
    """Of its own direction: others, and earlier ones, stay for the other direction's periods."""
    steps = Step(0.0, 1), Step(10.0, 2), Step(20.0, -1)
    assert note_step(PUBLISHED.up, steps, Step(100.0, 3)) == (
        Step(0.0, 1),
        Step(100.0, 3),
        Step(20.0, -1),
    )


def test_a_step_that_is_not_outlived_stays() -> None:
    """At the very period's age a step is still there, though no policy counts it."""
    assert note_step(PUBLISHED.up, (Step(40.0, 1),), Step(100.0, 3)) == (
        Step(40.0, 1),
        Step(100.0, 3),
    )


def test_a_step_is_outlived_when_the_longest_period_is_over() -> None:
    """The short policy has forgotten it, the long one has not."""
    both = rules(Policy("Pods", 2, 30.0), Policy("Pods", 3, 120.0))
    assert note_step(both, (Step(0.0, 1),), Step(60.0, 3)) == (Step(0.0, 1), Step(60.0, 3))
    assert note_step(both, (Step(0.0, 1),), Step(121.0, 3)) == (Step(121.0, 3),)
