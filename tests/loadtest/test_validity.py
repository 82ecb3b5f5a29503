"""Whether a run measured what it was to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.criteria import judge
from asr_loadtest.judgement.findings import Finding, Severity
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.judgement.steadiness import backlog_of, carried_rps
from asr_loadtest.judgement.validity import check_validity
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import WorkerInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from simulated_load import BatchServer, evenly, health, poisson, run_of

SLO = Slo(Limits(p99_s=0.4, error_rate=0.01, refusal_rate=0.01))


def findings(
    samples: Sequence[Sample],
    slo: Slo = SLO,
    readings: Sequence[GeneratorReading] | None = None,
    **run: Any,
) -> tuple[Finding, ...]:
    """Check a run; its generator was at ease unless *readings* say otherwise."""
    tally = tally_of(samples, is_good=slo.is_good, warm_up_s=run.get("warm_up_s", 0.0))
    case = Case(
        tally=tally,
        slo=slo,
        run=run_of(samples, **run),
        readings=health() if readings is None else readings,
        criteria=judge(slo, tally),
    )
    return check_validity(case)


def severities(found: Sequence[Finding]) -> dict[str, Severity]:
    """Give what was found, and how grave it is."""
    return {finding.name: finding.severity for finding in found}


def late(samples: Sequence[Sample], lag_s: float, every: int = 1) -> list[Sample]:
    """Send each *every*-th of them late."""
    return [
        replace(each, sent_s=each.intended_s + lag_s) if each.index % every == 0 else each
        for each in samples
    ]


def test_sound_run_has_no_findings() -> None:
    """Nothing speaks against a run that went by its plan."""
    assert findings(evenly(500)) == ()


@pytest.mark.parametrize(
    ("slo", "lag_s", "severity"),
    [
        (SLO, 0.019, None),  # 5 % of 400 ms are 20 ms
        (SLO, 0.021, "invalid"),
        (Slo(Limits(p99_s=0.4), {"hi": Limits(p50_s=0.1)}), 0.006, "invalid"),
        (Slo.default(), 0.049, None),
        (Slo.default(), 0.052, "invalid"),
    ],
)
def test_lag_is_held_against_the_tightest_latency(
    slo: Slo, lag_s: float, severity: Severity | None
) -> None:
    """What the generator adds must be small beside what is measured."""
    samples = late(evenly(500, language="hi"), lag_s)
    assert severities(findings(samples, slo)).get("lag") == severity


def test_rare_lag_is_nobody_s_p99() -> None:
    """One late request of two hundred is no reason to throw a run away."""
    assert findings(late(evenly(1000), 0.2, every=200)) == ()


def test_lag_tells_its_limit_and_why() -> None:
    """Words and figures say the same."""
    [found] = findings(late(evenly(500), 0.1))
    assert found.words.startswith("the generator was late: lag p99 100 ms, at most 20 ms (5 % of")
    assert found.figures["limit_s"] == pytest.approx(0.02)
    assert found.remedy


@pytest.mark.parametrize(("busy", "severity"), [(0.84, None), (0.86, "invalid")])
def test_cpu_of_the_busiest_worker_counts(busy: float, severity: Severity | None) -> None:
    """One process out of breath spoils its share of the load."""
    readings = [*health(20), *health(20, worker=1, cpu_share=busy)]
    assert severities(findings(evenly(500), readings=readings)).get("cpu") == severity


def test_cpu_of_the_warm_up_does_not_count() -> None:
    """Starting is work that is not measured."""
    readings = [replace(each, cpu_share=1.0) if each.at_s < 5 else each for each in health(10)]
    assert severities(findings(evenly(800), readings=readings, warm_up_s=5.0)) == {}


def test_missing_readings_are_a_caveat() -> None:
    """Not knowing is not the same as being fine."""
    assert severities(findings(evenly(500), readings=[])) == {"no_readings": "caveat"}


def test_stalls_are_a_caveat_when_short_and_invalid_when_they_add_up() -> None:
    """An event loop that stands still for 1 % of the time makes the p99 its own."""
    once = [*health(9), *health(1, stall_s=0.3)]
    often = health(10, stall_s=0.3)
    samples = evenly(5000)
    assert severities(findings(samples, readings=once)) == {"stalls": "caveat"}
    assert severities(findings(samples, readings=often)) == {"stalls": "invalid"}
    assert severities(findings(samples, readings=health(10, stall_s=0.09))) == {}


def test_not_sent_is_invalid_above_one_percent() -> None:
    """A run that did not offer its load measured another load."""
    few = [*evenly(995), *evenly(5, outcome="not_sent")]
    many = [*evenly(980), *evenly(20, outcome="not_sent")]
    assert findings(few) == ()
    assert severities(findings(many)) == {"not_sent": "invalid"}


def test_not_sent_is_a_caveat_where_even_less_load_was_too_much() -> None:
    """A missed SLO stays missed if more load had been offered, unless the generator was late."""
    samples = [*evenly(980, response_s=5.0), *evenly(20, outcome="not_sent")]
    assert severities(findings(samples))["not_sent"] == "caveat"
    assert severities(findings(late(samples, 0.1)))["not_sent"] == "invalid"


def test_lost_worker_is_invalid() -> None:
    """Its share was not offered, or nobody knows what came of it."""
    workers = (WorkerInfo(0, "a", 500), WorkerInfo(1, "b-7", 0, "lost"))
    [found] = findings(evenly(500), workers=workers)
    assert (found.name, found.severity) == ("workers_lost", "invalid")
    assert "1 of 2 workers were lost (b-7)" in found.words


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        (500, {}),
        (503, {"records_missing": "caveat"}),
        (520, {"records_missing": "invalid"}),
        (480, {"records_in_excess": "invalid"}),
        (None, {}),
    ],
)
def test_records_must_be_as_many_as_arrivals(
    offered: int | None, expected: dict[str, Severity]
) -> None:
    """Each arrival leaves one record."""
    assert severities(findings(evenly(500), offered=offered)) == expected


def test_warm_up_counts_among_the_records() -> None:
    """What is not judged was offered all the same."""
    assert findings(evenly(800), warm_up_s=5.0, offered=800) == ()


def test_run_that_was_ended_early_is_invalid() -> None:
    """Half a plan is another plan; a slow schedule's last arrival is no early end."""
    samples = evenly(500)
    assert severities(findings(samples, duration_s=20.0, ended_by="signal")) == {
        "cut_short": "invalid"
    }
    assert findings(samples, duration_s=10.5, ended_by="signal") == ()
    assert findings(samples, duration_s=20.0, ended_by="plan") == ()


