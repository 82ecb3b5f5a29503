"""Where idle pods lead, held against the controller itself and against its recordings."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from asr_loadtest.autoscaler.advise.findings.idle_trap import find_idle_trap, idle_use
from asr_loadtest.autoscaler.advise.findings.resting import (
    largest_harmless_percent,
    resting_place,
    usage_percent,
    usage_ratio,
)
from asr_loadtest.autoscaler.hpa.controller import Controller
from asr_loadtest.autoscaler.hpa.inputs import Inputs
from asr_loadtest.autoscaler.hpa.spec import Behavior, HpaSpec, MetricSpec, Policy, ScalingRules
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from hpa_cases import PUBLISHED, pod, usage
from trace_timeline import load_trace, trace_sightings, trace_spec

GIB = 2.0**30
REQUEST_MIB = 8000
LIMIT_SYNCS = 400


def memory(target: int = 80) -> MetricSpec:
    """A memory target in percent of the request."""
    return MetricSpec("Resource", "memory", float(target), "Utilization")


def published(target: int = 80, minimum: int = 1, maximum: int = 5) -> HpaSpec:
    """The published limits and memory target, with the default tolerance."""
    return HpaSpec(minimum, maximum, (memory(target),), rules())


def rules(window_s: float = 0.0, tolerance: float = 0.1) -> Behavior:
    """The published rates; windows say when replicas rest, not where."""
    up = ScalingRules(window_s and 60.0, PUBLISHED.up.policies, tolerance=tolerance)
    down = ScalingRules(window_s, PUBLISHED.down.policies, tolerance=tolerance)
    return Behavior(up, down)


def rest_of_controller(spec: HpaSpec, percent: int, replicas: int, calm: int = 7) -> int:
    """Let the controller scale pods that all use the same, until it changes nothing any more."""
    controller, unchanged = Controller(spec), 0
    for number in range(LIMIT_SYNCS):
        at_s = 15.07 * (number + 1)
        names = [f"pod-{each}" for each in range(replicas)]
        used = f"{REQUEST_MIB * percent // 100}Mi"
        inputs = Inputs(
            pods=tuple(pod(name, requests=of_mib(REQUEST_MIB)) for name in names),
            usage=tuple(usage(name, at_s, memory=used) for name in names),
        )
        desired = controller.sync(at_s, replicas, inputs).desired or 0
        unchanged = unchanged + 1 if desired == replicas else 0
        replicas = desired
        if unchanged > calm:
            return replicas
    raise AssertionError


def of_mib(size: int) -> dict[str, dict[str, int]]:
    """What a pod's only container requests."""
    return {"triton": {"memory": size * 2**20 * 1000}}


def expected_from_most(percent: int) -> int:
    """The published table: at 80 %, from one to five replicas, how many remain of five."""
    for upper, replicas in ((40, 1), (53, 2), (60, 3), (64, 4)):
        if percent <= upper:
            return replicas
    return 5


@pytest.mark.parametrize("percent", range(201))
def test_memory_trap_is_the_table_for_every_percent(percent: int) -> None:
    """Up to 40 % back to 1; 41-53: 2; 54-60: 3; 61-64: 4; from 65 on 5; above 88 even from 1."""
    found = resting_place(percent / 80, published())
    assert found.from_most == expected_from_most(percent)
    assert found.from_fewest == (5 if percent > 88 else 1)
    words = {percent <= 40: "falls", 41 <= percent <= 71: "stops", 72 <= percent <= 88: "stays"}
    assert found.course == words.get(True, "climbs")


@pytest.mark.parametrize("percent", range(201))
def test_resting_place_is_the_controllers_own(percent: int) -> None:
    """The state machine, given these pods, comes to rest at the same counts."""
    spec = published()
    found = resting_place(percent / 80, spec)
    assert rest_of_controller(spec, percent, 5) == found.from_most
    assert rest_of_controller(spec, percent, 1) == found.from_fewest


@pytest.mark.parametrize("percent", [0, 40, 41, 53, 54, 60, 61, 64, 65, 71, 72, 88, 89, 150])
def test_windows_change_when_and_not_where(percent: int) -> None:
    """With the published windows the controller rests at the same counts, only later."""
    spec = HpaSpec(1, 5, (memory(),), rules(window_s=300.0))
    found = resting_place(percent / 80, spec)
    assert rest_of_controller(spec, percent, 5, calm=30) == found.from_most
    assert rest_of_controller(spec, percent, 1, calm=30) == found.from_fewest


def test_resting_place_holds_for_other_limits_targets_and_tolerances() -> None:
    """Any minimum, maximum, target and tolerance, by chance: seed 20250205."""
    chance = random.Random(20250205)  # noqa: S311 - not for secrets
    for _ in range(150):
        minimum = chance.randint(1, 6)
        maximum = minimum + chance.randint(0, 14)
        target, percent = chance.randint(1, 120), chance.randint(0, 200)
        tolerance = chance.choice([0.0, 0.05, 0.1, 0.25])
        spec = HpaSpec(minimum, maximum, (memory(target),), rules(tolerance=tolerance))
        found = resting_place(percent / target, spec)
        case = (minimum, maximum, target, percent, tolerance)
        assert rest_of_controller(spec, percent, maximum) == found.from_most, case
        assert rest_of_controller(spec, percent, minimum) == found.from_fewest, case


