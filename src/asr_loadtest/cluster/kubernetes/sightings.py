"""
What was seen of the cluster: one value for each version of each object, with when it was seen.

A sighting keeps of an object what a verdict asks for. Counts that the API omits are 0.
`at_s` is in seconds since the run's zero; fields named `_unix_s` are the cluster's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = [
    "SIGHTING_KINDS",
    "ClusterEvent",
    "Condition",
    "DeploymentSeen",
    "DisruptionBudgetSeen",
    "HpaSeen",
    "MetricStatus",
    "PodSeen",
    "ReplicaSetSeen",
    "Sighting",
    "UsageSeen",
    "WatchState",
    "sighting_from_fields",
    "sighting_to_fields",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """
    One condition of an object's status.

    Attributes:
        status: "True", "False" or "Unknown".
        reason: A word, such as "ScaleDownStabilized".
        message: A sentence.
    """

    status: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class MetricStatus:
    """
    What the controller measured last of one metric.

    Attributes:
        name: Of the metric; empty where it failed.
        utilization: Whole percent of the requests, of a Utilization target.
        average: Average over the pods, or the value, as a number.
    """

    name: str = ""
    utilization: int | None = None
    average: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether the metric could be had; a failed one leaves an empty slot."""
        return bool(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class HpaSeen:
    """
    A HorizontalPodAutoscaler.

    Attributes:
        spec: As the API gives it; `autoscaler.hpa.parse_hpa_spec` reads it.
        current: Replicas wanted at the last sync.
        desired: Replicas that this sync decided on.
        last_scale_unix_s: When it changed them last; None before the first time.
        metrics: In the order of the spec's; empty if none was measured yet.
        conditions: By type.
    """

    at_s: float
    name: str
    spec: Mapping[str, Any]
    current: int = 0
    desired: int = 0
    last_scale_unix_s: float | None = None
    metrics: tuple[MetricStatus, ...] = ()
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSeen:
    """
    A Deployment.

    Attributes:
        replicas: Wanted: spec.replicas.
        ready, available, updated: Of its pods.
        requests: What one pod asks for, by resource: cores, bytes, GPUs.
        conditions: By type.
    """

    at_s: float
    name: str
    replicas: int
    ready: int = 0
    available: int = 0
    updated: int = 0
    requests: Mapping[str, float] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSetSeen:
    """A ReplicaSet: two with replicas are a rollout."""

    at_s: float
    name: str
    replicas: int
    ready: int = 0
    owner: str = ""
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSeen:
    """
    A pod.

    Attributes:
        uid: Its own; names come again.
        phase: "Pending", "Running", "Succeeded", "Failed" or "Unknown".
        is_ready: Its condition Ready.
        ready_since_unix_s: When that condition changed last.
        created_unix_s, started_unix_s: When it was made, and taken up by its node.
        is_deleting: Whether it was told to end.
        is_gone: Whether it has ended and was removed.
        disruption: Why it is being disrupted, such as "EvictionByEvictionAPI"; empty if it is not.
        waiting: Why it does not run, such as "ImagePullBackOff", "Unschedulable"; empty if it does.
        restarts: Of its containers.
        requests: By resource: cores, bytes, GPUs.
        ip, node: Where it is.
    """

    at_s: float
    name: str
    uid: str
    phase: str
    is_ready: bool = False
    ready_since_unix_s: float | None = None
    created_unix_s: float | None = None
    started_unix_s: float | None = None
    is_deleting: bool = False
    is_gone: bool = False
    disruption: str = ""
    waiting: str = ""
    restarts: int = 0
    requests: Mapping[str, float] = field(default_factory=dict)
    ip: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionBudgetSeen:
    """A PodDisruptionBudget's status."""

    at_s: float
    name: str
    healthy: int = 0
    desired_healthy: int = 0
    allowed: int = 0
    expected: int = 0
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEvent:
    """
    An event: a hint, since Kubernetes drops events when there are many.

    Attributes:
        about: Kind and name of the object.
        count: How often the same was said.
    """

    at_s: float
    uid: str
    about: tuple[str, str]
    reason: str
    message: str
    count: int = 1
    is_warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSeen:
    """
    One answer of the metrics API.

    Attributes:
        pods: Usage by pod and resource: cores, bytes.
        sampled_unix_s: When each pod was sampled.
        failure: Why there is nothing; empty if there is.
    """

    at_s: float
    pods: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    sampled_unix_s: Mapping[str, float] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """
    How the watching itself goes; written when it changes.

    Attributes:
        resource: Plural name of what is watched, such as "pods".
        is_heard: Whether the API server answers.
        trouble: What is wrong, in words; empty while it answers.
    """

    at_s: float
    resource: str
    is_heard: bool
    trouble: str = ""


Sighting = (
    HpaSeen
    | DeploymentSeen
    | ReplicaSetSeen
    | PodSeen
    | DisruptionBudgetSeen
    | ClusterEvent
    | UsageSeen
    | WatchState
)

SIGHTING_KINDS: Mapping[str, type[Sighting]] = {
    "hpa": HpaSeen,
    "deployment": DeploymentSeen,
    "replicaset": ReplicaSetSeen,
    "pod": PodSeen,
    "disruption_budget": DisruptionBudgetSeen,
    "event": ClusterEvent,
    "usage": UsageSeen,
    "watch": WatchState,
}
"""By the name that a line of a run's folder gives them."""

_NAMES = {kind: name for name, kind in SIGHTING_KINDS.items()}


def sighting_to_fields(sighting: Sighting) -> dict[str, Any]:
    """Give what JSON can carry, with its "kind"; `sighting_from_fields` reads the rest."""
    return {"kind": _NAMES[type(sighting)], **asdict(sighting)}


def sighting_from_fields(kind: type[Sighting], fields: Mapping[str, Any]) -> Sighting:
    """Make a sighting of this kind of what `sighting_to_fields` gave, but for its "kind"."""
    known = dict(fields)
    if "conditions" in known:
        known["conditions"] = {k: Condition(**each) for k, each in known["conditions"].items()}
    if "metrics" in known:
        known["metrics"] = tuple(MetricStatus(**each) for each in known["metrics"])
    if "about" in known:
        known["about"] = tuple(known["about"])
    return kind(**known)