def test_too_few_samples_keep_a_run_from_passing() -> None:
    """A limit that was not decided was not kept."""
    [found] = findings(evenly(100))
    assert (found.name, found.severity) == ("too_few_samples", "invalid")
    assert "it takes 381" in found.words


def test_too_few_samples_hide_no_miss() -> None:
    """If nearly all fail there are few good replies: that is the target's doing."""
    samples = [*evenly(100), *evenly(400, outcome="timeout", response_s=30.0)]
    assert severities(findings(samples))["too_few_samples"] == "caveat"


def test_run_within_its_warm_up_has_no_samples() -> None:
    """Nothing is left to judge."""
    assert severities(findings(evenly(500), warm_up_s=60.0))["no_samples"] == "invalid"


def test_closed_loop_is_a_standing_caveat() -> None:
    """Its figures are what they are, and whoever reads them must know."""
    [found] = findings(evenly(500), loop="closed", offered=None)
    assert (found.name, found.severity) == ("closed_loop", "caveat")
    assert "coordinated omission" in found.words


def test_gravest_findings_come_first() -> None:
    """The headline takes the first."""
    samples = late([*evenly(980), *evenly(20, outcome="not_sent")], 0.1)
    assert [each.severity for each in findings(samples, loop="closed")] == [
        "invalid",
        "invalid",
        "caveat",
    ]


