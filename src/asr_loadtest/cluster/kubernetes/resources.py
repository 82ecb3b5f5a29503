"""What is watched: paths, selectors, which of the objects are ours, and the rights it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asr_loadtest.cluster.kubernetes.selectors import selects

__all__ = [
    "METRICS",
    "RIGHTS",
    "Right",
    "WatchTarget",
    "WatchedResource",
    "path_of",
    "usage_query",
    "watched_resources",
]

Json = Mapping[str, Any]

_GROUPS = {
    "horizontalpodautoscalers": "autoscaling/v2",
    "deployments": "apps/v1",
    "replicasets": "apps/v1",
    "pods": "v1",
    "poddisruptionbudgets": "policy/v1",
    "events": "v1",
}
METRICS = "metrics.k8s.io/v1beta1"


@dataclass(frozen=True, slots=True)
class WatchTarget:
    """
    An autoscaler and what it scales.

    Attributes:
        namespace: Of both.
        hpa: The autoscaler's name.
        hpa_spec: As the API gives it.
        deployment: What it scales.
        selector: Of the Deployment's pods, as a query writes it.
        pod_labels: That the Deployment gives to its pods.
        requests: What one pod asks for, by resource: cores, bytes, GPUs.
        usage: What one pod used on average when it was found, by resource; empty if unknown.
        start_s: How long its pods took from creation to readiness; None if none tells.
        replicas: How many pods the Deployment wanted when it was found.
        notes: What will not be seen, and why.
    """

    namespace: str
    hpa: str
    hpa_spec: Mapping[str, Any]
    deployment: str
    selector: str
    pod_labels: Mapping[str, str]
    requests: Mapping[str, float] = field(default_factory=dict)
    usage: Mapping[str, float] = field(default_factory=dict)
    start_s: float | None = None
    replicas: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchedResource:
    """
    One list and its watch.

    Attributes:
        plural: Its name in paths, such as "pods".
        path: Where its objects are.
        query: Which of them to ask for.
        is_ours: Which of them to take.
    """

    plural: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    is_ours: Callable[[Json], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource, as a role grants it."""

    verb: str
    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}"


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


RIGHTS: tuple[Right, ...] = (
    *(
        Right(verb, _group(api_version), plural)
        for plural, api_version in _GROUPS.items()
        for verb in ("list", "watch")
    ),
    Right("list", _group(METRICS), "pods"),
)
"""All that watching needs: deploy/kubernetes/watcher-rbac.yaml grants it."""


def path_of(plural: str, namespace: str, api_version: str = "") -> str:
    """Give where the objects of a namespace are listed; another group for pods: their metrics."""
    version = api_version or _GROUPS[plural]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}"


def usage_query(target: WatchTarget) -> tuple[str, Mapping[str, str]]:
    """Give path and query of the pods' metrics; they cannot be watched."""
    return path_of("pods", target.namespace, METRICS), {"labelSelector": target.selector}


def watched_resources(target: WatchTarget) -> tuple[WatchedResource, ...]:
    """Give what is watched of a target: no more than what belongs to it, where one can choose."""
    names = {"horizontalpodautoscalers": target.hpa, "deployments": target.deployment}
    by_labels = {"labelSelector": target.selector}

    def made(plural: str, query: Json, is_ours: Callable[[Json], bool]) -> WatchedResource:
        return WatchedResource(plural, path_of(plural, target.namespace), query, is_ours)

    def takes_our_pods(budget: Json) -> bool:
        return selects((budget.get("spec") or {}).get("selector"), target.pod_labels)

    def is_about_us(event: Json) -> bool:
        return _is_about(target, event.get("involvedObject") or {})

    def is_any(_: Json) -> bool:
        return True

    return (
        *(made(kind, {"fieldSelector": f"metadata.name={names[kind]}"}, is_any) for kind in names),
        made("replicasets", by_labels, is_any),
        made("pods", by_labels, is_any),
        made("poddisruptionbudgets", {}, takes_our_pods),
        made("events", {}, is_about_us),
    )


def _is_about(target: WatchTarget, about: Json) -> bool:
    """ReplicaSets and pods are named after their Deployment."""
    name = str(about.get("name", ""))
    match about.get("kind"):
        case "HorizontalPodAutoscaler":
            return name == target.hpa
        case "Deployment":
            return name == target.deployment
        case "ReplicaSet" | "Pod":
            return name.startswith(f"{target.deployment}-")
        case _:
            return False
