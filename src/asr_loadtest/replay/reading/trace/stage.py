"""What all objects made from a trace have in common: names, times, ids, owners."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asr_loadtest.replay.resources import DEPLOYMENTS, REPLICASETS, Resource

__all__ = ["BEFORE_S", "Stage", "Transitions", "stage_of"]

Trace = Mapping[str, Any]

_NAMESPACE = "hpa-lab"
_HASH = "5d9c8b7f64"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# What was there before the HPA had been created some minutes ago.
BEFORE_S = -640.0


@dataclass(frozen=True, slots=True)
class Stage:
    """
    Where a trace plays.

    Attributes:
        scenario: Name of Deployment, HPA and PodDisruptionBudget, and the label `app`.
        namespace: Where they are.
        replica_set: Name of the Deployment's ReplicaSet.
        started: Second 0: the HPA's creation.
    """

    scenario: str
    namespace: str
    replica_set: str
    started: datetime

    @property
    def labels(self) -> dict[str, str]:
        """What selects the pods."""
        return {"app": self.scenario}

    @property
    def pod_labels(self) -> dict[str, str]:
        """What the ReplicaSet and its pods have."""
        return {**self.labels, "pod-template-hash": self.replica_set.rpartition("-")[2]}

    def time(self, at_s: float) -> str:
        """Write second *at_s* as objects have it."""
        return (self.started + timedelta(seconds=at_s)).strftime(_TIME)

    def uid(self, resource: Resource, name: str) -> str:
        """Make an object's id: the same each time."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource.path(self.namespace)}/{name}"))

    def head(
        self, resource: Resource, name: str, created_s: float | None = None, **more: Any
    ) -> dict[str, Any]:
        """
        Begin an object: kind, apiVersion and metadata; its version comes later.

        Args:
            resource: The object's type.
            name: Its name.
            created_s: When it was created; None for before the HPA.
            more: Further metadata.
        """
        metadata = {
            "name": name,
            "namespace": self.namespace,
            "uid": self.uid(resource, name),
            "resourceVersion": "",
            "creationTimestamp": self.time(BEFORE_S if created_s is None else created_s),
            **more,
        }
        return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}

    def owned_by(self, resource: Resource) -> list[dict[str, Any]]:
        """Name the owner: the Deployment or its ReplicaSet."""
        name = {DEPLOYMENTS: self.scenario, REPLICASETS: self.replica_set}[resource]
        return [
            {
                "apiVersion": resource.api_version,
                "kind": resource.kind,
                "name": name,
                "uid": self.uid(resource, name),
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]


class Transitions:
    """When each condition's status last changed, as rows come in order of time."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[str, float]] = {}

    def since_s(self, kind: str, status: str, at_s: float) -> float:
        """Take the condition's status at *at_s*; tell since when it has been that."""
        last = self._since.get(kind)
        if last is None or last[0] != status:
            last = self._since[kind] = status, at_s
        return last[1]


def stage_of(trace: Trace) -> Stage:
    """Read where *trace* plays; the ReplicaSet's name is that of its events, if there are any."""
    scenario = trace["scenario"]
    named = re.compile(rf"\b({re.escape(scenario)}-[0-9a-z]+)\b(?= from|-[0-9a-z]+$)")
    found = (named.search(event["message"]) for event in trace["events"])
    replica_set = next((match[1] for match in found if match), f"{scenario}-{_HASH}")
    started = datetime.strptime(trace["t0"], _TIME).replace(tzinfo=UTC)
    return Stage(scenario, _NAMESPACE, replica_set, started)
