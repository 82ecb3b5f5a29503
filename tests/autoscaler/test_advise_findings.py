"""Each finding from one thing made wrong, and none of them from what is healthy."""

from __future__ import annotations

import pytest

from advice_cases import HPA_TEXT, WORKLOAD_TEXT, found_in, healthy, idle, loaded, names_in
from asr_loadtest.autoscaler.advise import Situation, advise

QUEUE_METRIC = """\
    - type: Pods
      pods:
        metric: {name: triton_pending_requests}
        target: {type: AverageValue, averageValue: "4"}
"""
AT_ONE = HPA_TEXT.replace("minReplicas: 2", "minReplicas: 1")
PUBLISHED_TEXT = AT_ONE.replace("maxReplicas: 6", "maxReplicas: 5").replace("value: 4", "value: 2")


def test_healthy_has_no_finding_and_no_gap() -> None:
    """All questions are answered, and nothing is wrong."""
    found = advise(healthy())
    assert found.findings == ()
    assert found.gaps == ()
    assert not found.is_grave


SEEDED: dict[str, tuple[str, Situation]] = {
    "memory_trap": ("warn", healthy(idle=idle(memory_bytes=12 * 2.0**30))),
    "cpu_trap": (
        "warn",
        healthy(HPA_TEXT.replace("averageUtilization: 70", "averageUtilization: 2")),
    ),
    "blind_signal": ("warn", healthy(loaded=loaded(cpu_cores=0.7))),
    "cpu_of_request": (
        "caveat",
        healthy(workload=WORKLOAD_TEXT.replace('cpu: "4", m', 'cpu: "2", m', 1)),
    ),
    "unreachable_target": (
        "warn",
        healthy(HPA_TEXT.replace("averageUtilization: 80", "averageUtilization: 95")),
    ),
    "missing_request": (
        "warn",
        healthy(workload=WORKLOAD_TEXT.replace('{cpu: "4", m', "{m")),
    ),
    "frozen_wish": (
        "caveat",
        healthy(PUBLISHED_TEXT, start_s=120.0, bear_s=400.0, ramp_rps_per_min=15.0),
    ),
    "killed_start": ("warn", healthy(start_s=700.0, bear_s=900.0)),
    "cold_start": ("warn", healthy(bear_s=60.0)),
    "short_down_window": ("warn", healthy(start_s=400.0, bear_s=900.0)),
    "rate_limit": ("warn", healthy(limit_rps=5.0)),
    "few_gpus": ("warn", healthy(gpus=4)),
    "slow_policy": ("warn", healthy(ramp_rps_per_min=90.0)),
    "pinned_connections": ("warn", healthy(connections="keepalive")),
    "uneven_pods": ("warn", healthy(loaded=loaded(requests_by_pod={"a": 900.0, "b": 40.0}))),
    "pinned": (
        "warn",
        healthy(workload=WORKLOAD_TEXT.replace("ports: [", "sessionAffinity: ClientIP, ports: [")),
    ),
    "budget_blocks": (
        "warn",
        healthy(workload=WORKLOAD_TEXT.replace("maxUnavailable: 1", "minAvailable: 2")),
    ),
    "budget_selector": (
        "warn",
        healthy(
            workload=WORKLOAD_TEXT.replace(
                "maxUnavailable: 1, selector: {matchLabels: {app: asr}}",
                "maxUnavailable: 1, selector: {matchLabels: {app: other}}",
            )
        ),
    ),
    "namespace": (
        "warn",
        healthy(HPA_TEXT.replace("name: asr-hpa", "name: asr-hpa, namespace: other")),
    ),
    "scale_target": (
        "warn",
        healthy(HPA_TEXT.replace("Deployment, name: asr", "Deployment, name: gone")),
    ),
    "fixed_replicas": (
        "caveat",
        healthy(
            workload=WORKLOAD_TEXT.replace("spec:\n  selector", "spec:\n  replicas: 2\n  selector")
        ),
    ),
    "absent_behavior": ("caveat", healthy(HPA_TEXT.partition("  behavior:")[0])),
    "fixed_size": ("warn", healthy(HPA_TEXT.replace("maxReplicas: 6", "maxReplicas: 2"))),
    "one_way": (
        "caveat",
        healthy(HPA_TEXT.replace("scaleDown:\n", "scaleDown:\n      selectPolicy: Disabled\n")),
    ),
}

# What else follows from what is wrong with these is found, too.
WITH_OTHERS = {
    "absent_behavior",
    "fixed_size",
    "killed_start",
    "missing_request",
    "scale_target",
    "short_down_window",
}
# These have nothing to count.
WITHOUT_FIGURES = {
    "budget_selector",
    "missing_request",
    "namespace",
    "one_way",
    "pinned",
    "pinned_connections",
    "scale_target",
}


@pytest.mark.parametrize("name", SEEDED)
def test_seeded_defect_is_found(name: str) -> None:
    """What was made wrong is named, with its gravity, its figures in words, and a way out."""
    severity, situation = SEEDED[name]
    found = found_in(situation, name)
    assert found.severity == severity
    assert any(each.isdigit() for each in found.words) or name in WITHOUT_FIGURES
    assert found.remedy
    assert not found.words.endswith(".")