def test_usage_percent_is_cut_and_not_rounded() -> None:
    """A share of 94.9 percent is 94, as the controller has it; thousandths decide."""
    assert usage_percent(7969177 * 1024, 8 * GIB) == 94
    assert usage_percent(1.3999, 2) == 70
    assert usage_percent(0.0399999, 2) == 2


def test_usage_ratio_of_an_amount_needs_no_request() -> None:
    """An averageValue is compared with itself; a percentage needs to know of what."""
    amount = MetricSpec("Resource", "memory", 4 * GIB, "AverageValue")
    assert usage_ratio(amount, 2 * GIB, None) == 0.5
    assert usage_ratio(memory(), 2 * GIB, None) is None


def test_largest_harmless_percent_is_the_tables_first_row() -> None:
    """Of 80 % and one replica: 40; with two at the least, 53."""
    assert largest_harmless_percent(80.0, published()) == 40
    assert largest_harmless_percent(80.0, published(minimum=2)) == 53


@pytest.mark.parametrize(
    ("percent", "says"),
    [
        (50, "once there were more, replicas stop at 2, not 1"),
        (86, "within the tolerance"),
        (95, "without any load replicas climb to 5"),
    ],
)
def test_memory_trap_says_where_it_leads(percent: int, says: str) -> None:
    """The finding has the usage, the target, the consequence and two ways out."""
    idle = idle_use(memory(), percent / 100 * 8 * GIB + 1, 8 * GIB)
    assert idle is not None
    found = find_idle_trap(memory(), published(), idle)
    assert found is not None
    assert (found.severity, found.name) == ("warn", "memory_trap")
    assert says in found.words
    assert f"{percent} % of the memory" in found.words
    assert "take memory out of spec.metrics" in found.remedy
    assert found.figures["percent"] == percent


def test_memory_remedy_is_harmless() -> None:
    """The request that it names leads back to the minimum, and one GiB less would not."""
    used = 4.0 * GIB
    idle = idle_use(memory(), used, 8 * GIB)
    assert idle is not None
    found = find_idle_trap(memory(), published(), idle)
    assert found is not None
    assert "request 10 GiB" in found.remedy
    assert find_idle_trap(memory(), published(), idle_use(memory(), used, 10 * GIB)) is None
    assert find_idle_trap(memory(), published(), idle_use(memory(), used, 9 * GIB)) is not None


def test_cpu_trap_names_a_target_that_is_harmless() -> None:
    """Idle pods at 8 % of a 10 % target keep replicas; the target that it names lets them go."""
    cpu = MetricSpec("Resource", "cpu", 10.0, "Utilization")
    spec = HpaSpec(1, 5, (cpu,), rules())
    idle = idle_use(cpu, 0.16, 2.0)
    assert idle is not None
    found = find_idle_trap(cpu, spec, idle)
    assert found is not None
    assert found.name == "cpu_trap"
    assert found.remedy == "raise averageUtilization of cpu in spec.metrics to 16"
    assert resting_place(8 / 16, spec).course == "falls"
    assert resting_place(8 / 15, spec).course != "falls"


def test_nothing_is_a_trap_where_scaling_down_is_off() -> None:
    """That replicas stay is then declared; that they climb is not."""
    off = Behavior(PUBLISHED.up, ScalingRules(0.0, (Policy("Pods", 1, 60.0),), select="Disabled"))
    spec = HpaSpec(1, 5, (memory(),), off)
    for percent, is_found in ((50, False), (95, True)):
        idle = idle_use(memory(), percent / 100 * 8 * GIB + 1, 8 * GIB)
        assert idle is not None
        assert (find_idle_trap(memory(), spec, idle) is not None) == is_found


@pytest.mark.parametrize(
    ("name", "rests", "ends"),
    [("mem-sticky-50", 2, None), ("scale-down", 2, None), ("mem-runaway", 5, 5)],
)
def test_recordings_go_where_the_sample_says(name: str, rests: int, ends: int | None) -> None:
    """One idle sample tells each wish of the rest of the recording, and its last count."""
    trace = load_trace(name)
    spec = trace_spec(trace)
    metric = spec.metrics[1]
    idle = idle_use(metric, 7969177 * 1024 if ends else 4 * GIB, 8 * GIB)
    assert idle is not None
    assert resting_place(idle.ratio, spec).from_most == rests
    counts = [value for _, value in ClusterTimeline(trace_sightings(trace)).replicas.points]
    steps = list(pairwise(counts))
    assert steps
    for before, after in steps:
        # Each step goes towards the resting place, and never past it.
        assert (after - before) * (rests - before) > 0
        assert abs(rests - after) < abs(rests - before)
    assert ends is None or counts[-1] == ends
