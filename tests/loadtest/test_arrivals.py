"""Arrivals by plan and spacing: as many as planned, scattered as said, the same each time."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_loadtest.load.arrivals import Arrivals, make_arrivals
from asr_loadtest.load.arrivals.process import PlannedArrivals
from asr_loadtest.load.arrivals.shapes import Flat
from asr_loadtest.load.arrivals.spacing import EvenSpacing, GammaSpacing, PoissonSpacing

SPACINGS = {
    "constant": {},
    "poisson": {},
    "gamma": {"shape": 0.25},
}
CHANGING = {
    "ramp": {"base_rps": 2, "rate_rps": 40, "over_s": 300},
    "step": {"steps": [[5, 100], [0, 50], [40, 100], [10, 200]]},
    "burst": {"rate_rps": 60, "on_s": 10, "off_s": 30},
    "diurnal": {"base_rps": 0, "rate_rps": 40, "period_s": 150},
}


def gaps_of(arrivals: Arrivals, count: int) -> list[float]:
    """The first *count* gaps, in seconds."""
    instants = (each.at_s for each in itertools.islice(arrivals.instants(), count + 1))
    return [after - before for before, after in itertools.pairwise(instants)]


def counts_in(arrivals: Arrivals, width_s: float, until_s: float) -> list[int]:
    """How many arrivals each window holds."""
    counts = [0] * math.ceil(until_s / width_s)
    for each in itertools.takewhile(lambda each: each.at_s < until_s, arrivals.instants()):
        counts[int(each.at_s // width_s)] += 1
    return counts


def test_constant_arrivals_come_at_multiples_of_the_gap_for_days() -> None:
    """The millionth arrival is where division puts it: no error adds up."""
    arrivals = make_arrivals("constant", rate_rps=3)
    first = [each.at_s for each in itertools.islice(arrivals.instants(), 3)]
    late = next(itertools.islice(arrivals.instants(), 1_000_000, None))
    assert (first, late.at_s) == ([0, 1 / 3, 2 / 3], 1_000_000 / 3)


def test_constant_arrivals_within_a_duration_are_rate_times_duration() -> None:
    """The arrival at the very end is not in it."""
    arrivals = make_arrivals("constant", rate_rps=2, duration_s=20)
    assert [each.index for each in arrivals.instants()] == list(range(40))


@pytest.mark.parametrize(
    ("kind", "settings", "variation"),
    [
        ("poisson", {}, 1.0),
        ("gamma", {"shape": 0.25}, 2.0),
        ("gamma", {"shape": 1.0}, 1.0),
        ("gamma", {"shape": 16.0}, 0.25),
    ],
)
def test_gaps_have_the_mean_and_the_variation_of_their_law(kind, settings, variation) -> None:
    """Mean 1 / rate, deviation over mean 1 / sqrt(shape)."""
    count = 50_000
    gaps_s = gaps_of(make_arrivals(kind, rate_rps=20, seed=7, **settings), count)
    error = 4 * variation / math.sqrt(count)
    assert fmean(gaps_s) * 20 == pytest.approx(1.0, abs=error)
    assert stdev(gaps_s) / fmean(gaps_s) == pytest.approx(variation, rel=0.03)


def test_poisson_gaps_are_exponential() -> None:
    """As many gaps exceed x as exp(-x) says (Kolmogorov-Smirnov, 1 in 1000)."""
    count = 20_000
    gaps = sorted(gap_s * 20 for gap_s in gaps_of(make_arrivals("poisson", rate_rps=20), count))
    distances = [abs((rank + 0.5) / count + math.expm1(-gap)) for rank, gap in enumerate(gaps)]
    assert max(distances) < 1.95 / math.sqrt(count)


def test_poisson_counts_vary_as_much_as_they_are() -> None:
    """In windows of any place, variance equals mean; evenly spaced ones would vary by nothing."""
    counts = counts_in(make_arrivals("poisson", rate_rps=10, seed=3), 1.0, 5000.0)
    assert stdev(counts) ** 2 / fmean(counts) == pytest.approx(1.0, abs=4 * math.sqrt(2 / 5000))


@pytest.mark.parametrize("shape", [0.1, 0.25, 4.0])
def test_gamma_arrivals_are_as_planned_from_the_first_second_on(shape) -> None:
    """No cluster and no pause is owed to the start: over seeds, the first window is as planned."""
    firsts = [
        counts_in(make_arrivals("gamma", rate_rps=2, shape=shape, seed=seed), 1.0, 1.0)[0]
        for seed in range(4000)
    ]
    error = 4 * stdev(firsts) / math.sqrt(len(firsts))
    assert fmean(firsts) == pytest.approx(2.0, abs=error)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("kind", CHANGING)
def test_changing_rates_are_followed_by_every_spacing(kind, spacing) -> None:
    """In every window of 10 s the count is the planned one, within its chance."""
    settings = {**CHANGING[kind], **SPACINGS[spacing]}
    arrivals = make_arrivals(kind, spacing=spacing, seed=11, duration_s=450, **settings)
    variation = {"constant": 0.0, "poisson": 1.0, "gamma": 2.0}[spacing]
    for window, count in enumerate(counts_in(arrivals, 10.0, 450.0)):
        planned = arrivals.expected(10.0 * (window + 1)) - arrivals.expected(10.0 * window)
        # One arrival more or less may fall to either side of each edge.
        assert count == pytest.approx(planned, abs=1 + 4.5 * variation * math.sqrt(planned))


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("kind", CHANGING)
def test_total_is_the_analytic_count(kind, spacing) -> None:
    """Over many seeds, as many come as the integral of the rate says."""
    settings = {**CHANGING[kind], **SPACINGS[spacing]}
    totals = []
    for seed in range(40):
        arrivals = make_arrivals(kind, spacing=spacing, seed=seed, duration_s=200, **settings)
        totals.append(sum(1 for _ in arrivals.instants()))
    error = 1 + 4 * stdev(totals) / math.sqrt(len(totals))
    assert fmean(totals) == pytest.approx(arrivals.expected(200), abs=error)


@pytest.mark.parametrize("kind", ["poisson", "gamma"])
def test_same_seed_gives_the_same_arrivals_and_another_one_others(kind) -> None:
    """Nothing but the seed decides, and asking again begins again."""
    shape = SPACINGS[kind]
    first = make_arrivals(kind, rate_rps=9, duration_s=50, seed=5, **shape)
    again = make_arrivals(kind, rate_rps=9, duration_s=50, seed=5, **shape)
    other = make_arrivals(kind, rate_rps=9, duration_s=50, seed=6, **shape)
    assert list(first.instants()) == list(again.instants()) == list(first.instants())
    assert list(first.instants()) != list(other.instants())


def test_poisson_arrivals_of_a_seed_never_change() -> None:
    """A seed noted in a report gives the same load in every version: these values are for ever."""
    arrivals = make_arrivals("poisson", rate_rps=1, seed=1)
    assert [round(each.at_s, 9) for each in itertools.islice(arrivals.instants(), 3)] == [
        0.144291064,
        2.02444733,
        3.467416255,
    ]


@given(
    kind=st.sampled_from(sorted(CHANGING)),
    spacing=st.sampled_from(sorted(SPACINGS)),
    seed=st.integers(0, 2**63),
)
def test_arrivals_ascend_and_are_numbered_without_gaps(kind, spacing, seed) -> None:
    """Instants never go back, all are within the duration, and indices count from 0."""
    settings = {**CHANGING[kind], **SPACINGS[spacing]}
    made = list(
        make_arrivals(kind, spacing=spacing, seed=seed, duration_s=60, **settings).instants()
    )
    instants_s = [each.at_s for each in made]
    assert instants_s == sorted(instants_s)
    assert all(0 <= at_s < 60 for at_s in instants_s)
    assert [each.index for each in made] == list(range(len(made)))


def test_nothing_arrives_while_the_rate_is_zero() -> None:
    """An even arrival that falls due at the start of a pause comes at its end."""
    arrivals = make_arrivals("step", spacing="constant", steps=[[2, 1], [0, 5], [2, 1]])
    assert [each.at_s for each in arrivals.instants()] == [0.0, 0.5, 6.0, 6.5]


def test_arrivals_stop_where_the_rate_falls_to_nothing() -> None:
    """A ramp down to 0 has no end of its own, but a last arrival."""
    falling = make_arrivals("ramp", spacing="constant", base_rps=10, rate_rps=0, over_s=10)
    assert sum(1 for _ in falling.instants()) == 50


class Trembling(Flat):
    """A plan that wants all at once, and whose inverse falls by rounding."""

    def instant_of(self, count: float) -> float:
        """Give 1, less a bit more each time."""
        return 1.0 - 1e-15 * count


def test_rounding_does_not_swap_arrivals() -> None:
    """Those that are almost at once come in their order."""
    instants = PlannedArrivals(Trembling(1.0), EvenSpacing(), 0).instants()
    assert [each.at_s for each in itertools.islice(instants, 3)] == [1.0, 1.0, 1.0]


def test_arrivals_are_never_held() -> None:
    """They are made one by one: memory does not grow with their number."""
    instants = make_arrivals("poisson", rate_rps=1000).instants()
    next(instants)
    tracemalloc.start()
    for _each in itertools.islice(instants, 200_000):
        pass
    _now, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 10_000


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        (EvenSpacing(), "constant, 20 req/s"),
        (PoissonSpacing(), "Poisson, 20 req/s"),
        (GammaSpacing(0.25), "gamma (shape 0.25), 20 req/s"),
    ],
)
def test_description_names_spacing_and_rate(spacing, words) -> None:
    """It stands in the head of reports."""
    assert PlannedArrivals(Flat(20.0), spacing, 0).describe() == words
