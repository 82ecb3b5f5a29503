"""`--asr-search`: measurement after measurement, until the highest rate within the SLO is known."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

from asr_loadtest.engine.leading.ending import Ending
from asr_loadtest.engine.leading.parts import check_steady, conclude_parts, measure_part
from asr_loadtest.engine.measuring.conduct import Conductor
from asr_loadtest.engine.planning.plan import Plan
from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.judgement.probe_results import probe_result
from asr_loadtest.judgement.search import Search
from asr_loadtest.judgement.search_values import Probe, ProbeResult, SearchAnswer, SearchSettings
from asr_loadtest.report.line_files import write_whole

__all__ = ["search_limit"]

_HEADER = f"{'req/s':>10}{'carried':>10}{'p99 ms':>10}  verdict"


def search_limit(conductor: Conductor, plan: Plan) -> Ending:
    """
    Search, and write what was found beside the folders of the probes.

    Raises:
        ConfigError: If the plan has no single rate to search from.
        ASRError: If a probe cannot begin.
    """
    check_steady(plan, "a search")
    search = Search(SearchSettings.for_slo(plan.slo, **_settings(plan)))
    for number in itertools.count(1):
        probe = search.next_probe()
        if probe is None:
            break
        result = _measure(conductor, plan, probe, number)
        if conductor.ended_by:
            break  # half a probe is none
        search.tell(result)
    return _ending(plan, search.answer())


def _ending(plan: Plan, answer: SearchAnswer) -> Ending:
    write_whole(plan.folder / "search.json", json.dumps(answer.to_fields(), indent=1) + "\n")
    words = answer.words if answer.probes else "ended before its first probe: nothing is known"
    table = "\n".join([_HEADER, *map(_row, answer.probes)])
    return conclude_parts(plan, "search", table, words, _exit_code(answer))


def _exit_code(answer: SearchAnswer) -> ExitCode:
    """Found is met; else what kept the search from finding anything."""
    if answer.bound_by == "gateway":
        return ExitCode.GATEWAY_LIMITED
    if not answer.probes:
        return ExitCode.INVALID
    if not answer.rate_rps:
        return ExitCode.INVALID if answer.bound_by == "generator" else ExitCode.MISSED
    return ExitCode.MET


def _row(result: ProbeResult) -> str:
    verdict = "passed" if result.passed else "failed" if result.valid else "invalid"
    p99 = "-" if result.p99_s is None else f"{result.p99_s * 1000:.0f}"
    achieved = "-" if result.achieved_rps is None else f"{result.achieved_rps:.2f}"
    return f"{result.rate_rps:>10.2f}{achieved:>10}{p99:>10}  {verdict:<8}{result.words}"


def _settings(plan: Plan) -> dict[str, float | int]:
    options = plan.options
    return {
        "start_rps": options.rate,
        "seed": options.seed,
        "tolerance": options.tolerance,
        "probe_s": options.probe_s,
    }


def _measure(conductor: Conductor, plan: Plan, probe: Probe, number: int) -> ProbeResult:
    options = replace(plan.options, rate=probe.rate_rps)
    part = measure_part(
        conductor,
        plan,
        f"probe-{number:02}-{probe.purpose}",
        options,
        probe.duration_s,
        salt=probe.seed - options.seed,
    )
    return probe_result(probe, part.measured.measurement.tally, part.assessment.verdict)
