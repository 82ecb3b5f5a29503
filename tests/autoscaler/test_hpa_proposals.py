"""What CPU and memory ask for: each number is worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asr_loadtest.autoscaler.hpa.inputs import Inputs, PodUsage
from asr_loadtest.autoscaler.hpa.proposals import propose
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec, ScalingRules
from hpa_cases import CPU, PUBLISHED, amounts, asked, pod, usage

PLAIN_CPU = MetricSpec("Resource", "cpu", 1.0, "AverageValue")
CONTAINER = MetricSpec("ContainerResource", "cpu", 70.0, "Utilization", container="triton")


def cpu_of(*cores: str | None, unready: int = 0, **fields: Any) -> Inputs:
    """Give pods of 2 cores each: with usage or without a sample, and those that still start."""
    names = [f"pod-{number}" for number in range(len(cores))]
    starting = [pod(f"new-{number}", phase="Pending") for number in range(unready)]
    used = [usage(name, cpu=each) for name, each in zip(names, cores, strict=True) if each]
    return Inputs((*map(pod, names), *starting), tuple(used), **fields)


@pytest.mark.parametrize(
    ("cores", "percent", "replicas"),
    [
        ("1.4", 70, 1),
        ("1.55", 77, 1),
        ("1.559", 77, 1),
        ("1.56", 78, 2),
        ("4", 200, 3),
        ("1.26", 63, 1),
        ("1559000001n", 78, 2),
    ],
)
def test_percent_is_whole_and_truncated(cores: str, percent: int, replicas: int) -> None:
    """Of a target of 70 % all of 63..77 % is tolerated; nano-cores are rounded up to milli."""
    found = asked(CPU, cpu_of(cores), 1)
    assert (found.utilization, found.replicas) == (percent, replicas)


@pytest.mark.parametrize(
    ("cores", "replicas"), [("1.25", 9), ("1.26", 10), ("1.54", 10), ("1.56", 12)]
)
def test_both_ends_of_the_tolerance_are_tolerated(cores: str, replicas: int) -> None:
    """63 % and 77 % of ten pods keep ten; 62 % wants 8.86, and 78 % 11.14."""
    assert asked(CPU, cpu_of(*[cores] * 10), 10).replicas == replicas


def test_percent_is_of_all_pods_together() -> None:
    """2.0 and 0.6 cores of 4: 65 %, which is tolerated."""
    found = asked(CPU, cpu_of("2", "600m"), 2)
    assert (found.utilization, found.value_milli, found.replicas) == (65, 1300, 2)


def test_ratio_is_of_the_pods_that_count() -> None:
    """Five are wanted and two are there at 35 %: half of two is one."""
    assert asked(CPU, cpu_of("700m", "700m"), 5).replicas == 1


@pytest.mark.parametrize(
    ("metric", "replicas"),
    [
        # 3 x 0.4 + 2 of 8 cores are 40 %: 4/7 of four pods.
        (CPU, 3),
        # 3 x 0.4 + 2.4 of 8 cores are 45 %: 3/8 of four pods.
        (replace(CPU, target=120.0), 2),
        # An average of 0.4, with the target itself 0.55: 2.2 pods.
        (PLAIN_CPU, 3),
    ],
)
def test_silent_pod_counts_as_busy_on_the_way_down(metric: MetricSpec, replicas: int) -> None:
    """All of its request, or the target if that is more; as an amount just the target."""
    assert asked(metric, cpu_of("400m", "400m", "400m", None), 4).replicas == replicas


@pytest.mark.parametrize(
    ("cores", "replicas"),
    [
        # 4 of 6 cores are 66 %: the other side of the target.
        ("2", 3),
        # 4.8 of 6 are 80 %: 8/7 of three pods.
        ("2.4", 4),
    ],
)
def test_silent_pod_counts_as_idle_on_the_way_up(cores: str, replicas: int) -> None:
    """A mild overload is not believed, a plain one is."""
    assert asked(CPU, cpu_of(cores, cores, None), 3).replicas == replicas


def test_percent_right_on_target_leaves_a_silent_pod_out() -> None:
    """Neither busy nor idle: nothing moves."""
    assert asked(CPU, cpu_of("1.4", "1.4", None), 3).replicas == 3


def test_amount_right_on_target_counts_a_silent_pod_as_idle() -> None:
    """The controller's own quirk: an average of 1 is made 0.66, and one of three is given up."""
    assert asked(PLAIN_CPU, cpu_of("1", "1", None), 3).replicas == 2


@pytest.mark.parametrize(
    ("unready", "current", "replicas"),
    [
        # 4 of 4 cores: 100 %, 10/7 of two pods.
        (1, 2, 3),
        # 4 of 6 cores: 66 %.
        (2, 3, 3),
        # The same three are fewer than the five that are wanted: the wish would lead back.
        (1, 5, 5),
    ],
)
def test_starting_pods_count_as_idle_on_the_way_up(
    unready: int, current: int, replicas: int
) -> None:
    """The status says 200 % all the same."""
    found = asked(CPU, cpu_of("4", unready=unready), current)
    assert (found.utilization, found.replicas) == (200, replicas)


def test_starting_pods_are_left_out_right_on_target() -> None:
    """Neither up nor down: nothing moves."""
    assert asked(CPU, cpu_of("1.4", unready=1), 2).replicas == 2


