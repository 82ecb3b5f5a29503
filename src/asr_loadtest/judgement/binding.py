"""
What bound the load: the server, the gateway, the generator, or nothing yet.

What speaks for itself comes first: a gateway that refuses, a server that refuses or says that its
queue grows. What only shows as latency is the server's if the generator was fit, else nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.criteria import Criterion
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.generator import CPU_LIMIT, UNFIT, busiest_cpu
from asr_loadtest.judgement.units import percent
from asr_loadtest.load.outcomes import Outcome

__all__ = ["Binding", "Constraint", "find_binding", "gateway_share"]

Constraint = Literal["server", "gateway", "generator", "none"]

# Of what is sent; less than this is noise.
_REFUSED_SHARE = 0.01
# From here on a limit is near.
_NEAR = 0.8
_BUSY_GPU = 0.9
_OF_GENERATOR = (*UNFIT, "not_sent")
# Failures that load causes.
_UNDER_LOAD: tuple[Outcome, ...] = ("timeout", "server_error", "gateway_error", "truncated")


@dataclass(frozen=True, slots=True)
class Binding:
    """
    Who bound the load.

    Attributes:
        constraint: "none" if the SLO was met and nothing was near a limit, or if what went wrong
            is no matter of load.
        evidence: What shows it, a line each.
    """

    constraint: Constraint
    evidence: tuple[str, ...]


def find_binding(case: Case, findings: Sequence[Finding]) -> Binding:
    """Name what bound the load; *findings* are those of `check_validity`."""
    looks: tuple[tuple[Constraint, Callable[[], list[str]]], ...] = (
        ("gateway", lambda: _gateway_refuses(case)),
        ("server", lambda: _server_says(case)),
        ("generator", lambda: _generator_unfit(findings)),
        ("server", lambda: _server_slow(case)),
        ("gateway", lambda: _gateway_near(case)),
        ("server", lambda: _server_near(case)),
        ("generator", lambda: _generator_near(case)),
    )
    for constraint, look in looks:
        evidence = look()
        if evidence:
            more = _beside(case) if constraint == "server" else []
            return Binding(constraint, (*evidence, *more))
    return Binding("none", tuple(_nothing(case)))


def gateway_share(case: Case) -> float:
    """Give the share of requests that the gateway's limit refused, where it counts; else 0."""
    share = case.share_of_sent("rate_limited")
    tolerated = max(_REFUSED_SHARE, case.slo.limits.refusal_rate or 0.0)
    return share if share > tolerated else 0.0


def _gateway_refuses(case: Case) -> list[str]:
    share = gateway_share(case)
    if not share:
        return []
    says = [f"the gateway's rate limit refused {percent(share)} of the requests"]
    if case.run.gateway_limit_rps is not None:
        says.append(f"it allows {case.run.gateway_limit_rps:.3g} req/s to these keys")
    return says


def _server_says(case: Case) -> list[str]:
    says = []
    overloaded = case.share_of_sent("overloaded")
    if overloaded > _REFUSED_SHARE:
        says.append(f"the server refused {percent(overloaded)} of the requests: its queue was full")
    if case.server.queue_grows:
        says.append("the server's queue grew through the run")
    return says


def _generator_unfit(findings: Sequence[Finding]) -> list[str]:
    return [
        found.words
        for found in findings
        if found.name in _OF_GENERATOR and found.severity == "invalid"
    ]


def _server_slow(case: Case) -> list[str]:
    says = [criterion.words for criterion in case.missed if _is_of_server(case, criterion)]
    if says and case.not_sent_share > _REFUSED_SHARE:
        says.append(
            f"{percent(case.not_sent_share)} of the arrivals found all places taken by requests"
            " that waited for the server"
        )
    return says


def _is_of_server(case: Case, criterion: Criterion) -> bool:
    """Latency and throughput are; failures are if load causes such."""
    if criterion.name == "refusal_rate":
        return False
    if criterion.name != "error_rate":
        return True
    outcomes = case.tally.all.outcomes
    caused = sum(outcomes[outcome] for outcome in _UNDER_LOAD)
    failed = sum(outcomes.values()) - outcomes["ok"] - outcomes["not_sent"]
    return caused > failed / 2


def _gateway_near(case: Case) -> list[str]:
    limit_rps, rate_rps = case.run.gateway_limit_rps, case.run.rate_rps
    if limit_rps is None or rate_rps is None or rate_rps < limit_rps * _NEAR:
        return []
    allows = f"the gateway allows {limit_rps:.3g} req/s to these keys"
    return [f"{allows}, {rate_rps:.3g} req/s were planned: a longer or faster run meets that limit"]


def _server_near(case: Case) -> list[str]:
    says = [
        f"{criterion.words}: that is near"
        for criterion in case.criteria
        if criterion.name.startswith("p") and _used(criterion) > _NEAR
    ]
    if (case.server.gpu_utilization or 0.0) > _BUSY_GPU:
        says.append("the GPU has hardly anything left")
    return says


def _used(criterion: Criterion) -> float:
    """How much of a ceiling is used up, 0 where nothing was measured."""
    return (criterion.measured or 0.0) / criterion.limit


def _generator_near(case: Case) -> list[str]:
    cpu_share = busiest_cpu(case)
    if cpu_share is None or cpu_share < CPU_LIMIT * _NEAR:
        return []
    return [f"the generator's busiest process took {percent(cpu_share)} of a core"]


def _beside(case: Case) -> list[str]:
    """What else the server tells; no proof, but it shows where to look."""
    server, says = case.server, []
    if server.queue_share is not None:
        says.append(f"{percent(server.queue_share)} of the time in the server was queueing")
    if server.pending_max is not None:
        says.append(f"up to {server.pending_max:.0f} requests waited in it")
    if server.gpu_utilization is not None:
        says.append(f"its GPU was busy for {percent(server.gpu_utilization)} of the time")
    return says


def _nothing(case: Case) -> list[str]:
    if case.missed:
        return ["what failed is no matter of load", *(each.words for each in case.missed)]
    used = [_used(each) for each in case.criteria if each.name.startswith("p")]
    if used:
        return [f"the nearest latency limit was used up to {percent(max(used))}"]
    return ["nothing was near a limit; no latency was limited"]
