"""What an API server says of itself: version, health and groups; enough for `kubectl get`. Pure."""

from __future__ import annotations

from typing import Any, Literal

from asr_loadtest.replay.resources import POD_METRICS, WATCHED, Resource

__all__ = ["AGGREGATED", "HEALTH", "MetricsApi", "discover", "discover_all"]

HEALTH = ("/healthz", "/livez", "/readyz")
# Who accepts this gets all groups and their resources at once.
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

# Whether metrics.k8s.io is there and answers; its backend is not the API server's own.
MetricsApi = Literal["Current", "Stale", "gone"]


_VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "$Format:%H$",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.27.3",
    "compiler": "gc",
    "platform": "linux/amd64",
}


def discover(path: str, metrics: MetricsApi = "Current") -> dict[str, Any] | None:
    """Answer *path*; None if there is no such document."""
    path = path.rstrip("/")
    if path == "/version":
        return _VERSION
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        groups = [_group(name, version) for name, version in _groups(metrics)]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    of_version = [each for each in _served(metrics) if each.root == path]
    if not of_version:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": of_version[0].api_version,
        "resources": [_entry(each) for each in of_version],
    }


def discover_all(path: str, metrics: MetricsApi = "Current") -> dict[str, Any] | None:
    """Answer /api or /apis in one document, which says Stale where a backend does not answer."""
    is_core = {"/api": True, "/apis": False}.get(path.rstrip("/"))
    if is_core is None:
        return None
    items = [
        _discovery(name, version, metrics if name == POD_METRICS.group else "Current")
        for name, version in ([("", "v1")] if is_core else _groups(metrics))
    ]
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
    return {**head, "metadata": {}, "items": items}


def _served(metrics: MetricsApi) -> list[Resource]:
    return [*WATCHED, *([] if metrics == "gone" else [POD_METRICS])]


def _groups(metrics: MetricsApi) -> list[tuple[str, str]]:
    return sorted({(each.group, each.version) for each in _served(metrics) if each.group})


def _group(name: str, version: str) -> dict[str, Any]:
    this = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [this], "preferredVersion": this}


def _entry(resource: Resource) -> dict[str, Any]:
    return {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": True,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }


def _discovery(group: str, version: str, freshness: str) -> dict[str, Any]:
    resources = [
        {
            "resource": each.plural,
            "responseKind": {"group": "", "version": "", "kind": each.kind},
            "scope": "Namespaced",
            "singularResource": each.kind.lower(),
            "verbs": list(each.verbs),
        }
        for each in _served("Current")
        if (each.group, each.version) == (group, version)
    ]
    this = {"version": version, "resources": resources, "freshness": freshness}
    return {"metadata": {"name": group} if group else {}, "versions": [this]}
