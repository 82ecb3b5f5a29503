"""What the recordings would tell apart: a controller that is a little different is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from asr_loadtest.autoscaler.hpa.flags import DEFAULT_FLAGS, ControllerFlags
from asr_loadtest.autoscaler.hpa.inputs import Inputs, PodInput
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, Policy, ScalingRules, parse_hpa_spec
from trace_inputs import Served, replayed, served
from trace_timeline import TRACE_NAMES, load_trace

Direction = Literal["up", "down"]


def as_it_is(spec: HpaSpec) -> HpaSpec:
    """Leave a spec alone."""
    return spec


def as_served(syncs: list[Served]) -> list[Served]:
    """Leave the inputs alone."""
    return syncs


@dataclass(frozen=True)
class Variant:
    """How a controller or what it is served differs from what was recorded."""

    flags: ControllerFlags = DEFAULT_FLAGS
    spec: Callable[[HpaSpec], HpaSpec] = as_it_is
    syncs: Callable[[list[Served]], list[Served]] = as_served


def mismatches(variant: Variant) -> dict[str, int]:
    """Count by recording the syncs that end otherwise than recorded."""
    found = {}
    for name in TRACE_NAMES:
        trace = load_trace(name)
        spec = variant.spec(parse_hpa_spec(trace["hpa_spec"], variant.flags))
        wrong = [
            done.at_s
            for recorded, done in replayed(spec, variant.syncs(served(trace)))
            if (done.recommended, done.desired or 0) != _recorded(recorded.record)
        ]
        found[name] = len(wrong)
    return {name: count for name, count in found.items() if count}


def _recorded(record: dict[str, Any]) -> tuple[int | None, int]:
    rescale = record.get("rescale")
    desired = rescale["to"] if rescale else record["status"]["current"] or 0
    return record.get("recommended"), desired


def with_rules(direction: Direction, **fields: Any) -> Variant:
    """Change the rules of one direction wherever a behavior block declares them."""
    return with_changed_rules(direction, lambda rules: replace(rules, **fields))


def with_changed_rules(
    direction: Direction, change: Callable[[ScalingRules], ScalingRules]
) -> Variant:
    """Change the rules of one direction by what they are."""

    def changed(spec: HpaSpec) -> HpaSpec:
        if spec.behavior is None:
            return spec
        rules = change(getattr(spec.behavior, direction))
        return replace(spec, behavior=replace(spec.behavior, **{direction: rules}))

    return Variant(spec=changed)


def with_window(direction: Direction, longer_s: float) -> Variant:
    """Make a window longer, unless it is 0."""
    return with_changed_rules(
        direction,
        lambda rules: replace(rules, window_s=rules.window_s and rules.window_s + longer_s),
    )


def with_inputs(change: Callable[[Inputs], Inputs]) -> Variant:
    """Serve other inputs."""
    return Variant(
        syncs=lambda syncs: [replace(each, inputs=change(each.inputs)) for each in syncs]
    )


def with_pods(change: Callable[[PodInput], PodInput]) -> Variant:
    """Serve other pods."""
    return with_inputs(lambda inputs: replace(inputs, pods=tuple(map(change, inputs.pods))))


def without_pods_that_lack_samples(inputs: Inputs) -> Inputs:
    """Serve only the pods that have samples."""
    sampled = {each.pod for each in inputs.usage or ()}
    return replace(inputs, pods=tuple(pod for pod in inputs.pods if pod.name in sampled))


def with_samples_of_no_length(inputs: Inputs) -> Inputs:
    """Serve samples that seem to be of one instant."""
    if inputs.usage is None:
        return inputs
    return replace(inputs, usage=tuple(replace(each, window_s=0.0) for each in inputs.usage))


def by_amount(spec: HpaSpec) -> HpaSpec:
    """Give the same targets as amounts: a ratio of what is used, and not of a whole percent."""
    requests = {"cpu": 2, "memory": 8 * 2**30}
    metrics = tuple(
        replace(each, target_type="AverageValue", target=each.target / 100 * requests[each.name])
        for each in spec.metrics
    )
    return replace(spec, metrics=metrics)


def ready_as_current(syncs: list[Served]) -> list[Served]:
    """Tell the pods that are ready for the replicas that are wanted."""
    ready = [sum(bool(pod.is_ready) for pod in each.inputs.pods) for each in syncs]
    return [
        replace(each, current=count or each.current)
        for each, count in zip(syncs, ready, strict=True)
    ]


def at_exact_quarters(syncs: list[Served]) -> list[Served]:
    """Tell a sync for each 15 s sharp."""
    return [replace(each, at_s=15.0 * place) for place, each in enumerate(syncs, 1)]


STARTS = {"slow-gpu-start", "step-up-lowmem", "unready-start", "window-up-0"}
STEPS_UP = {
    "slow-gpu-start",
    "spike-60s-then-idle",
    "step-up",
    "step-up-lowmem",
    "stuck-unavailable",
    "unready-start",
}
WAITS_UP = STEPS_UP | {"mem-runaway", "slow-ramp", "spike-45s"}
WAITS_DOWN = {
    "down-10-of-20",
    "manual-zero",
    "mem-sticky-50",
    "scale-down",
    "spike-60s-then-idle",
    "step-up-lowmem",
}
STEPS_DOWN = {"down-10-of-20", "manual-zero", "spike-60s-then-idle"}

LONG_READY = {"is_ready": True, "started_s": -1e6, "ready_changed_s": -1e6}

VARIANTS: dict[str, tuple[Variant, set[str]]] = {
    "a start of 0 s": (
        Variant(ControllerFlags(cpu_initialization_s=0.0)),
        STARTS,
    ),
    "unready pods count after their start": (
        Variant(ControllerFlags(initial_readiness_delay_s=0.0)),
        {"stuck-unavailable"},
    ),
    "every pod counts as ready": (
        with_pods(lambda pod: replace(pod, **LONG_READY)),
        STARTS | {"stuck-unavailable"},
    ),
    "a sample taken while a pod got ready counts": (with_inputs(with_samples_of_no_length), STARTS),
    "pods without samples do not count": (
        with_inputs(without_pods_that_lack_samples),
        {
            "default-behavior",
            "slow-ramp",
            "spike-45s",
            "spike-60s-then-idle",
            "step-up",
            "step-up-lowmem",
            "window-up-0",
        },
    ),
    "the pods that are ready taken for those that are wanted": (
        Variant(syncs=ready_as_current),
        {"crash-failed-pod", "slow-gpu-start", "stuck-unavailable", "unready-start"},
    ),
    "a percent that is not truncated": (
        Variant(spec=by_amount),
        {"flap-out", "slow-ramp", "window-up-0"},
    ),
    "a tolerance of 9 %": (Variant(ControllerFlags(tolerance=0.09)), {"flap-out", "slow-ramp"}),
    "the first metric alone": (
        Variant(spec=lambda spec: replace(spec, metrics=spec.metrics[:1])),
        {
            "default-behavior",
            "down-10-of-20",
            "manual-zero",
            "mem-runaway",
            "mem-sticky-50",
            "no-request",
            "outage",
            "scale-down",
            "slow-gpu-start",
            "spike-45s",
        },
    ),
    "a first sync that is not remembered": (
        Variant(syncs=lambda syncs: syncs[1:]),
        {"mem-runaway", "mem-sticky-50"},
    ),
    "an up window that is 15 s shorter": (with_window("up", -15.0), WAITS_UP),
    "an up window that is 1 s longer": (with_window("up", 1.0), WAITS_UP),
    "a down window that is 15 s shorter": (
        with_window("down", -15.0),
        WAITS_DOWN | {"slow-gpu-start"},
    ),
    "a down window that is 15 s longer": (with_window("down", 15.0), WAITS_DOWN),
    "no window down": (
        with_rules("down", window_s=0.0),
        WAITS_DOWN | {"slow-gpu-start"},
    ),
    "another window without a behavior block": (
        Variant(ControllerFlags(downscale_stabilization_s=285.0)),
        {"default-behavior"},
    ),
    "15 s sharp between syncs": (Variant(syncs=at_exact_quarters), {"default-behavior"}),
    "10 % that are one pod, of 20 as well": (
        with_rules("down", policies=(Policy("Pods", 1, 60.0),)),
        {"down-10-of-20"},
    ),
    "a period down that is 1 s longer": (
        with_rules("down", policies=(Policy("Percent", 10, 61.0),)),
        STEPS_DOWN,
    ),
    "a period down that is 15 s shorter": (
        with_rules("down", policies=(Policy("Percent", 10, 45.0),)),
        STEPS_DOWN,
    ),
    "the smaller change up": (
        with_rules("up", select="Min"),
        STEPS_UP | {"window-up-0"},
    ),
    "a period up that is 15 s shorter": (
        with_rules("up", policies=(Policy("Percent", 50, 45.0), Policy("Pods", 2, 45.0))),
        {"window-up-0"},
    ),
    "one pod more in a step up": (
        with_rules("up", policies=(Policy("Pods", 3, 60.0),)),
        {"window-up-0"},
    ),
    "one more at most": (
        Variant(spec=lambda spec: replace(spec, maximum=spec.maximum + 1)),
        {"manual-zero", "mem-runaway", "slow-gpu-start", "slow-ramp", "window-up-0"},
    ),
}


def test_the_controller_as_it_is_makes_no_mismatch() -> None:
    """The yardstick itself: nothing changed, nothing found."""
    assert mismatches(Variant()) == {}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_controller_that_is_a_little_different_is_found_out(name: str) -> None:
    """Each variant ends otherwise than recorded, and in the recordings that are about it."""
    variant, recordings = VARIANTS[name]
    assert set(mismatches(variant)) == recordings
