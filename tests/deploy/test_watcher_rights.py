"""Who may watch the autoscaler, and how the load test's master comes by that right."""

from __future__ import annotations

from typing import Any

from shipped_manifests import objects, shipped

OBJECTS = {(file, body["kind"]): body for file, body in objects(shipped())}
ROLE = OBJECTS["watcher-rbac.yaml", "Role"]
BINDING = OBJECTS["watcher-rbac.yaml", "RoleBinding"]
ACCOUNT = OBJECTS["loadtest-master.yaml", "ServiceAccount"]
POD = OBJECTS["loadtest-master.yaml", "Job"]["spec"]["template"]["spec"]


def rights() -> dict[tuple[str, str], set[str]]:
    """What may be done, by API group and resource."""
    return {
        (group, resource): set(rule["verbs"])
        for rule in ROLE["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_watcher_may_read_what_was_seen_to_be_enough() -> None:
    """Seven resources, no subresource, no more."""
    watching, reading = {"get", "list", "watch"}, {"get", "list"}
    assert rights() == {
        ("autoscaling", "horizontalpodautoscalers"): watching,
        ("apps", "deployments"): watching,
        ("apps", "replicasets"): watching,
        ("", "pods"): watching,
        ("", "events"): watching,
        ("policy", "poddisruptionbudgets"): watching,
        ("metrics.k8s.io", "pods"): reading,
    }


def test_masters_account_is_bound() -> None:
    """The one that its pod uses, in the namespace that its file tells of."""
    name = ACCOUNT["metadata"]["name"]
    assert POD["serviceAccountName"] == name
    assert {"kind": "ServiceAccount", "name": name, "namespace": "loadtest"} in BINDING["subjects"]


def test_masters_token_is_where_clients_look() -> None:
    """Projected, read-only, an hour old at most; with the authority and the namespace."""
    (volume,) = (each for each in POD["volumes"] if each["name"] == "api")
    (mount,) = (each for each in POD["containers"][0]["volumeMounts"] if each["name"] == "api")
    assert mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
    assert mount["readOnly"] is True
    sources: dict[str, Any] = {}
    for source in volume["projected"]["sources"]:
        sources |= source
    assert sources["serviceAccountToken"] == {"path": "token", "expirationSeconds": 3600}
    assert sources["configMap"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]
    assert [each["path"] for each in sources["downwardAPI"]["items"]] == ["namespace"]


def test_workers_have_no_account_of_their_own() -> None:
    """One watcher is enough, and it is the master."""
    worker = OBJECTS["loadtest-worker.yaml", "Deployment"]["spec"]["template"]["spec"]
    assert "serviceAccountName" not in worker
    assert all("projected" not in each for each in worker["volumes"])