# --- whether the system kept up


@pytest.mark.parametrize("seed", range(5))
def test_backlog_of_a_system_that_keeps_up_does_not_grow(seed: int) -> None:
    """At four fifths of the ceiling a queue goes up and down, and nowhere."""
    server = BatchServer(queue=None)
    samples = server.answer(poisson(0.8 * server.ceiling_rps, 60.0, seed))
    backlog = backlog_of(tally_of(samples))
    assert backlog is not None
    assert not backlog.is_growing


@pytest.mark.parametrize("seed", range(5))
def test_backlog_beyond_the_ceiling_grows_by_the_difference(seed: int) -> None:
    """Of 1.25 times the ceiling, four fifths are completed."""
    server = BatchServer(queue=None)
    samples = server.answer(poisson(1.25 * server.ceiling_rps, 60.0, seed))
    backlog = backlog_of(tally_of(samples))
    assert backlog is not None
    assert backlog.is_growing
    assert backlog.completed_share == pytest.approx(0.8, abs=0.06)
    assert carried_rps(tally_of(samples)) == pytest.approx(server.ceiling_rps, rel=0.02)


def test_stall_is_no_growth() -> None:
    """Two seconds in which nothing moves, near the end, are made up for."""
    stuck = [
        replace(each, done_s=17.1) if 15 <= each.intended_s < 17 else each
        for each in evenly(2000, rate_rps=100)
    ]
    backlog = backlog_of(tally_of(stuck))
    assert backlog is not None
    assert not backlog.is_growing


@pytest.mark.parametrize("response_s", [0.1, 2.0, 5.0])
def test_filling_an_empty_system_is_no_growth(response_s: float) -> None:
    """Requests that take long pile up until the first are done, and no further."""
    backlog = backlog_of(tally_of(evenly(1000, response_s=response_s)))
    assert backlog is not None
    assert (backlog.completed_share, backlog.is_growing) == (1.0, False)


def test_backlog_is_unknown_where_nothing_ended_in_the_first_third() -> None:
    """Whether a system that is still filling will keep up, nobody can tell."""
    assert backlog_of(tally_of(evenly(1000, response_s=9.0))) is None


def test_full_queue_that_refuses_is_no_growing_backlog() -> None:
    """What is refused has ended; it counts as refused."""
    server = BatchServer(queue=64)
    backlog = backlog_of(tally_of(server.answer(poisson(2 * server.ceiling_rps, 60.0, 1))))
    assert backlog is not None
    assert not backlog.is_growing


@pytest.mark.parametrize(
    "samples",
    [
        evenly(500, rate_rps=100),  # five seconds
        evenly(90, rate_rps=5),  # few arrivals
        [
            replace(each, intended_s=at_s, sent_s=at_s, done_s=at_s + 0.1)
            for n, each in enumerate(evenly(1000))
            for at_s in [60 * (n / 1000) ** 0.5]  # a ramp from nothing
        ],
        [],
    ],
    ids=["short", "few", "ramp", "none"],
)
def test_backlog_is_judged_for_a_steady_load_alone(samples: list[Sample]) -> None:
    """Where load rises by plan, so may the backlog."""
    assert backlog_of(tally_of(samples)) is None


def test_growing_backlog_misses_an_slo_without_latencies() -> None:
    """A short run of an overloaded server fails nothing yet; it is not green."""
    server = BatchServer(queue=None)
    samples = server.answer(poisson(1.25 * server.ceiling_rps, 20.0, 1))
    criteria = judge(Slo.default(), tally_of(samples))
    assert [each.name for each in criteria if each.met is False] == ["kept_up"]
    assert criteria[-1].words.startswith("completed 8")
    assert criteria[-1].words.endswith("requests and would go on growing")
