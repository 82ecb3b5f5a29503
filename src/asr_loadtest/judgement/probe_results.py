"""A probe's run, as the search needs it."""

from __future__ import annotations

from asr_loadtest.judgement.criteria import Criterion
from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.judgement.measures import error_rate
from asr_loadtest.judgement.search_values import Probe, ProbeResult
from asr_loadtest.judgement.steadiness import carried_rps
from asr_loadtest.judgement.verdict import Verdict
from asr_loadtest.load.tally import Tally

__all__ = ["probe_result"]

# A backlog that grows by more than this share of what is offered, or so many refusals or errors:
# no bad moment does that.
_CLEAR = 0.1


def probe_result(probe: Probe, tally: Tally, verdict: Verdict) -> ProbeResult:
    """
    Make the result of *probe* from its tally and what `verdict.conclude` said of it.

    A target that is not ready makes it invalid; whoever runs the search may as well end it.
    """
    is_valid = verdict.exit_code not in (ExitCode.INVALID, ExitCode.NOT_READY)
    has_failed = is_valid and verdict.exit_code is not ExitCode.MET
    return ProbeResult(
        rate_rps=probe.rate_rps,
        achieved_rps=carried_rps(tally),
        passed=verdict.exit_code is ExitCode.MET,
        valid=is_valid,
        bound=verdict.binding,
        p99_s=tally.all.response.quantile(0.99),
        is_clear=has_failed and (_sinks(verdict.criteria) or _fails(tally)),
        words=verdict.headline,
    )


def _sinks(criteria: tuple[Criterion, ...]) -> bool:
    return any(
        criterion.name == "kept_up" and (criterion.measured or 0.0) < 1 - _CLEAR
        for criterion in criteria
    )


def _fails(tally: Tally) -> bool:
    overloaded = tally.all.outcomes["overloaded"] / tally.all.sent if tally.all.sent else 0.0
    return error_rate(tally.all) > _CLEAR or overloaded > _CLEAR
