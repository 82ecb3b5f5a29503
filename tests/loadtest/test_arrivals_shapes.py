"""Rate plans: the integral is that of the rate, and the inverse is its inverse."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_loadtest.load.arrivals.diurnal import Diurnal
from asr_loadtest.load.arrivals.shapes import Bursts, Flat, Ramp, RatePlan, Steps

PLANS: dict[str, RatePlan] = {
    "flat": Flat(3.0),
    "ramp up": Ramp(1.0, 20.0, 40.0),
    "ramp up from 0": Ramp(0.0, 20.0, 40.0),
    "ramp down": Ramp(20.0, 2.0, 40.0),
    "ramp down to 0": Ramp(20.0, 0.0, 80.0),
    "level ramp": Ramp(5.0, 5.0, 40.0),
    "nearly level ramp": Ramp(5.0, 5.0 + 1e-12, 40.0),
    "steps": Steps.of([(2.0, 10.0), (7.0, 20.0), (1.0, 50.0)]),
    "steps with pauses": Steps.of([(0.0, 5.0), (3.0, 10.0), (0.0, 5.0), (0.5, 60.0), (0.0, 9.0)]),
    "bursts": Bursts.of(20.0, 3.0, 0.0, 7.0),
    "bursts above a base": Bursts.of(20.0, 3.0, 0.7, 7.0),
    "day": Diurnal(1.0, 10.0, 30.0),
    "day with a dead night": Diurnal(0.0, 10.0, 30.0),
    "day without a night": Diurnal(4.0, 4.0, 30.0),
}

rates = st.floats(0.01, 1000.0)
lengths = st.floats(0.1, 5000.0)
plans = st.one_of(
    st.builds(Flat, rates),
    st.builds(Ramp, rates | st.just(0.0), rates, lengths),
    st.builds(Ramp, rates, rates | st.just(0.0), lengths),
    st.lists(st.tuples(rates, lengths), min_size=1, max_size=6).map(Steps.of),
    st.builds(Bursts.of, rates, lengths, rates | st.just(0.0), lengths),
    st.builds(
        lambda low, more, period_s: Diurnal(low, low + more, period_s),
        rates | st.just(0.0),
        rates,
        lengths,
    ),
)


@pytest.mark.parametrize("name", PLANS)
def test_count_is_the_integral_of_the_rate(name) -> None:
    """Added up in small steps, the rate gives the count, anywhere."""
    plan, width_s, added = PLANS[name], 0.005, 0.0
    for place in range(int(75 / width_s)):
        added += plan.rate_at((place + 0.5) * width_s) * width_s
        if place % 500 == 499:
            assert plan.count_by((place + 1) * width_s) == pytest.approx(added, abs=0.1)


@pytest.mark.parametrize("name", PLANS)
def test_instant_is_where_the_count_is_reached(name) -> None:
    """Going to the instant of a count and counting there gives the count."""
    plan = PLANS[name]
    for place in range(2000):
        count = place / 2000 * plan.count_by(75.0)
        assert plan.count_by(plan.instant_of(count)) == pytest.approx(count, abs=1e-9)


@given(plan=plans, share=st.floats(0.0, 0.999))
def test_instant_is_where_the_count_is_reached_for_any_plan(plan, share) -> None:
    """As above, whatever the rates and lengths."""
    count = share * plan.count_by(1000.0)
    at_s = plan.instant_of(count)
    assert plan.count_by(at_s) == pytest.approx(count, rel=1e-9, abs=1e-6)


@given(plan=plans, shares=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=20))
def test_instants_ascend_with_their_counts(plan, shares) -> None:
    """A later arrival is never earlier, beyond rounding."""
    counts = sorted(share * plan.count_by(1000.0) for share in shares)
    instants_s = [plan.instant_of(count) for count in counts]
    for before_s, after_s in itertools.pairwise(instants_s):
        assert after_s >= before_s * (1 - 1e-9)


@pytest.mark.parametrize("name", PLANS)
def test_rate_and_count_are_zero_before_the_start(name) -> None:
    """A plan begins at 0."""
    assert (PLANS[name].rate_at(-1.0), PLANS[name].count_by(-1.0)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("plan", "total"),
    [(PLANS["steps"], 210.0), (PLANS["steps with pauses"], 60.0), (PLANS["ramp down to 0"], 800.0)],
)
def test_counts_beyond_the_plan_never_come(plan, total) -> None:
    """What the plan has no room for has no instant."""
    assert math.isfinite(plan.instant_of(total - 1e-6))
    assert (plan.instant_of(total), plan.instant_of(total + 1)) == (math.inf, math.inf)


def test_count_at_a_pause_is_reached_at_its_end() -> None:
    """Of all instants with that count, the one that may have an arrival."""
    plan = PLANS["steps with pauses"]
    assert (plan.instant_of(0.0), plan.instant_of(30.0)) == (5.0, 20.0)


def test_steps_hold_their_left_edge() -> None:
    """At an edge the next step's rate holds, and none at the end."""
    plan = PLANS["steps"]
    assert [plan.rate_at(t_s) for t_s in (0.0, 9.99, 10.0, 30.0, 80.0)] == [2, 2, 7, 1, 0]


def test_day_has_its_night_at_the_start_and_its_peak_half_way() -> None:
    """And the mean in the morning and in the evening."""
    plan = PLANS["day"]
    rates_rps = [plan.rate_at(t_s) for t_s in (0.0, 7.5, 15.0, 22.5, 30.0)]
    assert rates_rps == pytest.approx([1.0, 5.5, 10.0, 5.5, 1.0])


def test_dead_night_is_left_without_delay() -> None:
    """Where the rate starts at 0, the first arrivals solve a cubic: t^3 rises like their count."""
    plan = Diurnal(0.0, 10.0, 86400.0)
    for count in (1e-12, 1e-6, 1.0):
        cubic_s = (6 * count / (5.0 * (math.tau / 86400) ** 2)) ** (1 / 3)
        assert plan.instant_of(count) == pytest.approx(cubic_s, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "mean_rps", "duration_s"),
    [
        ("flat", 3.0, None),
        ("ramp up", 20.0, None),
        ("steps", 210 / 80, 80.0),
        ("bursts above a base", 6.49, None),
        ("day", 5.5, None),
    ],
)
def test_mean_and_duration_are_those_of_the_plan(name, mean_rps, duration_s) -> None:
    """In the long run, where it does not end."""
    assert PLANS[name].mean_rps == pytest.approx(mean_rps)
    assert PLANS[name].duration_s == duration_s


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ramp up", "ramp from 1 to 20 req/s over 40 s"),
        ("steps", "steps of 2 7 1 req/s over 80 s"),
        ("bursts above a base", "bursts of 20 req/s for 3 s, then 0.7 for 7 s"),
        ("day", "diurnal, 1 to 10 req/s in days of 30 s"),
    ],
)
def test_description_says_the_plan_in_a_line(name, words) -> None:
    """With its rates and times."""
    assert PLANS[name].describe() == words


def test_description_of_many_steps_is_cut_short() -> None:
    """A hundred steps do not fill a report's head."""
    plan = Steps.of([(float(rate), 1.0) for rate in range(100)])
    assert plan.describe() == "steps of 0 1 2 3 4 5 6 7 ... req/s over 100 s"
