"""The shipped manifests pass all checks, and each check finds what it is for."""

from __future__ import annotations

from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.manifests import check_manifests
from asr_loadtest.manifests.access import find_keys
from shipped_manifests import ABSENT, DEPLOY, changed, shipped

MODEL, SERVICE = "ai-model-deployment.yaml", "ai-model-service.yaml"
HPA, QUEUE, PDB = "ai-model-hpa.yaml", "ai-model-hpa-queue.yaml", "ai-model-pdb.yaml"
RBAC, KONG = "watcher-rbac.yaml", "kong.yml"
MASTER, WORKER = "loadtest-master.yaml", "loadtest-worker.yaml"
NODEPORT = "triton-multilingual-asr-nodeport"
CLUSTER_IP = "triton-multilingual-asr-service"
POD = "spec template spec"
TRITON = f"{POD} containers 0"
UP = "spec behavior scaleUp"

# What it is: which check finds it; then file, object, path to the field, and the wrong value.
SEEDED: dict[str, tuple[str, str, str, str, Any]] = {
    # one namespace
    "HPA elsewhere": ("namespace", HPA, "", "metadata namespace", "default"),
    "budget elsewhere": ("namespace", PDB, "", "metadata namespace", "default"),
    "service elsewhere": ("namespace", SERVICE, NODEPORT, "metadata namespace", "default"),
    "binding elsewhere": ("namespace", RBAC, "RoleBinding", "metadata namespace", "default"),
    # pods
    "pods without labels": ("selector", WORKER, "Deployment", "spec template metadata", {}),
    "GPU limit": ("gpu-request", MODEL, "", f"{TRITON} resources limits nvidia.com/gpu", "2"),
    "probe at no port": ("probe-port", MODEL, "", f"{TRITON} livenessProbe httpGet port", "api"),
    "volume misspelt": ("volume", MASTER, "Job", f"{POD} volumes 0 name", "run"),
    "no such account": ("account", MASTER, "Job", f"{POD} serviceAccountName", "watcher"),
    # Triton
    "emptyDir over the models": (
        "models-volume",
        MODEL,
        "",
        f"{TRITON} volumeMounts",
        [{"name": "shm", "mountPath": "/dev/shm"}, {"name": "shm", "mountPath": "/models/"}],  # noqa: S108
    ),
    "no shared memory": ("shared-memory", MODEL, "", f"{POD} volumes 0 emptyDir", {}),
    "command of the image": ("command", MODEL, "", f"{TRITON} command", ABSENT),
    "variables that Triton ignores": (
        "ignored-variable",
        MODEL,
        "",
        f"{TRITON} env",
        [{"name": "TRITON_SERVER_HTTP_PORT", "value": "8000"}],
    ),
    "server-level readiness": (
        "readiness",
        MODEL,
        "",
        f"{TRITON} readinessProbe httpGet path",
        "/v2/health/ready",
    ),
    "no readiness": ("readiness", MODEL, "", f"{TRITON} readinessProbe", ABSENT),
    "no startup probe": ("startup", MODEL, "", f"{TRITON} startupProbe", ABSENT),
    "impatient startup": ("startup", MODEL, "", f"{TRITON} startupProbe failureThreshold", 3),
    "model-level liveness": (
        "liveness",
        MODEL,
        "",
        f"{TRITON} livenessProbe httpGet path",
        "/v2/models/asr_am_ensemble/ready",
    ),
    "no preStop": ("grace", MODEL, "", f"{TRITON} lifecycle", ABSENT),
    "default grace": ("grace", MODEL, "", f"{POD} terminationGracePeriodSeconds", ABSENT),
    # services
    "NodePort of the container": (
        "nodeport-range",
        SERVICE,
        NODEPORT,
        "spec ports 0 nodePort",
        8000,
    ),
    "NodePort twice": ("nodeport-twice", SERVICE, NODEPORT, "spec ports 0 nodePort", 30081),
    "service of nobody": ("service-selector", SERVICE, CLUSTER_IP, "spec selector app", "triton"),
    "service at no port": ("target-port", SERVICE, CLUSTER_IP, "spec ports 0 targetPort", 8080),
    "callers pinned": ("pinned", SERVICE, CLUSTER_IP, "spec sessionAffinity", "ClientIP"),
    # HPA
    "target misspelt": ("scale-target", HPA, "", "spec scaleTargetRef name", "triton-asr"),
    "old HPA": ("old-api", QUEUE, "", "apiVersion", "autoscaling/v1"),
    "min above max": ("replicas-range", HPA, "", "spec minReplicas", 6),
    "replicas that fight": ("fixed-replicas", MODEL, "", "spec replicas", 1),
    "second HPA": ("two-hpas", HPA, "", "metadata name", "triton-by-cpu"),
    "window beyond the bounds": ("window", HPA, "", f"{UP} stabilizationWindowSeconds", 3601),
    "period beyond the bounds": ("policy", HPA, "", f"{UP} policies 1 periodSeconds", 1801),
    "policy of nothing": ("policy", HPA, "", f"{UP} policies 0 value", 0),
    # budget
    "budget with both": ("budget", PDB, "", "spec minAvailable", 0),
    "budget with neither": ("budget", PDB, "", "spec maxUnavailable", ABSENT),
    "budget of nobody": ("budget-selector", PDB, "", "spec selector matchLabels app", "triton"),
    "budget of no pod": ("budget-blocks", PDB, "", "spec maxUnavailable", 0),
    "budget of no percent": ("budget-blocks", PDB, "", "spec maxUnavailable", "0%"),
    "budget as published": (
        "budget-blocks",
        PDB,
        "",
        "spec",
        {"minAvailable": 1, "selector": {"matchLabels": {"app": "triton-multilingual-asr"}}},
    ),
    # rights and keys
    "watcher that scales": ("rights", RBAC, "Role", "rules 1 verbs", ["get", "patch"]),
    "watcher of everything": ("rights", RBAC, "Role", "rules 2 resources", ["*"]),
    "watcher of secrets": ("rights", RBAC, "Role", "rules 2 resources", ["secrets"]),
    "role misspelt": ("binding", RBAC, "RoleBinding", "roleRef name", "watcher"),
    "account misspelt": ("binding", RBAC, "RoleBinding", "subjects 0 name", "watcher"),
    "key in the environment": (
        "key-in-file",
        MODEL,
        "",
        "metadata annotations",
        {"api_key": "0123456789abcdef0123"},
    ),
    "key in the gateway": (
        "key-in-file",
        KONG,
        "",
        "consumers",
        [{"username": "asr-client", "keyauth_credentials": [{"key": "short"}]}],
    ),
    # gateway
    "anybody may call": ("key-auth", KONG, "", "plugins 0 name", "basic-auth"),
    "published header": ("key-auth", KONG, "", "plugins 0 config key_names", ["apikey"]),
    "key in the query": ("key-auth", KONG, "", "plugins 0 config key_in_query", True),
    "no limit": ("rate-limit", KONG, "", "plugins 1 name", "prometheus"),
    "hidden limit": ("rate-limit", KONG, "", "plugins 1 config hide_client_headers", True),
    "pages without a key": ("cors", KONG, "", "plugins 2 config headers", ["Content-Type"]),
    "small bodies": ("body-size", KONG, "", "plugins 4 config allowed_payload_size", 8),
    "bodies of any size": ("body-size", KONG, "", "plugins 4 name", "prometheus"),
    "Kong's own timeout": ("read-timeout", KONG, "", "services 0 read_timeout", ABSENT),
    "all of Triton open": ("open-prefix", KONG, "", "services 3 routes 0 paths", ["/v2"]),
    "prefix without its end": (
        "open-prefix",
        KONG,
        "",
        "services 3 routes 0 paths",
        ["/v2/models"],
    ),
    "all of gRPC open": (
        "open-prefix",
        KONG,
        "",
        "services 6 routes 0 paths",
        ["/inference.GRPCInferenceService/"],
    ),
    "no list of models": ("model-list", KONG, "", "services 4 routes 0 plugins", []),
    "server-level health": (
        "model-health",
        KONG,
        "",
        "upstreams 0 healthchecks active http_path",
        "/v2/health/ready",
    ),
    "no such service": ("gateway-target", KONG, "", "services 6 host", "triton-grpc"),
}


