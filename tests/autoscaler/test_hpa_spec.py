"""What an HPA's manifest says, and what it leaves to the API server and the controller."""

from __future__ import annotations

from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.hpa.flags import DEFAULT_FLAGS, ControllerFlags
from asr_loadtest.autoscaler.hpa.spec import (
    Behavior,
    MetricSpec,
    Policy,
    ScalingRules,
    parse_hpa,
    parse_hpa_spec,
)

LEAST: dict[str, Any] = {"maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": "asr"}}
DEFAULT_UP = ScalingRules(0.0, (Policy("Percent", 100, 15.0), Policy("Pods", 4, 15.0)))
DEFAULT_DOWN = ScalingRules(300.0, (Policy("Percent", 100, 15.0),))


def test_the_least_that_can_be_said() -> None:
    """One replica at least, 80 % of the CPU, and no behavior."""
    spec = parse_hpa_spec(LEAST)
    assert (spec.minimum, spec.maximum) == (1, 5)
    assert spec.metrics == (MetricSpec("Resource", "cpu", 80.0, "Utilization"),)
    assert spec.behavior is None
    assert spec.target == ("Deployment", "asr")
    assert spec.flags == DEFAULT_FLAGS


@pytest.mark.parametrize(
    ("block", "behavior"),
    [
        ({}, Behavior(DEFAULT_UP, DEFAULT_DOWN)),
        (
            {"scaleUp": {"stabilizationWindowSeconds": 60}},
            Behavior(ScalingRules(60.0, DEFAULT_UP.policies), DEFAULT_DOWN),
        ),
        (
            {"scaleDown": {"selectPolicy": "Disabled", "tolerance": "50m"}},
            Behavior(
                DEFAULT_UP, ScalingRules(300.0, DEFAULT_DOWN.policies, "Disabled", tolerance=0.05)
            ),
        ),
        (
            {
                "scaleDown": {
                    "stabilizationWindowSeconds": 0,
                    "policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}],
                }
            },
            Behavior(DEFAULT_UP, ScalingRules(0.0, (Policy("Percent", 10, 60.0),))),
        ),
    ],
)
def test_half_a_behavior_block_is_filled_in(block: dict[str, Any], behavior: Behavior) -> None:
    """As the API server does; a window of 0 is one that was said."""
    assert parse_hpa_spec({**LEAST, "behavior": block}).behavior == behavior


@pytest.mark.parametrize("block", [{}, {"behavior": {}}, {"behavior": {"scaleDown": {}}}])
def test_flags_give_what_is_left_open(block: dict[str, Any]) -> None:
    """Tolerance and the window down, with a behavior block and without."""
    flags = ControllerFlags(downscale_stabilization_s=120.0, tolerance=0.2)
    rules = parse_hpa_spec({**LEAST, **block}, flags).rules
    assert (rules.down.window_s, rules.down.tolerance, rules.up.tolerance) == (120.0, 0.2, 0.2)
    assert rules.up.window_s == 0.0


def test_what_is_declared_is_not_the_flags_affair() -> None:
    """A window and a tolerance of the manifest's own stay."""
    block = {"scaleDown": {"stabilizationWindowSeconds": 300, "tolerance": "0.1"}}
    flags = ControllerFlags(downscale_stabilization_s=120.0, tolerance=0.2)
    rules = parse_hpa_spec({**LEAST, "behavior": block}, flags).rules
    assert (rules.down.window_s, rules.down.tolerance) == (300.0, 0.1)


@pytest.mark.parametrize(
    ("fields", "metric", "label"),
    [
        (
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "AverageValue", "averageValue": "1500m"},
                },
            },
            MetricSpec("Resource", "cpu", 1.5, "AverageValue"),
            "cpu",
        ),
        (
            {
                "type": "ContainerResource",
                "containerResource": {
                    "name": "cpu",
                    "container": "triton",
                    "target": {"type": "Utilization", "averageUtilization": 70},
                },
            },
            MetricSpec("ContainerResource", "cpu", 70.0, "Utilization", container="triton"),
            "cpu (ContainerResource)",
        ),
        (
            {
                "type": "Pods",
                "pods": {
                    "metric": {"name": "queue"},
                    "target": {"type": "AverageValue", "averageValue": "10"},
                },
            },
            MetricSpec("Pods", "queue", 10.0, "AverageValue"),
            "queue (Pods)",
        ),
        (
            {
                "type": "Object",
                "object": {
                    "metric": {"name": "rate"},
                    "describedObject": {"kind": "Service", "name": "asr"},
                    "target": {"type": "Value", "value": "2k"},
                },
            },
            MetricSpec("Object", "rate", 2000.0, "Value"),
            "rate (Object)",
        ),
        (
            {
                "type": "External",
                "external": {
                    "metric": {"name": "waiting", "selector": {}},
                    "target": {"type": "AverageValue", "averageValue": "4"},
                },
            },
            MetricSpec("External", "waiting", 4.0, "AverageValue"),
            "waiting (External)",
        ),
    ],
)
def test_metrics_of_all_sources(fields: dict[str, Any], metric: MetricSpec, label: str) -> None:
    """Each keeps name and target in a place of its own."""
    (read,) = parse_hpa_spec({**LEAST, "metrics": [fields]}).metrics
    assert read == metric
    assert read.label == label


def utilization(percent: object) -> list[dict[str, Any]]:
    """Give a CPU metric."""
    target = {"type": "Utilization", "averageUtilization": percent}
    return [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "maxReplicas"),
        ({"maxReplicas": 0}, "maxReplicas 0"),
        ({"maxReplicas": 2, "minReplicas": 3}, "minReplicas 3"),
        ({"maxReplicas": 2, "minReplicas": -1}, "minReplicas -1"),
        ({"maxReplicas": "many"}, "cannot be read"),
        ({"maxReplicas": 2, "metrics": [{"type": "Magic"}]}, "cannot be read"),
        ({"maxReplicas": 2, "metrics": [{"type": "Pods"}]}, "cannot be read"),
        ({"maxReplicas": 2, "metrics": utilization(0)}, "target of 0"),
        ({"maxReplicas": 2, "metrics": utilization("much")}, "no quantity"),
        ({"maxReplicas": 2, "behavior": {"scaleUp": {"policies": [{}]}}}, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(spec: dict[str, Any], words: str) -> None:
    """What is missing or out of range has one line."""
    with pytest.raises(ConfigError, match=words):
        parse_hpa_spec(spec)


def test_a_whole_manifest() -> None:
    """Kind and version are looked at, and flags handed on."""
    manifest = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "spec": LEAST}
    flags = ControllerFlags(tolerance=0.2)
    assert parse_hpa(manifest, flags) == parse_hpa_spec(LEAST, flags)


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"kind": "Deployment", "apiVersion": "apps/v1"},
        {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1"},
    ],
)
def test_what_is_no_hpa_is_told(manifest: dict[str, Any]) -> None:
    """Version 1 has other fields."""
    with pytest.raises(ConfigError, match="this is"):
        parse_hpa(manifest)
