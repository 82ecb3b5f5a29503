"""What a run showed of the autoscaler, and what that makes of the run's verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from asr_loadtest.autoscaler.advise import Sample, advise_timeline
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, parse_hpa_spec
from asr_loadtest.autoscaler.verdict import AutoscalerVerdict, judge_autoscaler
from asr_loadtest.cluster.kubernetes.sightings import Sighting
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.verdict import Verdict
from asr_loadtest.load.tally import Tally
from asr_loadtest.report.load_seen import load_seen

__all__ = ["AutoscalerAssessment", "assess_autoscaler", "with_autoscaler"]

# How far apart, in our seconds, the news of one change may reach us over several connections.
_APART_S = 0.1
_LEAST_SLACK_S = 1.0
_REMEDY = "look at the controller's log, and at who else changes the Deployment's replicas"


@dataclass(frozen=True, slots=True)
class AutoscalerAssessment:
    """
    What a run showed of the autoscaler.

    Attributes:
        timeline: What the cluster did, in its own seconds.
        spec: What its HPA declares.
        verdict: Each of its rules.
        findings: What will go wrong.
        speed: Seconds of the cluster in one of the run's.
    """

    timeline: ClusterTimeline
    spec: HpaSpec
    verdict: AutoscalerVerdict
    findings: tuple[Finding, ...]
    speed: float


def assess_autoscaler(
    sightings: Iterable[Sighting], tally: Tally, speed: float, servers: Sample | None = None
) -> AutoscalerAssessment | None:
    """
    Judge the autoscaler; None if none was seen.

    Args:
        sightings: By the run's time.
        tally: What came of the requests.
        speed: Seconds of the cluster in one of the run's.
        servers: How they did under the load, by their own counters.
    """
    timeline = ClusterTimeline(replace(each, at_s=each.at_s * speed) for each in sightings)
    seen = timeline.last_hpa
    if seen is None:
        return None
    spec = parse_hpa_spec(seen.spec)
    slack_s = max(_LEAST_SLACK_S, _APART_S * speed)
    verdict = judge_autoscaler(timeline, spec, load=load_seen(tally, speed), slack_s=slack_s)
    findings = advise_timeline(timeline, spec, servers=servers)
    return AutoscalerAssessment(timeline, spec, verdict, findings, speed)


def with_autoscaler(verdict: Verdict, assessed: AutoscalerAssessment) -> Verdict:
    """Put a broken rule above all but a target that was not ready."""
    broken = assessed.verdict.in_state("broken")
    if not broken or verdict.exit_code is ExitCode.NOT_READY:
        return verdict
    names = ", ".join(rule.name.replace("_", " ") for rule in broken)
    return replace(
        verdict,
        exit_code=ExitCode.AUTOSCALER_BROKEN,
        headline=f"the autoscaler broke a rule ({names}): {broken[0].words}; {verdict.headline}",
        remedies=(_REMEDY, *verdict.remedies),
    )