def test_what_is_shipped_has_no_defect() -> None:
    """Not one, in any file."""
    assert [str(each) for each in check_manifests(shipped())] == []


def test_no_file_holds_a_key() -> None:
    """Nor do those that no cluster reads: the script, its description."""
    texts = {path.name: path.read_text() for path in DEPLOY.rglob("*") if path.is_file()}
    assert len(texts) > len(shipped())
    assert [str(each) for each in find_keys(texts)] == []


@pytest.mark.parametrize(("check", "file", "name", "path", "value"), SEEDED.values(), ids=SEEDED)
def test_seeded_defect_is_found(check: str, file: str, name: str, path: str, value: Any) -> None:
    """By its own check and no other, with a place and a remedy."""
    found = check_manifests(changed(file, name, path, value))
    assert {each.name for each in found} == {check}, [str(each) for each in found]
    assert all(file in each.where and each.remedy for each in found)


# The published manifests in short: each of their defects that a manifest can show.
PUBLISHED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: triton-multilingual-asr, namespace: dev}
spec:
  replicas: 1
  selector: {matchLabels: {app: triton-multilingual-asr}}
  template:
    metadata: {labels: {app: triton-multilingual-asr}}
    spec:
      containers:
        - name: triton
          image: ai4bharat/triton-multilingual-asr:latest
          env: [{name: TRITON_SERVER_HTTP_PORT, value: "8000"}]
          ports: [{containerPort: 8000}]
          livenessProbe: {httpGet: {path: /v2/health/live, port: 8000}}
          readinessProbe: {httpGet: {path: /v2/health/ready, port: 8000}}
          resources: {requests: {cpu: "2", memory: 8Gi}, limits: {cpu: "4", memory: 16Gi}}
          volumeMounts: [{name: models, mountPath: /models}]
      volumes: [{name: models, emptyDir: {}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: triton-multilingual-asr-hpa, namespace: default}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: triton-multilingual-asr}
  minReplicas: 1
  maxReplicas: 5
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: triton-multilingual-asr-pdb, namespace: default}
spec: {minAvailable: 1, selector: {matchLabels: {app: triton-multilingual-asr}}}
"""


def test_published_manifests_are_found_out() -> None:
    """All that is repaired here, from their facts alone."""
    found = [each.name for each in check_manifests({"published.yaml": PUBLISHED})]
    assert sorted(found) == [
        "budget-blocks",
        "command",
        "fixed-replicas",
        "grace",
        "ignored-variable",
        "models-volume",
        "namespace",
        "namespace",
        "readiness",
        "shared-memory",
        "startup",
    ]


def test_limit_counts_as_a_request() -> None:
    """As in a cluster, where a limit alone is the request as well."""
    path = f"{TRITON} resources requests"
    assert check_manifests(changed(MODEL, "", path, {"nvidia.com/gpu": "1"})) == ()


def test_percentage_of_nothing_is_found() -> None:
    """A metric in percent of a request that no container makes, which the API server takes."""
    found = check_manifests(changed(MODEL, "", f"{TRITON} resources", {}))
    assert {each.name for each in found} == {"requests"}
    assert len(found) == 3  # CPU for both variants, memory for one


def test_key_that_is_found_is_not_shown() -> None:
    """Whoever reads the report must not get it from there."""
    text = "export ASR_API_KEY=" + "0123456789abcdef0123"
    (found,) = check_manifests({"x.yaml": f"# {text}"})
    assert (found.name, found.where) == ("key-in-file", "line 1 of x.yaml")
    assert "0123456789" not in str(found)


@pytest.mark.parametrize(
    "text",
    ["a: [", "- a\n- b", "just words", "a: 2026-13-45", f"a: 1{'0' * 5000}", "[" * 10_000],
    ids=["open", "list", "words", "no date", "long number", "deep"],
)
def test_file_that_is_no_manifest_is_named(text: str) -> None:
    """One line that says which, and no traceback."""
    with pytest.raises(ConfigError, match=r"^x\.yaml"):
        check_manifests({"x.yaml": text})
