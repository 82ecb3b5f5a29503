"""The highest rate within the SLO: by script, and by a server whose ceiling is arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_loadtest.judgement.probe_results import probe_result
from asr_loadtest.judgement.search import Search
from asr_loadtest.judgement.search_values import (
    Probe,
    ProbeResult,
    SearchAnswer,
    SearchSettings,
)
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.judgement.verdict import conclude
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from simulated_load import BatchServer, Stalls, evenly, health, poisson, run_of

Measure = Callable[[Probe], ProbeResult]


def passed(probe: Probe) -> ProbeResult:
    """The SLO was met."""
    return ProbeResult(rate_rps=probe.rate_rps, achieved_rps=probe.rate_rps, passed=True)


def failed(probe: Probe) -> ProbeResult:
    """It was missed, by the server."""
    return ProbeResult(rate_rps=probe.rate_rps, passed=False, bound="server", words="too slow")


def carries(limit_rps: float) -> Measure:
    """Give a system without noise."""
    return lambda probe: passed(probe) if probe.rate_rps <= limit_rps else failed(probe)


def run(measure: Measure, **settings: Any) -> SearchAnswer:
    """Search to the end."""
    search = Search(SearchSettings(**settings))
    while (probe := search.next_probe()) is not None:
        search.tell(measure(probe))
    return search.answer()


def rates(answer: SearchAnswer) -> list[float]:
    """Give the rates that were tried, in order."""
    return [result.rate_rps for result in answer.probes]


class Script:
    """Passes and failures at one rate, in order; elsewhere *otherwise*."""

    def __init__(self, rate_rps: float, results: str, otherwise: Measure) -> None:
        self.rate_rps = rate_rps
        self.results = list(results)
        self.otherwise = otherwise

    def __call__(self, probe: Probe) -> ProbeResult:
        if probe.rate_rps != self.rate_rps or not self.results:
            return self.otherwise(probe)
        return {"p": passed, "f": failed, "i": _invalid}[self.results.pop(0)](probe)


def _invalid(probe: Probe) -> ProbeResult:
    return ProbeResult(rate_rps=probe.rate_rps, passed=False, valid=False, words="lag p99 90 ms")


# --- the three phases


def test_search_expands_bisects_confirms() -> None:
    """Doubling to the first failure, halving the gap, and the best once more, twice."""
    answer = run(carries(37.0), start_rps=10.0)
    # Failures are looked at twice.
    assert rates(answer) == [10, 20, 40, 40, 30, 35, 37.5, 37.5, 36.25, 36.25, 36.25]
    assert (answer.low_rps, answer.high_rps, answer.confirmed) == (36.25, 37.5, True)
    assert answer.bound_by == "server"
    assert answer.words == (
        "36.2 req/s are carried within the SLO (confirmed), 37.5 req/s are not;"
        " bound by the server (too slow)"
    )


@given(
    limit_rps=st.floats(0.06, 9000),
    start_rps=st.floats(0.05, 10_000),
    tolerance=st.sampled_from([0.01, 0.05, 0.2]),
)
def test_search_without_noise_ends_within_its_tolerance(
    limit_rps: float, start_rps: float, tolerance: float
) -> None:
    """Wherever it starts, the truth lies between what passed and what failed."""
    answer = run(carries(limit_rps), start_rps=start_rps, tolerance=tolerance, most_probes=200)
    assert answer.high_rps is not None
    assert answer.low_rps <= limit_rps < answer.high_rps
    assert answer.high_rps <= answer.low_rps * (1 + tolerance) * (1 + 1e-9)
    assert (answer.confirmed, answer.rate_rps) == (True, answer.low_rps)


def test_search_halves_where_the_start_is_too_fast() -> None:
    """A start above the capacity is no reason to give up."""
    answer = run(carries(3.0), start_rps=20.0)
    assert rates(answer)[:7] == [20, 20, 10, 10, 5, 5, 2.5]
    assert 3.0 / 1.05 <= answer.rate_rps <= 3.0


def test_search_gives_up_where_nothing_passes() -> None:
    """Zero is an answer, too."""
    answer = run(carries(0.0), start_rps=1.0, least_rps=0.4)
    assert rates(answer) == [1, 1, 0.5, 0.5, 0.4, 0.4]
    assert (answer.rate_rps, answer.confirmed) == (0.0, False)
    assert answer.words.startswith("not even 0.4 req/s are carried within the SLO; bound by the")


def test_search_ends_at_its_highest_rate() -> None:
    """What was never seen to fail is said to be carried at least."""
    answer = run(carries(1e9), start_rps=10.0, most_rps=50.0)
    assert rates(answer) == [10, 20, 40, 50, 50, 50]
    assert (answer.high_rps, answer.confirmed, answer.bound_by) == (None, True, "none")
    assert answer.words == (
        "50 req/s are carried within the SLO (confirmed), no higher rate was tried"
    )


# --- noise


@pytest.mark.parametrize(
    ("results", "is_carried", "probes"),
    [("p", True, 1), ("ff", False, 2), ("fpp", True, 3), ("fpf", False, 3), ("ipp", True, 2)],
)
def test_rate_is_condemned_by_two_of_three(results: str, is_carried: bool, probes: int) -> None:
    """One bad moment condemns nothing; neither does one probe that was none."""
    answer = run(Script(20.0, results, carries(25.0)), start_rps=10.0, tolerance=0.5)
    assert rates(answer)[1 : 1 + probes] == [20.0] * probes
    assert rates(answer)[1 + probes] == (40.0 if is_carried else 15.0)


def test_clear_failure_needs_no_second_look() -> None:
    """A server that drowns does not do so by chance."""
    answer = run(
        lambda probe: (
            passed(probe) if probe.rate_rps < 30 else replace(failed(probe), is_clear=True)
        ),
        start_rps=10.0,
        tolerance=0.5,
    )
    assert rates(answer)[:4] == [10, 20, 40, 30]


def test_best_that_is_not_confirmed_is_given_up_for_less() -> None:
    """Short probes were lucky; longer ones are not, until a step lower."""

    def lucky(probe: Probe) -> ProbeResult:
        limit_rps = 38.0 if probe.purpose == "confirm" else 40.0
        return carries(limit_rps)(probe)

    answer = run(lucky, start_rps=40.0, tolerance=0.04)
    assert answer.confirmed
    assert 38.0 / 1.04 <= answer.low_rps <= 38.0 < (answer.high_rps or 0.0)


def test_confirmation_takes_two_of_three() -> None:
    """One failure among the confirmations is borne."""
    answer = run(Script(20.0, "p" + "fpp", carries(20.0)), start_rps=20.0, tolerance=0.5)
    assert rates(answer) == [20, 40, 40, 30, 30, 20, 20, 20]
    assert (answer.rate_rps, answer.confirmed) == (20.0, True)


def test_search_ends_after_its_most_probes() -> None:
    """With what it has, and says so."""
    answer = run(carries(37.0), start_rps=10.0, most_probes=5)
    assert (len(answer.probes), answer.low_rps, answer.high_rps) == (5, 30.0, 40.0)
    assert not answer.confirmed
    assert "not confirmed" in answer.words
    assert "it ended after 5 probes" in answer.words


# --- who binds


def test_generator_binds_where_probes_stay_invalid() -> None:
    """One invalid probe is repeated; two are the generator's limit, and the search goes below."""

    def generator_ends_at_25(probe: Probe) -> ProbeResult:
        return passed(probe) if probe.rate_rps < 25 else _invalid(probe)

    answer = run(generator_ends_at_25, start_rps=10.0)
    assert answer.bound_by == "generator"
    assert 25 / 1.05 <= answer.rate_rps < 25
    assert answer.words.endswith("bound by the generator (lag p99 90 ms)")


