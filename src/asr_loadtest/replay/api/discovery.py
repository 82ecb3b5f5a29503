"""What an API server says of itself: version, health and groups; enough for `kubectl get`. Pure."""

from __future__ import annotations

from typing import Any

from asr_loadtest.replay.resources import POD_METRICS, WATCHED, Resource

__all__ = ["HEALTH", "discover"]

HEALTH = ("/healthz", "/livez", "/readyz")

_SERVED = (*WATCHED, POD_METRICS)
_GROUPS = sorted({(each.group, each.version) for each in _SERVED if each.group})

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


def discover(path: str) -> dict[str, Any] | None:
    """Answer *path*; None if there is no such document."""
    path = path.rstrip("/")
    if path == "/version":
        return _VERSION
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        groups = [_group(name, version) for name, version in _GROUPS]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    of_version = [each for each in _SERVED if each.root == path]
    if not of_version:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": of_version[0].api_version,
        "resources": [_entry(each) for each in of_version],
    }


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
