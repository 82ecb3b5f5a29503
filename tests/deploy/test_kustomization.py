"""What kubectl itself makes of the kustomization, where there is a kubectl."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from kubernetes_schema import schema_errors
from shipped_manifests import DEPLOY

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="no kubectl on this machine")


@pytest.fixture(scope="module")
def built() -> list[dict[str, Any]]:
    """All objects, as they would be applied."""
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(DEPLOY / "kubernetes")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return list(yaml.safe_load_all(done.stdout))


def test_everything_is_in_one_namespace(built: list[dict[str, Any]]) -> None:
    """That of the kustomization, for each of nine objects."""
    kinds = sorted(body["kind"] for body in built)
    assert kinds == [
        "Deployment",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "Role",
        "RoleBinding",
        "Service",
        "Service",
        "Service",
        "ServiceAccount",
    ]
    assert {body["metadata"]["namespace"] for body in built} == {"dev"}


def test_watchers_stay_where_they_are(built: list[dict[str, Any]]) -> None:
    """One account in the model's namespace, the load test's in its own."""
    (binding,) = (body for body in built if body["kind"] == "RoleBinding")
    accounts = [(each["name"], each["namespace"]) for each in binding["subjects"]]
    assert accounts == [("asr-watcher", "dev"), ("asr-loadtest-master", "loadtest")]


def test_result_fits_the_schema(built: list[dict[str, Any]]) -> None:
    """As the files do."""
    assert [error for body in built for error in schema_errors(body)] == []
