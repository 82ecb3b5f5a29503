"""CPU that says nothing of saturated pods, and the metric that would."""

from __future__ import annotations

import pytest

from advice_cases import HPA_TEXT, found_in, healthy, idle, loaded, names_in
from asr_loadtest.autoscaler.advise import Sample, advise

QUEUE_METRIC = """\
    - type: Pods
      pods:
        metric: {name: triton_pending_requests}
        target: {type: AverageValue, averageValue: "4"}
"""
AT_ONE = HPA_TEXT.replace("minReplicas: 2", "minReplicas: 1")
PUBLISHED_TEXT = AT_ONE.replace("maxReplicas: 6", "maxReplicas: 5").replace("value: 4", "value: 2")


def test_blind_cpu_names_the_metric_that_fires_and_its_target() -> None:
    """CPU stays at half of its target while eight requests wait: the queue tells them apart."""
    found = found_in(healthy(loaded=loaded(cpu_cores=1.4)), "blind_signal")
    assert "cpu is at 35 % of its request, the target is 70 %" in found.words
    assert "the GPU is 97 % busy, 8 requests wait in each pod" in found.words
    assert 'ai-model-hpa-queue.yaml, with averageValue "4"' in found.remedy
    assert "or lower averageUtilization of cpu to 23" in found.remedy
    assert found.figures["cpu_ratio"] == 0.5


def test_blind_cpu_is_cured_by_the_queue_metric() -> None:
    """With the advised metric and target the same two samples have no such finding."""
    hpa = HPA_TEXT.replace("  metrics:\n", f"  metrics:\n{QUEUE_METRIC}")
    assert names_in(healthy(hpa, loaded=loaded(cpu_cores=1.4))) == []


def test_queue_metric_of_too_high_a_target_is_as_blind() -> None:
    """Eight wait in each pod, and the target is a hundred."""
    metric = QUEUE_METRIC.replace('"4"', '"100"')
    hpa = HPA_TEXT.replace("  metrics:\n", f"  metrics:\n{metric}")
    found = found_in(healthy(hpa, loaded=loaded(cpu_cores=1.4)), "blind_signal")
    assert "triton_pending_requests (Pods) is at 8, the target is 100" in found.words


def test_blind_cpu_is_cured_by_the_lower_target() -> None:
    """The CPU target that it names fires at this load, and is no trap when idle."""
    hpa = HPA_TEXT.replace("averageUtilization: 70", "averageUtilization: 23")
    assert names_in(healthy(hpa, loaded=loaded(cpu_cores=1.4))) == []


def test_blind_cpu_with_a_gpu_alone_names_the_gpu() -> None:
    """Where no queue is known, GPU utilisation is what tells."""
    busy = loaded(cpu_cores=0.2, pending=None, queue_s=None)
    found = found_in(healthy(loaded=busy), "blind_signal")
    assert "averageValue 700m for the mean of nv_gpu_utilization" in found.remedy


def test_blind_cpu_is_milder_beside_a_metric_that_nobody_knows() -> None:
    """An external metric may fire: that is said, and not called wrong."""
    hpa = HPA_TEXT.replace(
        "  metrics:\n",
        "  metrics:\n    - type: External\n      external: {metric: {name: x}, target:"
        " {type: Value, value: 5}}\n",
    )
    found = found_in(healthy(hpa, loaded=loaded(cpu_cores=1.4)), "blind_signal")
    assert found.severity == "caveat"
    assert "unless x (External) does" in found.words


@pytest.mark.parametrize("cpu_cores", [3.09, 3.8])
def test_cpu_that_fires_is_not_blind(cpu_cores: float) -> None:
    """From 77 % of the request on, beyond the tolerance, CPU asks for more itself."""
    fires = cpu_cores > 3.1
    assert ("blind_signal" in names_in(healthy(loaded=loaded(cpu_cores=cpu_cores)))) != fires


def test_sample_that_is_not_saturated_leaves_the_question_open() -> None:
    """Without a busy GPU or a queue, low CPU means nothing, and a better sample is asked for."""
    calm = loaded(cpu_cores=0.5, pending=0.2, queue_s=0.01, gpu_utilization=0.3)
    found = advise(healthy(loaded=calm))
    assert found.findings == ()
    assert any("gpu_utilization" in gap.give for gap in found.gaps)


def test_queue_is_held_against_the_idle_one() -> None:
    """A queue that is as long without load is no sign of saturation."""
    calm = {"gpu_utilization": None, "queue_s": None, "pending": 3.0, "cpu_cores": 0.5}
    situation = healthy(idle=idle(pending=2.0), loaded=loaded(**calm))
    assert situation.saturation == ()
    assert healthy(loaded=loaded(**calm)).saturation == ("3 requests wait in each pod",)


def test_waiting_follows_from_rate_and_wait() -> None:
    """Little's law: 12 requests/s of one pod that wait 0.8 s are 9.6 in its queue."""
    sample = Sample(source="x", replicas=2, rps=24.0, queue_s=0.8)
    assert sample.waiting == pytest.approx(9.6)