def test_gateway_ends_the_search() -> None:
    """A limit that refuses says nothing of the servers: at least what passed."""

    def gateway_at_30(probe: Probe) -> ProbeResult:
        return passed(probe) if probe.rate_rps < 30 else replace(failed(probe), bound="gateway")

    answer = run(gateway_at_30, start_rps=10.0)
    assert rates(answer) == [10, 20, 40]
    assert (answer.bound_by, answer.high_rps, answer.confirmed) == ("gateway", None, False)
    assert answer.words == (
        "the gateway's limit ended the search: backend capacity unknown, at least 20 req/s"
        " (too slow)"
    )


def test_answer_s_bound_is_that_of_the_nearest_failure() -> None:
    """Far above, the generator gives out; just above, the server does."""

    def system(probe: Probe) -> ProbeResult:
        return _invalid(probe) if probe.rate_rps > 70 else carries(50.0)(probe)

    assert run(system, start_rps=40.0).bound_by == "server"


# --- probes


def test_probe_stays_until_its_result_is_told() -> None:
    """Asking twice is asking once; telling too much is a mistake."""
    search = Search(SearchSettings(start_rps=10.0, most_rps=10.0, confirmations=1))
    first = search.next_probe()
    assert first is not None
    assert search.next_probe() == first
    search.tell(passed(first))
    second = search.next_probe()
    assert second is not None
    search.tell(passed(second))
    assert search.next_probe() is None
    with pytest.raises(ValueError, match="the search is over"):
        search.tell(passed(first))


