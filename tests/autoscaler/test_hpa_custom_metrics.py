"""What metrics of Pods, Object and External ask for: each number is worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr_loadtest.autoscaler.hpa.inputs import Inputs
from asr_loadtest.autoscaler.hpa.proposals import propose
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from hpa_cases import asked, pod

PER_POD = MetricSpec("Pods", "queue", 10.0, "AverageValue")
BATCH = MetricSpec("Object", "batch", 100.0, "Value")
SHARE = MetricSpec("External", "waiting", 10.0, "AverageValue")


def queues(**values: int) -> Inputs:
    """Give pods a, b and c, of which c is not ready, and a queue for some."""
    pods = pod("a"), pod("b"), pod("c", is_ready=False)
    lengths = {name: value * 1000 for name, value in values.items()}
    return Inputs(pods, pod_values={"queue": lengths} if lengths else {})


@pytest.mark.parametrize(
    ("values", "average", "replicas"),
    [
        ({"a": 20, "b": 30, "c": 40}, 30_000, 9),
        # 25 on average; c as idle: 16.666, times three.
        ({"a": 20, "b": 30}, 25_000, 5),
        # 3 on average; c as right on target: 5.333, times three.
        ({"a": 2, "b": 4}, 3_000, 2),
    ],
)
def test_pods_metric_asks_for_no_readiness(
    values: dict[str, int], average: int, replicas: int
) -> None:
    """The unready pod counts where it has a value, and as a silent one else."""
    found = asked(PER_POD, queues(**values), 3)
    assert (found.value_milli, found.replicas) == (average, replicas)


def test_pods_metric_without_values_fails() -> None:
    """An adapter that serves nothing is an error."""
    assert asked(PER_POD, queues(), 3).failure == "unable to get metric queue"


@pytest.mark.parametrize(("value", "replicas"), [(250, 5), (109, 3), (110, 3), (111, 3), (40, 1)])
def test_value_is_shared_by_the_pods_that_are_ready(value: int, replicas: int) -> None:
    """2.5 times the target, two of three pods ready: five; near the target, what is wanted."""
    inputs = replace(queues(), values={"batch": value * 1000})
    assert asked(BATCH, inputs, 3).replicas == replicas
    assert asked(replace(BATCH, source="External"), inputs, 3).replicas == replicas


def test_value_without_pods_fails() -> None:
    """There is nobody to share it."""
    assert "no pods" in asked(BATCH, Inputs(values={"batch": 250_000}), 3).failure
    assert asked(BATCH, Inputs(), 3).failure == "unable to get metric batch"


def test_value_at_no_replicas_is_the_ratio_itself() -> None:
    """With minReplicas 0 an empty target begins with as many as the ratio says."""
    spec = HpaSpec(0, 10, (BATCH,))
    assert propose(spec, BATCH, Inputs(values={"batch": 250_000}), 0, 0.0).replicas == 3


@pytest.mark.parametrize(
    ("value", "existing", "average", "replicas"),
    [
        (45, 4, 11_250, 5),
        (43, 4, 10_750, 4),
        (43, 3, 14_334, 5),
        (31, 4, 7_750, 4),
        (1, 4, 250, 1),
        (0, 4, 0, 0),
        (43, 0, None, 5),
    ],
)
def test_value_per_pod_is_shared_by_the_pods_that_exist(
    value: int, existing: int, average: int | None, replicas: int
) -> None:
    """43 for four pods are 10.75 each, which is tolerated; 31 want four, as they are."""
    inputs = Inputs(values={"waiting": value * 1000}, existing=existing)
    for metric in (SHARE, replace(SHARE, source="Object")):
        found = asked(metric, inputs, 4)
        assert (found.value_milli, found.replicas) == (average, replicas)


def test_value_per_pod_that_is_tolerated_gives_the_pods_that_exist() -> None:
    """Six are wanted, four exist: the wish is four."""
    inputs = Inputs(values={"waiting": 43_000}, existing=4)
    assert asked(SHARE, inputs, 6).replicas == 4
    assert asked(SHARE, replace(inputs, existing=None), 6).replicas == 5
