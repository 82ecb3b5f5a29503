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
