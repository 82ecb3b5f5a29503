"""Whether the warm-up was over when judging began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.criteria import judge
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.judgement.warm_up import check_warm_up, settling_of
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from simulated_load import BatchServer, evenly, health, poisson, run_of


def responding(response_s: Callable[[float], float], seconds: float = 60.0) -> list[Sample]:
    """Give 20 requests a second whose response time is a function of when they start."""
    return [
        replace(each, done_s=each.intended_s + response_s(each.intended_s))
        for each in evenly(round(20 * seconds), rate_rps=20)
    ]


def cold(at_s: float) -> float:
    """Slow at first: half a second, and back to normal within ten."""
    return 0.1 + 0.4 * max(1 - at_s / 10, 0)


def found(samples: list[Sample], slo: Slo, warm_up_s: float = 0.0) -> list[Finding]:
    """Check a run's warm-up."""
    tally = tally_of(samples, is_good=slo.is_good, warm_up_s=warm_up_s)
    run = run_of(samples, warm_up_s=warm_up_s)
    return list(
        check_warm_up(
            Case(tally=tally, slo=slo, run=run, readings=health(), criteria=judge(slo, tally))
        )
    )


def direction(samples: list[Sample], warm_up_s: float = 0.0) -> str | None:
    """Tell where latency went."""
    settling = settling_of(tally_of(samples, warm_up_s=warm_up_s))
    return None if settling is None else settling.direction


def test_cold_start_is_seen_until_the_warm_up_covers_it() -> None:
    """Judging from the start finds latency falling; from the tenth second on, steady."""
    assert direction(responding(cold)) == "falling"
    assert direction(responding(cold), warm_up_s=10.0) == "steady"


def test_filling_queue_is_rising() -> None:
    """A run that begins with an empty queue flatters."""
    assert direction(responding(lambda at_s: 0.1 + 0.4 * min(at_s / 10, 1))) == "rising"


def test_small_differences_do_not_matter() -> None:
    """A tenth is no warm-up, however certain it is."""
    assert direction(responding(lambda at_s: 0.11 if at_s < 5 else 0.1)) == "steady"


def test_slow_stretches_later_make_a_slow_beginning_ordinary() -> None:
    """What happens again and again is no warm-up."""
    assert direction(responding(lambda at_s: 0.5 if at_s % 20 < 6 else 0.1)) == "steady"


@pytest.mark.parametrize("seed", range(10))
def test_chance_is_no_warm_up(seed: int) -> None:
    """At four fifths of its ceiling a queue wanders; that is not taken for settling."""
    server = BatchServer()
    samples = server.answer(poisson(0.8 * server.ceiling_rps, 60.0, seed))
    assert direction(samples) == "steady"


@pytest.mark.parametrize(
    "samples",
    [
        responding(cold, seconds=10.0),
        evenly(40, rate_rps=1),
        [
            replace(each, outcome="rate_limited") if each.intended_s > 3 else each
            for each in responding(cold)
        ],
    ],
    ids=["short", "few", "refused"],
)
def test_settling_is_not_known_without_a_normal(samples: list[Sample]) -> None:
    """Short runs, few arrivals, hardly a good reply: nothing to compare with."""
    assert direction(samples) is None


def test_cold_start_takes_a_missed_run_its_worth_only() -> None:
    """What was kept in spite of it is kept; what was missed may be missed because of it."""
    kept, missed = Slo(Limits(p99_s=1.0)), Slo(Limits(p99_s=0.3))
    [caveat] = found(responding(cold), kept)
    [invalid] = found(responding(cold), missed)
    assert (caveat.severity, invalid.severity) == ("caveat", "invalid")
    assert "slower than the last half" in invalid.words
    assert found(responding(cold), missed, warm_up_s=10.0) == []


def test_cold_start_excuses_no_failures() -> None:
    """A tenth of all requests fails throughout: that is missed, however latency went."""
    failing = [
        replace(each, outcome="server_error") if each.index % 10 == 0 else each
        for each in responding(cold)
    ]
    [caveat] = found(failing, Slo.default())
    assert caveat.severity == "caveat"


def test_fast_beginning_is_a_caveat_of_what_was_kept() -> None:
    """It flatters; where the SLO was missed all the same, waiting longer is no advice."""
    filling = responding(lambda at_s: 0.1 + 0.4 * min(at_s / 10, 1))
    [caveat] = found(filling, Slo(Limits(p99_s=1.0)))
    assert caveat.severity == "caveat"
    assert "faster than the last half" in caveat.words
    assert found(filling, Slo(Limits(p99_s=0.3))) == []
