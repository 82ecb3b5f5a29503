"""Every shipped object is one that Kubernetes' own schema takes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubernetes_schema import schema_errors
from shipped_manifests import DEPLOY, changed, objects, shipped

OBJECTS = objects(shipped())
# What the schema must find, or it would hold nothing: file, object, path, value.
WRONG = {
    "misspelt field": ("ai-model-hpa.yaml", "", "spec minReplica", 1),
    "misspelt in a list": ("ai-model-hpa.yaml", "", "spec metrics 0 resources", {"name": "cpu"}),
    "text for a number": ("ai-model-hpa.yaml", "", "spec maxReplicas", "5"),
    "mapping for a list": ("ai-model-service.yaml", "", "spec ports", {"http": 8000}),
    "no such kind": ("ai-model-pdb.yaml", "", "kind", "PodDisruptionBudgets"),
    "missing field": ("ai-model-hpa.yaml", "", "spec scaleTargetRef", {"kind": "Deployment"}),
    "old version": ("ai-model-hpa.yaml", "", "apiVersion", "autoscaling/v2beta2"),
}


@pytest.mark.parametrize(
    ("file", "body"), OBJECTS, ids=[f"{body['kind']}-in-{file}" for file, body in OBJECTS]
)
def test_object_fits_the_schema(file: str, body: dict[str, Any]) -> None:
    """No unknown field, no wrong type, nothing required left out."""
    assert schema_errors(body) == [], file


@pytest.mark.parametrize(("file", "name", "path", "value"), WRONG.values(), ids=WRONG)
def test_schema_refuses(file: str, name: str, path: str, value: Any) -> None:
    """What the API server refuses is refused here, too."""
    texts = changed(file, name, path, value)
    assert any(schema_errors(body) for where, body in objects(texts) if where == file)


def test_all_kinds_are_there() -> None:
    """Each file holds what its name says."""
    kinds = {file: [b["kind"] for f, b in OBJECTS if f == file] for file, _ in OBJECTS}
    assert kinds["ai-model-deployment.yaml"] == ["Deployment"]
    assert kinds["ai-model-service.yaml"] == ["Service"] * 3
    assert kinds["ai-model-hpa.yaml"] == ["HorizontalPodAutoscaler"]
    assert kinds["ai-model-hpa-queue.yaml"] == ["HorizontalPodAutoscaler"]
    assert kinds["ai-model-pdb.yaml"] == ["PodDisruptionBudget"]
    assert kinds["watcher-rbac.yaml"] == ["ServiceAccount", "Role", "RoleBinding"]
    assert kinds["kong-gateway.yaml"] == ["Deployment", "Service"]


def test_namespace_is_said_once() -> None:
    """In the kustomization, whose files exist and hold one HPA."""
    kustomization = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())
    assert kustomization["namespace"]
    assert all("namespace" not in body["metadata"] for _, body in OBJECTS)
    listed = kustomization["resources"]
    assert all((DEPLOY / "kubernetes" / file).is_file() for file in listed)
    assert len([file for file in listed if "hpa" in file]) == 1


def test_seeds_numbers_are_kept() -> None:
    """Targets, policies, windows, resources and ports as the documentation of the system says."""
    by_kind = {(file, body["kind"]): body["spec"] for file, body in OBJECTS if "spec" in body}
    hpa = by_kind["ai-model-hpa.yaml", "HorizontalPodAutoscaler"]
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in hpa["metrics"]
    }
    assert (hpa["minReplicas"], hpa["maxReplicas"], targets) == (1, 5, {"cpu": 70, "memory": 80})
    up, down = hpa["behavior"]["scaleUp"], hpa["behavior"]["scaleDown"]
    steps = [(each["type"], each["value"], each["periodSeconds"]) for each in up["policies"]]
    assert steps == [("Percent", 50, 60), ("Pods", 2, 60)]
    assert down["policies"] == [{"type": "Percent", "value": 10, "periodSeconds": 60}]
    windows = (up["stabilizationWindowSeconds"], down["stabilizationWindowSeconds"])
    assert windows == (60, 300)
    (triton,) = by_kind["ai-model-deployment.yaml", "Deployment"]["template"]["spec"]["containers"]
    assert triton["resources"] == {
        "requests": {"cpu": "2", "memory": "8Gi", "nvidia.com/gpu": "1"},
        "limits": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"},
    }
    services = [body["spec"] for file, body in OBJECTS if file == "ai-model-service.yaml"]
    assert [[port["port"] for port in each["ports"]] for each in services] == [
        [8000, 8001, 8002]
    ] * 3
    assert [port["nodePort"] for port in services[1]["ports"]] == [30080, 30081, 30082]


def test_variants_differ_in_metrics_only() -> None:
    """Name, target, bounds and behaviour are one, so that the second replaces the first."""
    one, other = (
        next(body for where, body in OBJECTS if where == file)
        for file in ("ai-model-hpa.yaml", "ai-model-hpa-queue.yaml")
    )
    assert one["metadata"] == other["metadata"]
    assert {**one["spec"], "metrics": 0} == {**other["spec"], "metrics": 0}
    assert other["spec"]["metrics"][0]["type"] == "Pods"
