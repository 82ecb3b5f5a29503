"""The watched cluster in a run's report: what it makes of the verdict, and what is advised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from asr_loadtest.cluster.kubernetes.sightings import DeploymentSeen, HpaSeen, Sighting
from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.verdict import Verdict
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from asr_loadtest.report.assessment import Assessment, assess
from asr_loadtest.report.autoscaler_assessment import assess_autoscaler, with_autoscaler
from asr_loadtest.report.load_seen import load_seen
from synthetic_run import synthetic_run
from trace_timeline import load_trace, trace_sightings

SLO = Slo.default()
NOTHING = tally_of(())


def sightings(name: str) -> list[Sighting]:
    """What a watcher saw of a recording from its beginning on."""
    return [each for each in trace_sightings(load_trace(name)) if each.at_s >= 0]


def too_fast() -> list[Sighting]:
    """A recording in which the first step goes to 5, and not to the 3 that its rates allow."""
    return [_leapt(each) for each in sightings("window-up-0")]


def _leapt(seen: Sighting) -> Sighting:
    if isinstance(seen, DeploymentSeen) and seen.replicas == 3:
        return replace(seen, replicas=5)
    if isinstance(seen, HpaSeen) and seen.desired == 3:
        return replace(seen, desired=5)
    return seen


def assessed(cluster: Sequence[Sighting], speed: float) -> Assessment:
    """A run whose servers queue, beside a cluster."""
    run = synthetic_run(duration_s=30.0)
    tally = tally_of(run.samples, is_good=SLO.is_good, warm_up_s=run.info.warm_up_s)
    info = replace(run.info, cluster_speed=speed)
    return assess(info, tally, SLO, run.health, run.pods, sightings=cluster)


def test_nobody_watched_is_no_section() -> None:
    """Without a cluster the document has none, and the verdict is the load's alone."""
    assert assessed((), 1.0).document["autoscaler"] is None


@pytest.mark.parametrize("code", [code for code in ExitCode if code is not ExitCode.NOT_READY])
def test_broken_rule_outranks_all_but_a_target_that_was_not_ready(code: ExitCode) -> None:
    """It was seen in the cluster, whatever the load was worth; the load's verdict is still said."""
    found = assess_autoscaler(too_fast(), NOTHING, 1.0)
    assert found is not None
    verdict = with_autoscaler(Verdict(exit_code=code, headline="as it was"), found)
    assert verdict.exit_code is ExitCode.AUTOSCALER_BROKEN
    assert verdict.headline.startswith("the autoscaler broke a rule (scale up rate")
    assert verdict.headline.endswith("; as it was")


def test_target_that_was_not_ready_stays_so() -> None:
    """Then nothing was measured, and the first thing to mend is that."""
    found = assess_autoscaler(too_fast(), NOTHING, 1.0)
    assert found is not None
    verdict = Verdict(exit_code=ExitCode.NOT_READY, headline="not ready")
    assert with_autoscaler(verdict, found) == verdict


def test_rules_that_held_change_nothing() -> None:
    """A verdict beside a cluster that kept its rules is the load's own."""
    found = assess_autoscaler(sightings("step-up"), NOTHING, 1.0)
    assert found is not None
    verdict = Verdict(exit_code=ExitCode.MISSED, headline="missed")
    assert with_autoscaler(verdict, found) == verdict


def test_queue_that_no_metric_sees_is_found_from_the_servers_counters() -> None:
    """CPU stays at 36 % of its request while requests wait: the HPA is blind for this load."""
    findings = assessed(sightings("outage"), 1.0).document["autoscaler"]["findings"]
    assert "blind_signal" in {each["name"] for each in findings}


def test_servers_are_not_held_against_a_cluster_that_is_played() -> None:
    """Its recorded pods never had this load."""
    played = [replace(each, at_s=each.at_s / 20) for each in sightings("outage")]
    findings = assessed(played, 20.0).document["autoscaler"]["findings"]
    assert "blind_signal" not in {each["name"] for each in findings}


def _sample(at_s: float, *, is_ok: bool = True) -> Sample:
    return Sample(
        index=int(at_s * 10),
        intended_s=at_s,
        sent_s=at_s,
        done_s=at_s + 0.1,
        outcome="ok" if is_ok else "timeout",
        audio_s=1.0,
    )


def test_load_is_told_in_the_cluster_s_seconds() -> None:
    """Low, high from 10 to 20 s, low again; what failed from 12 on for 2 s is a violation."""
    low = [_sample(float(n)) for n in (*range(10), *range(20, 30))]
    high = [_sample(10 + n / 10, is_ok=not 20 <= n < 40) for n in range(100)]
    seen = load_seen(tally_of([*low, *high]), 2.0)
    assert seen.rises_s == pytest.approx(20.0, abs=6)
    assert seen.falls_s == pytest.approx(40.0, abs=6)
    ((from_s, until_s),) = seen.violations
    assert (from_s, until_s) == (24.0, 30.0)
    assert sum(count for _, count in seen.failures) == 20


def test_load_falls_with_the_run_at_the_latest() -> None:
    """What comes after the last arrival is no load."""
    seen = load_seen(tally_of([_sample(n / 10) for n in range(100)]), 1.0)
    assert (seen.rises_s, seen.falls_s) == (0.0, 10.0)


def test_spec_that_cannot_be_read_leaves_the_load_its_verdict() -> None:
    """A metric of a kind that is not known costs the autoscaler's section, and says so."""
    strange = [
        replace(each, spec={**each.spec, "metrics": [{"type": "Moon"}]})
        if isinstance(each, HpaSeen)
        else each
        for each in sightings("step-up")
    ]
    document = assessed(strange, 1.0).document
    assert document["autoscaler"] is None
    assert document["verdict"]["result"]
    assert any("the autoscaler is not judged" in note for note in document["notes"])
