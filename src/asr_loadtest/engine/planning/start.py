"""Before the start: what the target tells, and whether the plan makes sense there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from asr_client.auth.key import read_key_file
from asr_loadtest.engine.planning.plan import Plan
from asr_loadtest.engine.planning.survey import Survey, survey
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.preflight import PlannedLoad, Scouted, check_start
from asr_loadtest.judgement.verdict import Verdict, refuse_start

__all__ = ["Start", "look_before"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """
    What was found before the start.

    Attributes:
        found: What the target told.
        findings: What was thought of it.
        refusal: Why the test does not start; None if it does.
    """

    found: Survey
    findings: tuple[Finding, ...]
    refusal: Verdict | None


def look_before(plan: Plan) -> Start:
    """
    Look at the target, and hold the plan against what it tells.

    Raises:
        ASRError: If the target cannot be reached, refuses the key, or has no such model.
    """
    options = plan.options
    found = survey(plan.host, options)
    keys = len(read_key_file(options.api_key_file).keys) if options.spread_keys else 1
    scouted = Scouted(
        is_ready=found.is_ready,
        ready_says=found.trouble,
        key="accepted",  # else the survey would have raised what it was refused with
        quotas=found.quotas if options.preflight != "off" else (),
        keys=keys,
    )
    findings = check_start(scouted, _load_of(plan))
    if options.preflight != "stop":
        findings = tuple(_as_warning(finding) for finding in findings)
    for finding in findings:
        if finding.severity == "warn":
            _log.warning("%s", finding.words)
    return Start(replace(found, keys=keys), findings, refuse_start(findings))


def _load_of(plan: Plan) -> PlannedLoad:
    arrivals, duration_s = plan.schedule.arrivals, plan.schedule.duration_s
    if arrivals is None:
        return PlannedLoad(rate_rps=None, duration_s=duration_s)
    return PlannedLoad(rate_rps=arrivals.mean_rate_rps, duration_s=duration_s)


def _as_warning(finding: Finding) -> Finding:
    is_limit = finding.name == "rate_limit" and finding.severity == "stop"
    return replace(finding, severity="warn") if is_limit else finding