def test_probes_last_as_long_as_their_arrivals_take() -> None:
    """Slow rates take longer, confirmations twice as long; each has arrivals of its own."""
    probes: list[Probe] = []

    def note(probe: Probe) -> ProbeResult:
        probes.append(probe)
        return passed(probe)

    run(note, start_rps=5.0, most_rps=40.0, probe_s=10.0, probe_arrivals=100, seed=7)
    assert [(probe.rate_rps, probe.duration_s) for probe in probes] == [
        (5.0, 20.0),
        (10.0, 10.0),
        (20.0, 10.0),
        (40.0, 10.0),
        (40.0, 20.0),
        (40.0, 20.0),
    ]
    assert [probe.seed for probe in probes] == [7, 8, 9, 10, 11, 12]


def test_probes_are_long_enough_for_the_slo() -> None:
    """A p99 takes 381 good replies, and chance some more arrivals."""
    assert SearchSettings.for_slo(Slo(Limits(p99_s=1.0))).probe_arrivals == 438
    assert SearchSettings.for_slo(Slo.default()).probe_arrivals == 300
    assert SearchSettings.for_slo(Slo.default(), probe_arrivals=50).probe_arrivals == 50


@pytest.mark.parametrize(
    "settings",
    [
        {"start_rps": 0.0},
        {"start_rps": 20.0, "most_rps": 10.0},
        {"start_rps": 1.0, "least_rps": 2.0},
        {"tolerance": 0.0},
        {"tolerance": float("nan")},
        {"probe_s": 5.0},
        {"confirm_factor": 0.5},
        {"confirmations": 0},
        {"most_probes": 0},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    """At once, before any load."""
    with pytest.raises(ConfigError):
        SearchSettings(**settings)


# --- a probe's result


def result_of(samples: list[Sample], slo: Slo, probe: Probe, **known: Any) -> ProbeResult:
    """Judge what a probe left behind."""
    tally = tally_of(samples, is_good=slo.is_good)
    verdict = conclude(tally, slo, run_of(samples, rate_rps=probe.rate_rps, **known), health(60))
    return probe_result(probe, tally, verdict)


def test_result_of_a_probe_that_passed() -> None:
    """Rate asked, rate carried, latency."""
    slo, probe = Slo(Limits(p99_s=0.4)), Probe(50.0, 10.0, 1, "expand")
    result = result_of(evenly(500), slo, probe)
    assert (result.passed, result.valid, result.rate_rps) == (True, True, 50.0)
    assert result.achieved_rps == pytest.approx(50, rel=0.02)
    assert result.p99_s == pytest.approx(0.1, rel=0.01)


def test_result_of_a_probe_that_drowned_is_clear() -> None:
    """Its backlog grew by a fifth of the load, or a third was refused; a slow p99 is not clear."""
    slo, probe = Slo.default(), Probe(48.0, 30.0, 1, "expand")
    arrivals = poisson(48.0, 30.0, 1)
    assert result_of(BatchServer(queue=None).answer(arrivals), slo, probe).is_clear
    assert result_of(BatchServer(queue=64).answer(poisson(60.0, 30.0, 1)), slo, probe).is_clear
    slow = result_of(evenly(500, response_s=0.5), Slo(Limits(p99_s=0.4)), probe)
    assert (slow.passed, slow.valid, slow.bound, slow.is_clear) == (False, True, "server", False)


def test_result_of_an_invalid_probe_is_no_failure() -> None:
    """It was no measurement."""
    late = [replace(each, sent_s=each.intended_s + 0.3) for each in evenly(500)]
    result = result_of(late, Slo.default(), Probe(50.0, 10.0, 1, "expand"))
    assert (result.passed, result.valid, result.bound) == (False, False, "generator")


def test_result_of_a_refused_probe_names_the_gateway() -> None:
    """So that the search ends there."""
    samples = [*evenly(400), *evenly(100, outcome="rate_limited")]
    result = result_of(samples, Slo.default(), Probe(50.0, 10.0, 1, "expand"))
    assert (result.passed, result.valid, result.bound) == (False, True, "gateway")


# --- against the analytic capacity of `asr_slow`: 8 clips in 50 ms + 8 x 20 ms


def search_server(
    server: BatchServer, slo: Slo, seed: int, stalls: float = 0.0, **settings: Any
) -> SearchAnswer:
    """Search a simulated server with Poisson arrivals; *stalls* is the share of bad batches."""

    def measure(probe: Probe) -> ProbeResult:
        bad = Stalls(stalls, 1.0, probe.seed) if stalls else None
        samples = server.answer(poisson(probe.rate_rps, probe.duration_s, probe.seed), bad)
        return result_of(samples, slo, probe, duration_s=probe.duration_s)

    settings = SearchSettings.for_slo(slo, start_rps=10.0, seed=1000 * seed, **settings)
    search = Search(settings)
    while (probe := search.next_probe()) is not None:
        search.tell(measure(probe))
    return search.answer()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("queue", [64, None])
def test_search_finds_the_ceiling_within_five_percent(queue: int | None, seed: int) -> None:
    """38.1 req/s, with a bounded queue that refuses and an endless one that only grows."""
    server = BatchServer(queue=queue)
    answer = search_server(server, Slo(Limits(p99_s=2.0, refusal_rate=0.01)), seed)
    assert server.ceiling_rps == pytest.approx(38.1, abs=0.01)
    assert answer.confirmed
    assert answer.bound_by == "server"
    assert answer.rate_rps == pytest.approx(server.ceiling_rps, rel=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_search_finds_the_ceiling_without_any_latency_limit(seed: int) -> None:
    """An endless queue never refuses: that its backlog grows is all there is to see."""
    server = BatchServer(queue=None)
    answer = search_server(server, Slo.default(), seed)
    assert answer.rate_rps == pytest.approx(server.ceiling_rps, rel=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_search_bears_bad_moments(seed: int) -> None:
    """One batch in 500 takes a second longer: a probe in four or so has such a moment."""
    server = BatchServer(queue=64)
    slo = Slo(Limits(p99_s=2.0, refusal_rate=0.01))
    answer = search_server(server, slo, seed, stalls=0.002)
    # Stalls of a second take one percent of the capacity, too.
    assert answer.rate_rps == pytest.approx(server.ceiling_rps * 0.99, rel=0.05)


@pytest.mark.parametrize("p99_s", [0.6, 1.0])
def test_tight_latency_lies_below_the_ceiling_by_theory(p99_s: float) -> None:
    """Waiting that 1 % exceed lies about 2.3 / wait below it; a batch takes its time besides."""
    server = BatchServer(queue=None)
    below_rps = 2.3 / (p99_s - 0.21)
    found = [
        search_server(server, Slo(Limits(p99_s=p99_s)), seed, probe_s=60.0).rate_rps
        for seed in range(3)
    ]
    assert sum(found) / 3 == pytest.approx(server.ceiling_rps - below_rps, rel=0.05)
