"""All advice about one HPA: what will go wrong, gravest first, and what nobody could look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asr_loadtest.autoscaler.advise.findings.blind_signal import find_blind_signal
from asr_loadtest.autoscaler.advise.findings.capacity_limits import (
    find_few_gpus,
    find_rate_limit,
    find_slow_policy,
)
from asr_loadtest.autoscaler.advise.findings.declared import (
    find_absent_behavior,
    find_disagreements,
    find_fixed_size,
    find_one_way,
)
from asr_loadtest.autoscaler.advise.findings.idle_trap import find_idle_trap, idle_use
from asr_loadtest.autoscaler.advise.findings.resting import usage_percent
from asr_loadtest.autoscaler.advise.findings.routing import find_kept_connections, find_uneven_pods
from asr_loadtest.autoscaler.advise.findings.signals import metric_ratio
from asr_loadtest.autoscaler.advise.findings.slow_start import (
    find_cold_start,
    find_frozen_wish,
    find_killed_start,
    find_short_down_window,
)
from asr_loadtest.autoscaler.advise.findings.targets import (
    find_missing_request,
    find_target_of_request,
    find_unreachable_target,
)
from asr_loadtest.autoscaler.advise.gaps import Gap, find_gaps
from asr_loadtest.autoscaler.advise.situation import Situation
from asr_loadtest.judgement.findings import Finding

__all__ = ["Advice", "Gap", "advise"]


@dataclass(frozen=True, slots=True)
class Advice:
    """
    What there is to say about an HPA.

    Attributes:
        findings: Of severity "warn", what will go wrong as things stand; "caveat", what one should
            know. The first kind first.
        gaps: What was not looked at, and what to give for it.
    """

    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]

    @property
    def is_grave(self) -> bool:
        """Whether something will go wrong."""
        return any(found.severity == "warn" for found in self.findings)


def advise(situation: Situation) -> Advice:
    """
    Say what will go wrong.

    Raises:
        ConfigError: If a manifest holds an amount that is no quantity.
    """
    finders = (_declared, _of_resources, _of_load, _of_starts, _of_limits, _of_callers)
    found = [each for finder in finders for each in finder(situation) if each is not None]
    gravest_first = sorted(found, key=lambda each: each.severity != "warn")
    return Advice(tuple(gravest_first), find_gaps(situation))


def _declared(known: Situation) -> Iterator[Finding | None]:
    yield from find_disagreements(known.defects, has_workloads=bool(known.manifests.workloads()))
    yield find_fixed_size(known.spec)
    yield find_absent_behavior(known.spec)
    yield find_one_way(known.spec)


def _of_resources(known: Situation) -> Iterator[Finding | None]:
    needs, requests = known.needs, known.requests
    for metric in known.resource_metrics:
        others = [each for each in known.spec.metrics if each != metric]
        yield find_missing_request(metric, needs, others)
        yield find_unreachable_target(metric, needs, known.spec)
        usage = None if known.idle is None else known.idle.usage(metric.name)
        idle = None if usage is None else idle_use(metric, usage, requests.get(metric.name))
        if idle is not None:
            yield find_idle_trap(metric, known.spec, idle)
        if metric.name == "cpu":
            yield find_target_of_request(metric, needs)


def _of_load(known: Situation) -> Iterator[Finding | None]:
    if known.loaded is None:
        return
    requests, idle = known.requests, known.idle
    ratios = {
        metric: metric_ratio(metric, known.loaded, requests.get(metric.name))
        for metric in known.spec.metrics
    }
    at_rest, request = idle.cpu_cores if idle else None, requests.get("cpu")
    yield find_blind_signal(
        known.spec,
        known.loaded,
        idle,
        ratios,
        cpu_at_rest=usage_percent(at_rest, request) if at_rest is not None and request else None,
    )
    yield find_uneven_pods(known.loaded.requests_by_pod)


def _of_starts(known: Situation) -> Iterator[Finding | None]:
    if known.start_s is None:
        return
    yield find_killed_start(known.needs, known.start_s)
    yield find_short_down_window(known.spec, known.start_s)
    yield find_frozen_wish(known.spec, known.start_s)
    if known.bear_s is not None:
        yield find_cold_start(
            known.spec,
            known.start_s,
            known.bear_s,
            burst_rps=known.burst_rps,
            pod_rps=known.carried_rps,
        )


def _of_limits(known: Situation) -> Iterator[Finding | None]:
    if known.gpus is not None:
        yield find_few_gpus(known.spec, known.needs, known.gpus)
    pod_rps = known.carried_rps
    if pod_rps is None:
        return
    if known.limit_rps is not None:
        yield find_rate_limit(known.spec, known.limit_rps, pod_rps)
    if known.ramp_rps_per_min is not None:
        yield find_slow_policy(known.spec, known.ramp_rps_per_min, pod_rps)


def _of_callers(known: Situation) -> Iterator[Finding | None]:
    if known.connections is not None:
        yield find_kept_connections(known.spec, known.connections)
