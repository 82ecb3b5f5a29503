"""Several metrics at once, and the names that the controller gives them."""

from __future__ import annotations

import pytest

from asr_loadtest.autoscaler.hpa.inputs import Inputs
from asr_loadtest.autoscaler.hpa.proposals import recommend
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from hpa_cases import CPU, amounts, pod, usage

MEMORY = MetricSpec("Resource", "memory", 80.0, "Utilization")
BOTH = HpaSpec(1, 100, (CPU, MEMORY))


def both_of(cpu: str | None, memory: str | None, current: int = 2) -> tuple[int | None, str]:
    """Let CPU and memory of two equal pods be asked."""
    used = {name: each for name, each in {"cpu": cpu, "memory": memory}.items() if each}
    inputs = Inputs((pod("a"), pod("b")), (usage("a", **used), usage("b", **used)))
    found = recommend(BOTH, inputs, current, 0.0)
    return found.replicas, found.by


ALONE = MetricSpec("ContainerResource", "cpu", 70.0, "Utilization", container="triton")
CPU_NAME = "cpu resource utilization (percentage of request)"
MEMORY_NAME = "memory resource utilization (percentage of request)"


@pytest.mark.parametrize(
    ("cpu", "memory", "replicas", "by"),
    [
        ("2", "1Gi", 3, CPU_NAME),
        ("100m", "7.9Gi", 3, MEMORY_NAME),
        ("100m", "1Gi", 1, CPU_NAME),
        ("2", None, 3, CPU_NAME),
        ("1.4", None, 2, CPU_NAME),
        ("100m", None, None, ""),
        (None, "1Gi", None, ""),
        (None, "7.9Gi", 3, MEMORY_NAME),
        (None, None, None, ""),
    ],
)
def test_highest_wins_and_a_failed_one_hinders_going_down(
    cpu: str | None, memory: str | None, replicas: int | None, by: str
) -> None:
    """Of equal ones the first is named; a failed one lets the other scale up, or stay."""
    assert both_of(cpu, memory) == (replicas, by)


def test_first_that_failed_is_known() -> None:
    """It gives the condition its reason."""
    inputs = Inputs((pod("a", requests=amounts(memory="8Gi")),), (usage("a", memory="1Gi"),))
    failed = recommend(BOTH, inputs, 1, 0.0).failed
    assert failed is not None
    assert failed.metric == CPU


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (CPU, CPU_NAME),
        (ALONE, "cpu container resource utilization (percentage of request)"),
        (MetricSpec("Resource", "cpu", 1.0, "AverageValue"), "cpu resource"),
        (MetricSpec("Pods", "queue", 10.0, "AverageValue"), "pods metric queue"),
        (MetricSpec("Object", "batch", 100.0, "Value"), "object metric batch"),
        (MetricSpec("External", "waiting", 10.0, "AverageValue"), "external metric waiting"),
    ],
)
def test_metrics_have_the_controllers_names(metric: MetricSpec, words: str) -> None:
    """As in `New size: 3; reason: ... above target`."""
    inputs = Inputs(
        (pod("a"),),
        (usage("a", cpu="1"),),
        pod_values={"queue": {"a": 1}},
        values={"batch": 1, "waiting": 1},
    )
    assert recommend(HpaSpec(1, 5, (metric,)), inputs, 1, 0.0).by == words
