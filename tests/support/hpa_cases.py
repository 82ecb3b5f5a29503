"""HPAs, pods and usage for tests that are worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from asr_loadtest.autoscaler.hpa.controller import Controller
from asr_loadtest.autoscaler.hpa.flags import DEFAULT_FLAGS
from asr_loadtest.autoscaler.hpa.inputs import Inputs, PodInput, PodUsage
from asr_loadtest.autoscaler.hpa.memory import Sync
from asr_loadtest.autoscaler.hpa.proposals import Proposal, propose
from asr_loadtest.autoscaler.hpa.spec import Behavior, HpaSpec, MetricSpec, Policy, ScalingRules
from asr_loadtest.cluster.kubernetes.quantity import milli

__all__ = [
    "CPU",
    "EXACT",
    "PUBLISHED",
    "QUEUE",
    "amounts",
    "asked",
    "course",
    "moves",
    "pod",
    "usage",
    "wished",
    "wishing",
]

CPU = MetricSpec("Resource", "cpu", 70.0, "Utilization")

QUEUE = MetricSpec("External", "queue", 1.0, "AverageValue")
"""One replica per request that waits: its value is the wish."""

EXACT = replace(DEFAULT_FLAGS, tolerance=0.0)

PUBLISHED = Behavior(
    ScalingRules(60.0, (Policy("Percent", 50, 60.0), Policy("Pods", 2, 60.0)), tolerance=0.0),
    ScalingRules(300.0, (Policy("Percent", 10, 60.0),), tolerance=0.0),
)
"""The rules that the model's documentation publishes, without tolerance: each wish counts."""


def wishing(maximum: int = 5, behavior: Behavior | None = PUBLISHED, minimum: int = 1) -> HpaSpec:
    """Give an HPA that wants what it is told: see `wished`."""
    return HpaSpec(minimum, maximum, (QUEUE,), behavior, flags=EXACT)


def wished(replicas: int) -> Inputs:
    """Give the inputs that make a `wishing` HPA want so many."""
    return Inputs(values={"queue": replicas * 1000})


def course(spec: HpaSpec, first: int, wishes: Mapping[float, int] | list[int]) -> list[Sync]:
    """
    Let a controller scale a target that follows at once.

    Args:
        spec: From `wishing`.
        first: The target's replicas at the beginning.
        wishes: By instant; a list has one for each 15 s, the first at 15 s.
    """
    timed = wishes if isinstance(wishes, Mapping) else dict(_every_15_s(wishes))
    controller, current, syncs = Controller(spec), first, []
    for at_s, wish in timed.items():
        done = controller.sync(at_s, current, wished(wish))
        syncs.append(done)
        current = done.desired or 0
    return syncs


def moves(syncs: list[Sync]) -> dict[float, tuple[int | None, int | None]]:
    """Give the rescales by instant: from, to."""
    return {each.at_s: (each.current, each.desired) for each in syncs if each.change}


def asked(metric: MetricSpec, inputs: Inputs, current: int) -> Proposal:
    """Ask one metric at 0 s; the tolerance is 10 %."""
    return propose(HpaSpec(1, 100, (metric,)), metric, inputs, current, 0.0)


def amounts(**quantities: str) -> dict[str, dict[str, int]]:
    """Give what one container, "triton", requests or uses."""
    return {"triton": {name: milli(value) for name, value in quantities.items()}}


def pod(name: str, **fields: Any) -> PodInput:
    """Give a pod that has long been ready, and requests 2 cores and 8 GiB."""
    long_ago: dict[str, Any] = {"started_s": -3600.0, "ready_changed_s": -3500.0}
    requests = {"requests": amounts(cpu="2", memory="8Gi")}
    return PodInput(name, **{**long_ago, **requests, **fields})


def usage(name: str, sampled_s: float = 0.0, **quantities: str) -> PodUsage:
    """Give a sample of a pod."""
    return PodUsage(name, amounts(**quantities), sampled_s)


def _every_15_s(wishes: list[int]) -> list[tuple[float, int]]:
    # A sync is due a little later than 15 s after the last: four of them are more than a minute.
    return [(round(15.07 * (place + 1), 2), wish) for place, wish in enumerate(wishes)]
