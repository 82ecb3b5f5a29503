"""
What the stand-in serves: the Kubernetes resources a watcher reads, and what its bookmarks show.

A BOOKMARK is no object: beside its version it has a skeleton with zero values, one per kind. They
are as seen on Kubernetes 1.36.2; core/v1 events get no bookmarks there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "DEPLOYMENTS",
    "EVENTS",
    "HPAS",
    "PDBS",
    "PODS",
    "POD_METRICS",
    "REPLICASETS",
    "WATCHED",
    "Resource",
    "resource_named",
]

_TEMPLATE = {"metadata": {}, "spec": {"containers": None}}


@dataclass(frozen=True, slots=True)
class Resource:
    """
    One type of object.

    Attributes:
        group: Its API group; empty for core.
        version: The group's version.
        plural: As in paths.
        kind: As in objects.
        skeleton: What a bookmark has beside its version; None if there are no bookmarks.
        fields: What a field selector may name beside metadata.name and metadata.namespace.
        verbs: What the watcher's role allows.
    """

    group: str
    version: str
    plural: str
    kind: str
    skeleton: Mapping[str, Any] | None = field(default=None, compare=False)
    fields: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ("get", "list", "watch")

    @property
    def api_version(self) -> str:
        """As in objects: group and version, or the version alone."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """The path of the group's version."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"

    @property
    def full_name(self) -> str:
        """As in messages."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str) -> str:
        """Where its objects in *namespace* are listed."""
        return f"{self.root}/namespaces/{namespace}/{self.plural}"


HPAS = Resource(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    skeleton={
        "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
        "status": {"desiredReplicas": 0, "currentMetrics": None},
    },
)
DEPLOYMENTS = Resource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    skeleton={
        "spec": {"replicas": 0, "selector": None, "template": _TEMPLATE, "strategy": {}},
        "status": {},
    },
)
REPLICASETS = Resource(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    skeleton={
        "spec": {"replicas": 0, "selector": None, "template": _TEMPLATE},
        "status": {"replicas": 0},
    },
    fields=("status.replicas",),
)
PODS = Resource(
    "",
    "v1",
    "pods",
    "Pod",
    skeleton={"spec": {"containers": None}, "status": {}},
    fields=("spec.nodeName", "status.phase", "status.podIP"),
)
EVENTS = Resource(
    "",
    "v1",
    "events",
    "Event",
    fields=("involvedObject.kind", "involvedObject.name", "involvedObject.uid", "reason", "type"),
)
PDBS = Resource(
    "policy",
    "v1",
    "poddisruptionbudgets",
    "PodDisruptionBudget",
    skeleton={
        "spec": {},
        "status": {
            "disruptionsAllowed": 0,
            "currentHealthy": 0,
            "desiredHealthy": 0,
            "expectedPods": 0,
        },
    },
)
POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", verbs=("get", "list"))

WATCHED = (HPAS, DEPLOYMENTS, REPLICASETS, PODS, EVENTS, PDBS)


def resource_named(group: str, version: str, plural: str) -> Resource | None:
    """Find what a path speaks of; None if the stand-in does not serve it."""
    named = (group, version, plural)
    for each in (*WATCHED, POD_METRICS):
        if (each.group, each.version, each.plural) == named:
            return each
    return None
