"""
What the watcher may do: the role of its manifest, and the reviews in which a client asks for it.

The role gives get, list and watch on what is watched and get and list on pod metrics, in one
namespace. Everything else is refused with 403, also what does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from asr_loadtest.replay.paths import Target
from asr_loadtest.replay.resources import POD_METRICS, WATCHED

__all__ = ["ANONYMOUS", "USER", "is_allowed", "is_review", "review"]

USER = "watcher"
ANONYMOUS = "system:anonymous"

_REVIEWS = "/apis/authorization.k8s.io/v1/"
_ACCESS = f"{_REVIEWS}selfsubjectaccessreviews"
_RULES = f"{_REVIEWS}selfsubjectrulesreviews"
_BASICS = [
    {
        "verbs": ["create"],
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    {
        "verbs": ["create"],
        "apiGroups": ["authentication.k8s.io"],
        "resources": ["selfsubjectreviews"],
    },
]
_PATHS = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/readyz", "/version"]


def is_allowed(verb: str, target: Target, namespace: str) -> bool:
    """Tell whether the role allows *verb* on *target*; it holds in *namespace* only."""
    resource = target.resource
    if resource is None or target.part or target.namespace != namespace:
        return False
    return verb in resource.verbs


def is_review(method: str, path: str) -> bool:
    """Tell whether a client asks what it may do."""
    return method == "POST" and path in (_ACCESS, _RULES)


def review(path: str, body: bytes, namespace: str) -> dict[str, Any]:
    """
    Answer a SelfSubjectAccessReview or SelfSubjectRulesReview.

    Raises:
        ValueError: If *body* is no such object.
    """
    asked = json.loads(body)
    if not isinstance(asked, dict) or not isinstance(asked.get("spec"), dict):
        raise ValueError("the body is no review")  # noqa: TRY004 - of what was sent
    if path == _RULES:
        of_role = asked["spec"].get("namespace") == namespace
        spec, status = {}, _rules(of_role=of_role)
    else:
        spec, status = asked["spec"], _access(asked["spec"], namespace)
    return {
        "kind": "SelfSubjectRulesReview" if path == _RULES else "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": spec,
        "status": status,
    }


def _rules(*, of_role: bool) -> dict[str, Any]:
    resources = [
        {"verbs": list(each.verbs), "apiGroups": [each.group], "resources": [each.plural]}
        for each in (*WATCHED, POD_METRICS)
    ]
    return {
        "resourceRules": [*_BASICS, *(resources if of_role else [])],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": _PATHS}],
        "incomplete": False,
    }


def _access(spec: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    asked = spec.get("resourceAttributes") or {}
    group, plural, verb = (asked.get(key, "") for key in ("group", "resource", "verb"))
    served = [
        each for each in (*WATCHED, POD_METRICS) if (each.group, each.plural) == (group, plural)
    ]
    version = asked.get("version") or (served[0].version if served else "")
    target = Target(
        group, version, asked.get("namespace"), plural, asked.get("name"), asked.get("subresource")
    )
    if not is_allowed(verb, target, namespace):
        return {"allowed": False}
    reason = f'RBAC: allowed by RoleBinding "{USER}/{namespace}" of Role "{USER}" to User "{USER}"'
    return {"allowed": True, "reason": reason}
