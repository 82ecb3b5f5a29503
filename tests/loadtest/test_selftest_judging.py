"""Expected against found: values in, words out."""

from __future__ import annotations

from typing import Any

from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.load.samples import Sample
from asr_loadtest.selftest.evidence import Evidence
from asr_loadtest.selftest.expectations import (
    Expectation,
    asks_fewer_than,
    bound_by,
    counted_as_by_triton,
    exits,
    good_between,
    has_outcome,
    keeps_secrets,
    measures_nothing,
    observes,
    p99_below,
    p99_between,
    refused_as_by_gateway,
    reports_p99_of_samples,
    slowest_above,
)
from asr_loadtest.selftest.judging import Judgement, ScenarioResult, judge
from asr_loadtest.selftest.places import LockedGateway
from asr_loadtest.selftest.scenario import Trial
from asr_loadtest.selftest.table import as_fields, as_table, summary

LATE = {"severity": "invalid", "name": "lag", "words": "the generator was late"}


def ok(response_s: float) -> Sample:
    """A good reply."""
    return Sample(index=0, intended_s=1.0, outcome="ok", sent_s=1.0, done_s=1.0 + response_s)


def evidence(exit_code: int = 0, **known: Any) -> Evidence:
    """What a load test left: a hundred replies in 10 ms to 1 s, and a report that says so."""
    report = {
        "verdict": {"binding": "server", "findings": known.pop("findings", [])},
        "latency": {"response": {"p99_s": known.pop("p99_s", 0.99)}},
        "load": {"good_rps": 40.0},
        "server": {"reconciliation": {"server": known.pop("served", 100)}},
    }
    samples = tuple(ok(number / 100) for number in range(1, 101))
    return Evidence(exit_code=exit_code, **{"report": report, "samples": samples, **known})


def trial(*expects: Expectation) -> Trial:
    """A load test of which this is expected."""
    return Trial(name="one", stage=LockedGateway(), options=(), lasts_s=1.0, expects=expects)


def held(expectation: Expectation, found: Evidence) -> tuple[str, bool]:
    """What is found, and whether it is as expected."""
    look = expectation.look(found)
    return look.found, look.holds


def test_figures_are_held_against_bounds() -> None:
    """Bounds of the report's own figures, and of the raw samples."""
    found = evidence()
    assert held(p99_between(0.9, 1.0), found) == ("0.990 s", True)
    assert held(p99_between(1.0, 2.0), found) == ("0.990 s", False)
    assert held(p99_below(0.5), found) == ("0.990 s", False)
    assert held(slowest_above(0.9), found) == ("1.000 s", True)
    assert held(good_between(32, 44), found) == ("40.0 a second", True)
    assert held(asks_fewer_than(100), found) == ("100 requests", False)


def test_reported_p99_is_held_against_the_samples() -> None:
    """A report that is 1 % off is right, one that is 5 % off is not."""
    assert held(reports_p99_of_samples(), evidence(p99_s=0.985)) == ("0.51% apart", True)
    assert held(reports_p99_of_samples(), evidence(p99_s=0.94)) == ("5.05% apart", False)


def test_counts_are_held_against_those_of_others() -> None:
    """One more or less is not the same."""
    refused = evidence(observed={"refused": 1})
    assert held(counted_as_by_triton(), evidence()) == ("100 here, 100 there", True)
    assert held(counted_as_by_triton(), evidence(served=99)) == ("100 here, 99 there", False)
    assert held(counted_as_by_triton(), evidence(served=None)) == (
        "100 here, not known there",
        False,
    )
    assert held(refused_as_by_gateway(), refused) == ("0 here, 1 there", False)


def test_classes_and_bounds_are_found_by_name() -> None:
    """What did not happen is said with what did."""
    assert held(has_outcome("ok"), evidence()) == ("100 ok", True)
    assert held(has_outcome("overloaded"), evidence()) == ("100 ok", False)
    assert held(bound_by("server"), evidence()) == ("bound by the server", True)
    assert held(exits(ExitCode.MET), evidence(3)) == ("exit 3 (invalid)", False)
    assert held(exits(ExitCode.MET), evidence(-9)) == ("exit -9", False)
    share = observes("share", 0.4, 0.6, expected="near half", shows="{:.0%}")
    assert held(share, evidence(observed={"share": 0.7})) == ("70%", False)


def test_secrets_are_named_by_their_place() -> None:
    """Never by what they are."""
    assert held(keeps_secrets(), evidence()) == ("nowhere", True)
    assert held(keeps_secrets(), evidence(leaks=("run.json",))) == ("in run.json", False)


def test_load_test_that_left_nothing_meets_no_figure() -> None:
    """No report, no samples: only that nothing was measured is right."""
    nothing = Evidence(exit_code=5)
    figures = [p99_between(0, 9), reports_p99_of_samples(), slowest_above(0), good_between(0, 9)]
    assert [held(each, nothing) for each in figures] == [("no figure", False)] * 4
    assert held(has_outcome("ok"), nothing) == ("no request", False)
    assert held(bound_by("none"), nothing) == ("nobody named", False)
    assert held(counted_as_by_triton(), nothing) == ("0 here, not known there", False)
    assert held(asks_fewer_than(9), nothing) == ("0 requests", False)
    assert held(measures_nothing(), nothing) == ("0 requests", True)


def test_busy_machine_is_told_from_a_wrong_figure() -> None:
    """By what the load test says of its generator, or by the CPU time that everybody used."""
    wanted = trial(p99_below(0.5))
    assert judge(wanted, evidence()).word == "wrong"
    assert judge(wanted, evidence(findings=[LATE])).word == "machine too busy"
    assert judge(wanted, evidence(findings=[LATE])).why == "the generator was late"
    assert judge(wanted, evidence(machine_busy=0.95)).word == "machine too busy"
    assert judge(wanted, evidence(machine_busy=0.8)).word == "wrong"


def test_right_figure_is_right_on_a_busy_machine() -> None:
    """The machine excuses what does not hold; it does not take back what does."""
    assert judge(trial(p99_below(1.0)), evidence(machine_busy=1.0)).word == "holds"


def test_wrong_figure_tells_the_error_that_was_logged() -> None:
    """It is where to look first."""
    judgement = judge(trial(exits(ExitCode.MET)), evidence(2, error="no host is named"))
    assert (judgement.word, judgement.why) == ("wrong", "no host is named")


def test_scenario_is_as_good_as_its_worst_load_test() -> None:
    """A wrong figure outweighs a machine that was too busy for another."""
    words = ("holds", "machine too busy", "could not run", "wrong")
    gravest = [
        ScenarioResult("s", "", tuple(Judgement("t", word) for word in words[:count]), 1.0).word
        for count in range(1, 5)
    ]
    assert gravest == list(words)


def test_table_has_a_line_for_each_expectation() -> None:
    """Names are said once; what is behind a word stands below it."""
    wrong = judge(trial(exits(ExitCode.MET), bound_by("server")), evidence(2, error="no host"))
    results = (ScenarioResult("stall", "it is seen", (wrong,), 2.0),)
    assert as_table(results).splitlines() == [
        "scenario  load test  expected             found                verdict",
        "--------  ---------  -------------------  -------------------  -------",
        "stall     one        exit 0 (met)         exit 2               WRONG",
        "                     bound by the server  bound by the server  holds",
        "                                          no host",
    ]
    assert summary(results) == "1 of 1 scenarios do not hold: stall: wrong (2 s)"
    assert as_fields(results)["holds"] is False
