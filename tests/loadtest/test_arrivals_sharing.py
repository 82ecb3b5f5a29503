"""A schedule split over workers, and cut: nothing is lost, nothing comes twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals import Arrivals, limit, make_arrivals, share_of
from asr_loadtest.load.arrivals.replay import ReplayedArrivals
from asr_loadtest.load.arrivals.trace import parse_trace

TRACE = parse_trace(
    "day.csv", ["at_s,audio", *(f"{place * 0.37},clip{place}" for place in range(99))]
)

# Each makes a schedule of one kind from a seed.
EVERY_KIND: dict[str, Callable[[int], Arrivals]] = {
    "constant": lambda seed: make_arrivals("constant", rate_rps=7, seed=seed),
    "poisson": lambda seed: make_arrivals("poisson", rate_rps=7, seed=seed),
    "gamma": lambda seed: make_arrivals("gamma", rate_rps=7, shape=0.3, seed=seed),
    "ramp": lambda seed: make_arrivals("ramp", rate_rps=9, over_s=30, seed=seed),
    "step": lambda seed: make_arrivals("step", steps=[[3, 9], [0, 9], [8, 30]], seed=seed),
    "burst": lambda seed: make_arrivals("burst", rate_rps=20, on_s=2, off_s=5, seed=seed),
    "diurnal": lambda seed: make_arrivals("diurnal", rate_rps=20, period_s=30, seed=seed),
    "replay": lambda _seed: ReplayedArrivals.of(TRACE, 1.3),
}


@given(
    kind=st.sampled_from(sorted(EVERY_KIND)),
    seed=st.integers(0, 2**32),
    workers=st.integers(1, 7),
    duration_s=st.floats(0.5, 40.0),
)
def test_any_number_of_workers_offers_the_very_same_schedule(
    kind, seed, workers, duration_s
) -> None:
    """Their shares, put together, are what one worker alone would send."""
    alone = list(limit(EVERY_KIND[kind](seed), duration_s).instants())
    together = [
        each
        for worker in range(workers)
        for each in share_of(limit(EVERY_KIND[kind](seed), duration_s), worker, workers)
    ]
    assert sorted(together, key=lambda each: each.index) == alone


def test_shares_differ_by_one_arrival_at_most() -> None:
    """No worker gets more to do than another."""
    arrivals = make_arrivals("poisson", rate_rps=7, duration_s=60)
    sizes = [sum(1 for _ in share_of(arrivals, worker, 5)) for worker in range(5)]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(("worker", "workers"), [(2, 2), (-1, 2), (0, 0)])
def test_share_of_nobody_is_a_mistake(worker, workers) -> None:
    """A worker that is not among them would send nothing, and nobody would know."""
    with pytest.raises(ValueError, match="there is no worker"):
        share_of(make_arrivals("constant", rate_rps=1), worker, workers)


@given(kind=st.sampled_from(sorted(EVERY_KIND)), duration_s=st.floats(0.5, 60.0))
def test_cut_schedule_is_the_beginning_of_the_whole_one(kind, duration_s) -> None:
    """All that comes before the cut, and nothing else."""
    whole, cut = EVERY_KIND[kind](4), limit(EVERY_KIND[kind](4), duration_s)
    made = list(cut.instants())
    for each, expected in zip(made, whole.instants(), strict=False):
        assert each == expected
    assert all(each.at_s < duration_s for each in made)


def test_cut_schedule_tells_of_its_part_only() -> None:
    """Rates, counts and means end where it does."""
    whole = make_arrivals("ramp", rate_rps=10, over_s=100)
    cut = limit(whole, 50)
    assert (cut.duration_s, cut.mean_rate_rps, cut.expected(1e6)) == (50, 2.5, 125)
    assert (cut.rate_at(49), cut.rate_at(50), whole.rate_at(50)) == (4.9, 0, 5)
    assert cut.describe() == whole.describe()


def test_cut_beyond_the_end_changes_nothing() -> None:
    """Three seconds of steps are three seconds."""
    arrivals = make_arrivals("step", steps=[[1, 3]])
    assert limit(arrivals, 10) is arrivals


@pytest.mark.parametrize("duration_s", [0, -1, float("nan"), float("inf")])
def test_cut_at_no_time_is_refused(duration_s) -> None:
    """A duration is a positive number."""
    with pytest.raises(ConfigError, match="duration_s must be"):
        limit(make_arrivals("constant", rate_rps=1), duration_s)


def test_shipped_trace_is_split_like_any_other() -> None:
    """Recordings and languages go along with their arrivals."""
    path = Path(__file__).parents[2] / "loadtest" / "profiles" / "replay.csv"
    arrivals = make_arrivals("replay", trace=path)
    odd = list(share_of(arrivals, 1, 2))
    assert odd == list(arrivals.instants())[1::2]
    assert odd[0].clip == "en-slt-thanks.flac"