def test_starting_pods_are_left_out_on_the_way_down() -> None:
    """One ready pod at 35 %: half of one is one."""
    assert asked(CPU, cpu_of("700m", unready=3), 4).replicas == 1


def test_silent_and_surplus_pods_do_not_lead_up_on_the_way_down() -> None:
    """Three pods where one is wanted: 60 % of them would be three."""
    assert asked(CPU, cpu_of("800m", "800m", None), 1).replicas == 1


def test_samples_of_pods_that_are_gone_do_not_count_in_percent() -> None:
    """Only what has requests does."""
    inputs = cpu_of("1.4")
    gone = replace(inputs, usage=(*(inputs.usage or ()), usage("gone", cpu="9")))
    assert asked(CPU, gone, 1).utilization == 70


def test_samples_of_pods_that_are_gone_do_count_in_an_average() -> None:
    """1 and 3 are 2 on average, and one pod counts."""
    inputs = cpu_of("1")
    gone = replace(inputs, usage=(*(inputs.usage or ()), usage("gone", cpu="3")))
    assert asked(PLAIN_CPU, gone, 1).replicas == 2


def test_amount_per_pod_is_truncated_to_thousandths() -> None:
    """1.101 and 1.1: 1.1 on average, which is tolerated."""
    found = asked(PLAIN_CPU, cpu_of("1101m", "1100m"), 2)
    assert (found.value_milli, found.replicas, found.utilization) == (1100, 2, None)


def test_amount_per_pod() -> None:
    """1.5 and 1.2: 1.35 times two are 2.7."""
    assert asked(PLAIN_CPU, cpu_of("1.5", "1.2"), 2).replicas == 3


def two_containers(used: dict[str, dict[str, int]]) -> Inputs:
    """Give a pod with a proxy of 1 core beside Triton's 2."""
    proxy = {"proxy": amounts(cpu="1")["triton"]}
    requests = {**amounts(cpu="2"), **proxy}
    return Inputs((pod("a", requests=requests),), (PodUsage("a", used, 0.0),))


def test_container_alone_is_asked() -> None:
    """1.9 of 2 cores: 95 %; the pod as a whole is at 63 %."""
    inputs = two_containers({"triton": {"cpu": 1900}, "proxy": {"cpu": 0}})
    assert asked(CONTAINER, inputs, 1).utilization == 95
    assert asked(CONTAINER, inputs, 1).replicas == 2
    assert asked(CPU, inputs, 1).utilization == 63


def test_container_that_is_in_no_sample_fails() -> None:
    """A misspelt container is an error, not an idle one."""
    inputs = two_containers({"proxy": {"cpu": 0}})
    found = asked(CONTAINER, inputs, 1)
    assert found.replicas is None
    assert found.failure == "container triton not present in metrics for pod a"


def test_pod_with_half_a_sample_is_silent() -> None:
    """One container without the resource, and the pod has no sample at all."""
    inputs = two_containers({"triton": {"cpu": 1900}, "proxy": {}})
    assert asked(CPU, inputs, 1).failure == "did not receive metrics for targeted pods"


def test_one_container_without_a_request_fails_the_metric() -> None:
    """A proxy without a CPU request blinds the CPU metric of the whole pod; not that of Triton."""
    requests = {**amounts(cpu="2"), "proxy": {}}
    sample = PodUsage("a", {"triton": {"cpu": 1900}, "proxy": {"cpu": 1}}, 0.0)
    inputs = Inputs((pod("a", requests=requests),), (sample,))
    assert asked(CPU, inputs, 1).failure == "missing request for cpu in container proxy of Pod a"
    assert asked(CONTAINER, inputs, 1).utilization == 95


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (Inputs((pod("a"),), usage=None), "the resource metrics API failed"),
        (Inputs((pod("a"),)), "no metrics returned from resource metrics API"),
        (Inputs((), (usage("a", cpu="1"),)), "no pods returned by selector"),
        (Inputs((pod("a", phase="Pending"),), (usage("a", cpu="1"),)), "did not receive metrics"),
        (Inputs((pod("a"),), (usage("b", cpu="1"),)), "no metrics returned matched known pods"),
        (Inputs((pod("a"),), (usage("a", memory="1Gi"),)), "did not receive metrics"),
    ],
)
def test_why_there_is_no_count(inputs: Inputs, words: str) -> None:
    """Each way to fail is told in the controller's words."""
    found = asked(CPU, inputs, 1)
    assert found.replicas is None
    assert words in found.failure


@pytest.mark.parametrize(
    ("cores", "replicas"), [("1.84", 53), ("1.82", 40), ("1.38", 40), ("1.36", 39)]
)
def test_each_direction_has_its_own_tolerance(cores: str, replicas: int) -> None:
    """30 % up and 2 % down of 70 %: 69..91 % are tolerated."""
    up = ScalingRules(0.0, PUBLISHED.up.policies, tolerance=0.3)
    down = ScalingRules(0.0, PUBLISHED.down.policies, tolerance=0.02)
    spec = HpaSpec(1, 100, (CPU,), replace(PUBLISHED, up=up, down=down))
    assert propose(spec, CPU, cpu_of(*[cores] * 40), 40, 0.0).replicas == replicas
