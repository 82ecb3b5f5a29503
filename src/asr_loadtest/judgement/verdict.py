"""A run in one sentence and one exit code, and everything that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from asr_loadtest.judgement.binding import Binding, Constraint, find_binding, gateway_share
from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.criteria import Criterion, judge
from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.readiness import why_not_ready
from asr_loadtest.judgement.server_signs import NO_SIGNS, ServerSigns
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.units import percent
from asr_loadtest.judgement.validity import check_validity
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.tally import Tally

__all__ = ["Verdict", "conclude", "refuse_start"]

_REMEDIES: dict[Constraint, str] = {
    "gateway": "have the limit raised, use several keys where that is permitted, or measure past"
    " the gateway (the NodePort)",
    "server": "offer less, or give it more replicas; --asr-search finds the rate that it carries",
    "generator": "",
    "none": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What a run came to.

    Attributes:
        exit_code: How the process ends.
        headline: One sentence for people.
        criteria: Each limit of the SLO, and whether it was kept.
        findings: What speaks against the figures, the gravest first.
        binding: What bound the load.
        evidence: What shows that, a line each.
        remedies: What to do, a line each.
    """

    exit_code: ExitCode
    headline: str
    criteria: tuple[Criterion, ...] = ()
    findings: tuple[Finding, ...] = ()
    binding: Constraint = "none"
    evidence: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry; `result` is the exit code's word, such as "missed"."""
        return {
            "exit_code": int(self.exit_code),
            "result": self.exit_code.word,
            "headline": self.headline,
            "criteria": [criterion.to_fields() for criterion in self.criteria],
            "findings": [found.to_fields() for found in self.findings],
            "binding": self.binding,
            "evidence": list(self.evidence),
            "remedies": list(self.remedies),
        }


def conclude(
    tally: Tally,
    slo: Slo,
    run: RunInfo,
    readings: Sequence[GeneratorReading],
    server: ServerSigns = NO_SIGNS,
) -> Verdict:
    """
    Judge a run.

    Args:
        tally: What came of its requests; counted by `slo.is_good`, from the end of its warm-up.
        slo: What was to hold.
        run: What the plan was, and what the gateway allows, if it told.
        readings: How the generator was doing.
        server: What the servers tell of themselves, as far as they do.
    """
    criteria = judge(slo, tally)
    case = Case(tally=tally, slo=slo, run=run, readings=readings, criteria=criteria, server=server)
    not_ready = why_not_ready(tally)
    if not_ready is not None:
        why, remedy = not_ready
        headline = f"not ready: {why}"
        return Verdict(exit_code=ExitCode.NOT_READY, headline=headline, remedies=(remedy,))
    findings = check_validity(case)
    binding = find_binding(case, findings)
    exit_code = _exit_code(case, findings)
    return Verdict(
        exit_code=exit_code,
        headline=_headline(exit_code, case, findings, binding),
        criteria=criteria,
        findings=findings,
        binding=binding.constraint,
        evidence=binding.evidence,
        remedies=_remedies(exit_code, findings, binding),
    )


def refuse_start(findings: Sequence[Finding]) -> Verdict | None:
    """
    Judge what `preflight.check_start` found: None if the run may start.

    A plan that the gateway's limit forbids ends as one that met it; all else is a target that is
    not ready.
    """
    stops = [found for found in findings if found.severity == "stop"]
    if not stops:
        return None
    of_gateway = all(found.name == "rate_limit" for found in stops)
    return Verdict(
        exit_code=ExitCode.GATEWAY_LIMITED if of_gateway else ExitCode.NOT_READY,
        headline=f"not started: {'; '.join(found.words for found in stops)}",
        findings=tuple(findings),
        binding="gateway" if of_gateway else "none",
        evidence=tuple(found.words for found in stops) if of_gateway else (),
        remedies=_unique(found.remedy for found in stops),
    )


def _exit_code(case: Case, findings: Sequence[Finding]) -> ExitCode:
    """By the order that ExitCode documents."""
    if any(found.severity == "invalid" for found in findings):
        return ExitCode.INVALID
    if gateway_share(case):
        return ExitCode.GATEWAY_LIMITED
    return ExitCode.MISSED if case.missed else ExitCode.MET


def _headline(
    exit_code: ExitCode, case: Case, findings: Sequence[Finding], binding: Binding
) -> str:
    if exit_code is ExitCode.INVALID:
        return f"invalid, so neither kept nor missed: {findings[0].words}"
    if exit_code is ExitCode.GATEWAY_LIMITED:
        return (
            "the gateway's limit was met before the server's: it refused"
            f" {percent(gateway_share(case))} of the requests; backend capacity unknown"
        )
    if exit_code is ExitCode.MISSED:
        who = "" if binding.constraint == "none" else f"; bound by the {binding.constraint}"
        return f"SLO missed: {case.missed[0].words.removesuffix(': missed')}{who}"
    return f"SLO met{_at(case)}: {_room(binding)}"


def _at(case: Case) -> str:
    rate_rps = case.run.rate_rps
    return "" if rate_rps is None else f" at {rate_rps:.3g} req/s"


def _room(binding: Binding) -> str:
    if binding.constraint == "none":
        return binding.evidence[0]
    return f"next to bind is the {binding.constraint} ({binding.evidence[0]})"


def _remedies(
    exit_code: ExitCode, findings: Sequence[Finding], binding: Binding
) -> tuple[str, ...]:
    of_findings = (found.remedy for found in findings)
    of_binding = () if exit_code is ExitCode.MET else (_REMEDIES[binding.constraint],)
    if exit_code is ExitCode.INVALID:
        return _unique((*of_findings, *of_binding))
    return _unique((*of_binding, *of_findings))


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for line in lines if line))