@pytest.mark.parametrize("name", sorted(set(SEEDED) - WITH_OTHERS))
def test_seeded_defect_is_all_that_is_found(name: str) -> None:
    """One thing wrong gives one finding."""
    assert names_in(SEEDED[name][1]) == [name]


def test_findings_are_gravest_first() -> None:
    """What will go wrong comes before what one should know."""
    found = advise(healthy(PUBLISHED_TEXT, start_s=120.0, bear_s=60.0, gpus=2)).findings
    assert [each.severity for each in found] == ["warn", "warn", "warn", "caveat"]


# --- requests


def test_request_is_the_limit_where_only_that_is_said() -> None:
    """The API server fills it in, so the metric works."""
    start = WORKLOAD_TEXT.index("            requests:")
    text = WORKLOAD_TEXT[:start] + WORKLOAD_TEXT[WORKLOAD_TEXT.index("            limits:") :]
    assert names_in(healthy(workload=text)) == []
    assert healthy(workload=text).requests["memory"] == 16 * 2.0**30


def test_one_container_without_a_request_fails_the_metric() -> None:
    """A sidecar counts, also as an init container that keeps running."""
    sidecar = "      initContainers: [{name: proxy, restartPolicy: Always}]\n      containers:"
    text = WORKLOAD_TEXT.replace("      containers:", sidecar)
    found = [
        each for each in advise(healthy(workload=text)).findings if each.name == "missing_request"
    ]
    assert len(found) == 2
    assert "proxy requests no cpu" in found[0].words


def test_samples_say_what_a_pod_requests_where_no_manifest_does() -> None:
    """Without a Deployment the sample's own figure is taken."""
    sample = idle(memory_bytes=4 * 2.0**30, memory_request_bytes=8 * 2.0**30)
    hpa = healthy(AT_ONE).spec
    found = found_in(Situation(spec=hpa, idle=sample), "memory_trap")
    assert found.figures["percent"] == 50


# --- limits


@pytest.mark.parametrize(
    ("limit_rps", "says"),
    [
        (5.0, "never asks for more than minReplicas"),
        (20.0, "never asks for more than minReplicas"),
        (35.0, "more than 4 replicas are never needed"),
    ],
)
def test_rate_limit_says_how_many_replicas_it_lets_live(limit_rps: float, says: str) -> None:
    """At 10 requests/s a pod the two of the minimum carry 20."""
    assert says in found_in(healthy(limit_rps=limit_rps), "rate_limit").words


def test_capacity_is_of_saturated_pods_alone() -> None:
    """What calm pods do is not what they can; a figure that is given wins."""
    calm = loaded(pending=0.1, queue_s=0.01, gpu_utilization=0.3, rps=2.0)
    assert healthy(loaded=calm).carried_rps is None
    assert healthy(loaded=calm, pod_rps=7.0).carried_rps == 7.0
    assert healthy().carried_rps == 10.0


def test_gpus_of_a_pod_count() -> None:
    """Pods of two GPUs each need twice as many; a container beside them needs none."""
    text = WORKLOAD_TEXT.replace('gpu: "1"', 'gpu: "2"')
    beside = "{name: proxy, resources: {requests: {cpu: 1m, memory: 1Mi}}}"
    text = text.replace("containers:\n", f"containers:\n        - {beside}\n")
    assert found_in(healthy(workload=text), "few_gpus").figures["room"] == 4


@pytest.mark.parametrize(
    ("shares", "is_uneven"),
    [
        ({"a": 500, "b": 500, "c": 2}, True),
        ({"a": 400, "b": 350, "c": 250}, False),
        ({"a": 30, "b": 1}, False),
        ({"a": 1000}, False),
    ],
)
def test_uneven_pods_need_a_pod_with_less_than_half(
    shares: dict[str, float], is_uneven: bool
) -> None:
    """Chance makes small counts uneven; one pod alone is never."""
    assert ("uneven_pods" in names_in(healthy(loaded=loaded(requests_by_pod=shares)))) == is_uneven


# --- gaps


def test_without_anything_all_questions_stay_open() -> None:
    """An HPA alone: nothing is found, and each question says what would answer it."""
    found = advise(Situation(spec=healthy().spec))
    assert found.findings == ()
    gives = " ".join(gap.give for gap in found.gaps)
    for wanted in ("Deployment asr", "PodDisruptionBudget", "--idle", "--loaded", "--start-s"):
        assert wanted in gives
    for wanted in ("--limit-rps", "--gpus", "--connections", "--ramp"):
        assert wanted in gives


def test_files_without_workloads_accuse_nobody() -> None:
    """Whether a target or a budget's pods exist cannot be told by a part of the files."""
    budget = WORKLOAD_TEXT.split("---\n")[1]
    assert names_in(healthy(workload=budget, gpus=None)) == []
