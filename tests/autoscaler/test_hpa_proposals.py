"""What metrics ask for: each number is worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asr_loadtest.autoscaler.hpa.inputs import Inputs, PodInput, PodUsage
from asr_loadtest.autoscaler.hpa.proposals import Proposal, propose, recommend
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec, ScalingRules
from hpa_cases import CPU, PUBLISHED, amounts, pod, usage

MEMORY = MetricSpec("Resource", "memory", 80.0, "Utilization")
PLAIN_CPU = MetricSpec("Resource", "cpu", 1.0, "AverageValue")
PER_POD = MetricSpec("Pods", "queue", 10.0, "AverageValue")
BATCH = MetricSpec("Object", "batch", 100.0, "Value")
SHARE = MetricSpec("External", "waiting", 10.0, "AverageValue")
CONTAINER = MetricSpec("ContainerResource", "cpu", 70.0, "Utilization", container="triton")


def asked(metric: MetricSpec, inputs: Inputs, current: int) -> Proposal:
    """Ask one metric; the tolerance is 10 %."""
    return propose(HpaSpec(1, 100, (metric,)), metric, inputs, current, 0.0)


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


@pytest.mark.parametrize(
    ("cores", "replicas"), [("1.84", 53), ("1.82", 40), ("1.38", 40), ("1.36", 39)]
)
def test_each_direction_has_its_own_tolerance(cores: str, replicas: int) -> None:
    """30 % up and 2 % down of 70 %: 69..91 % are tolerated."""
    up = ScalingRules(0.0, PUBLISHED.up.policies, tolerance=0.3)
    down = ScalingRules(0.0, PUBLISHED.down.policies, tolerance=0.02)
    spec = HpaSpec(1, 100, (CPU,), replace(PUBLISHED, up=up, down=down))
    assert propose(spec, CPU, cpu_of(*[cores] * 40), 40, 0.0).replicas == replicas


BOTH = HpaSpec(1, 100, (CPU, MEMORY))


def both_of(cpu: str | None, memory: str | None, current: int = 2) -> tuple[int | None, str]:
    """Let CPU and memory of two equal pods be asked."""
    used = {name: each for name, each in {"cpu": cpu, "memory": memory}.items() if each}
    inputs = Inputs((pod("a"), pod("b")), (usage("a", **used), usage("b", **used)))
    found = recommend(BOTH, inputs, current, 0.0)
    return found.replicas, found.by


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
        (CONTAINER, "cpu container resource utilization (percentage of request)"),
        (PLAIN_CPU, "cpu resource"),
        (PER_POD, "pods metric queue"),
        (BATCH, "object metric batch"),
        (SHARE, "external metric waiting"),
    ],
)
def test_metrics_have_the_controllers_names(metric: MetricSpec, words: str) -> None:
    """As in `New size: 3; reason: ... above target`."""
    pods: tuple[PodInput, ...] = (pod("a"),)
    inputs = Inputs(
        pods,
        (usage("a", cpu="1"),),
        pod_values={"queue": {"a": 1}},
        values={"batch": 1, "waiting": 1},
    )
    assert recommend(HpaSpec(1, 5, (metric,)), inputs, 1, 0.0).by == words
