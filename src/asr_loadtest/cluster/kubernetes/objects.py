"""
Objects of the Kubernetes API as sightings: JSON to values.

What the server omits is 0 or empty: it writes no zeros. A BOOKMARK is no object, and must not come
here: its numbers are zeros of a skeleton.

Source: Kubernetes 1.36.2, as recorded in tests/data/kube-api.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from asr_loadtest.cluster.kubernetes.quantity import quantity
from asr_loadtest.cluster.kubernetes.sightings import (
    ClusterEvent,
    Condition,
    DeploymentSeen,
    DisruptionBudgetSeen,
    HpaSeen,
    MetricStatus,
    PodSeen,
    ReplicaSetSeen,
    Sighting,
    UsageSeen,
)

__all__ = ["READERS", "read_usage"]

Json = Mapping[str, Any]


def _unix_s(stamp: str | None) -> float | None:
    """Read a timestamp of the API, such as 2026-11-23T09:57:11Z; None stays None."""
    return None if stamp is None else datetime.fromisoformat(stamp).timestamp()


def _hpa(body: Json, at_s: float, *, is_gone: bool) -> HpaSeen:
    status = body.get("status") or {}
    return HpaSeen(
        at_s=at_s,
        name=body["metadata"]["name"],
        spec=body.get("spec") or {},
        current=status.get("currentReplicas", 0),
        desired=status.get("desiredReplicas", 0),
        last_scale_unix_s=_unix_s(status.get("lastScaleTime")),
        metrics=tuple(_metric(each) for each in status.get("currentMetrics") or ()),
        conditions=_conditions(status),
        is_gone=is_gone,
    )


def _metric(slot: Json) -> MetricStatus:
    """Read one slot of currentMetrics; a metric that failed leaves it empty."""
    holder = next((each for each in slot.values() if isinstance(each, Mapping)), None)
    if holder is None:
        return MetricStatus()
    current = holder.get("current") or {}
    average = current.get("averageValue", current.get("value"))
    return MetricStatus(
        name=holder.get("name") or (holder.get("metric") or {}).get("name", ""),
        utilization=current.get("averageUtilization"),
        average=None if average is None else quantity(average),
    )


def _deployment(body: Json, at_s: float, *, is_gone: bool) -> DeploymentSeen:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    template = (spec.get("template") or {}).get("spec") or {}
    return DeploymentSeen(
        at_s=at_s,
        name=body["metadata"]["name"],
        replicas=spec.get("replicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        updated=status.get("updatedReplicas", 0),
        requests=_requests(template),
        conditions=_conditions(status),
        is_gone=is_gone,
    )


def _replicaset(body: Json, at_s: float, *, is_gone: bool) -> ReplicaSetSeen:
    owners = body["metadata"].get("ownerReferences") or ()
    return ReplicaSetSeen(
        at_s=at_s,
        name=body["metadata"]["name"],
        replicas=(body.get("spec") or {}).get("replicas", 0),
        ready=(body.get("status") or {}).get("readyReplicas", 0),
        owner=owners[0]["name"] if owners else "",
        is_gone=is_gone,
    )


def _pod(body: Json, at_s: float, *, is_gone: bool) -> PodSeen:
    meta, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    ready = conditions.get("Ready", {})
    disruption = conditions.get("DisruptionTarget", {})
    containers = status.get("containerStatuses") or ()
    return PodSeen(
        at_s=at_s,
        name=meta["name"],
        uid=meta["uid"],
        phase=status.get("phase", "Unknown"),
        is_ready=ready.get("status") == "True" and not is_gone,
        ready_since_unix_s=_unix_s(ready.get("lastTransitionTime")),
        created_unix_s=_unix_s(meta.get("creationTimestamp")),
        started_unix_s=_unix_s(status.get("startTime")),
        is_deleting="deletionTimestamp" in meta,
        is_gone=is_gone,
        disruption=disruption.get("reason", "") if disruption.get("status") == "True" else "",
        waiting=_waiting(conditions, containers),
        restarts=sum(each.get("restartCount", 0) for each in containers),
        requests=_requests(spec),
        ip=status.get("podIP", ""),
        node=spec.get("nodeName", ""),
    )


def _waiting(conditions: Mapping[str, Json], containers: Sequence[Json]) -> str:
    """Say why a pod does not run: not placed, or a container that cannot start."""
    placed = conditions.get("PodScheduled", {})
    if placed.get("status") == "False":
        return str(placed.get("reason", "Unschedulable"))
    states = ((each.get("state") or {}).get("waiting") or {} for each in containers)
    return next((str(each["reason"]) for each in states if each.get("reason")), "")


def _budget(body: Json, at_s: float, *, is_gone: bool) -> DisruptionBudgetSeen:
    status = body.get("status") or {}
    return DisruptionBudgetSeen(
        at_s=at_s,
        name=body["metadata"]["name"],
        healthy=status.get("currentHealthy", 0),
        desired_healthy=status.get("desiredHealthy", 0),
        allowed=status.get("disruptionsAllowed", 0),
        expected=status.get("expectedPods", 0),
        is_gone=is_gone,
    )


def _event(body: Json, at_s: float, *, is_gone: bool) -> ClusterEvent | None:
    if is_gone:  # an hour old, and forgotten
        return None
    about = body.get("involvedObject") or {}
    series = body.get("series") or {}
    return ClusterEvent(
        at_s=at_s,
        uid=body["metadata"]["uid"],
        about=(about.get("kind", ""), about.get("name", "")),
        reason=body.get("reason", ""),
        message=body.get("message", ""),
        count=series.get("count") or body.get("count") or 1,
        is_warning=body.get("type") == "Warning",
    )


def read_usage(body: Json, at_s: float) -> UsageSeen:
    """
    Read a PodMetricsList.

    A pod that lacks a resource in one of its containers lacks it as a whole, as the controller has
    it.
    """
    items = body.get("items") or ()
    return UsageSeen(
        at_s=at_s,
        pods={each["metadata"]["name"]: _usage(each.get("containers") or ()) for each in items},
        sampled_unix_s={
            each["metadata"]["name"]: sampled
            for each in items
            if (sampled := _unix_s(each.get("timestamp"))) is not None
        },
    )


def _usage(containers: Sequence[Json]) -> dict[str, float]:
    each_has = [set(each.get("usage") or {}) for each in containers]
    named = set.intersection(*each_has) if each_has else set()
    return {
        name: sum(quantity(each["usage"][name]) for each in containers) for name in sorted(named)
    }


def _requests(pod_spec: Json) -> dict[str, float]:
    """Add up what a pod's containers ask for; of a resource only if each of them does."""
    asked = [
        ((each.get("resources") or {}).get("requests") or {})
        for each in pod_spec.get("containers") or ()
    ]
    named = sorted(set.intersection(*map(set, asked))) if asked else []
    return {name: sum(quantity(each[name]) for each in asked) for name in named}


def _conditions(status: Json) -> dict[str, Condition]:
    return {
        each["type"]: Condition(each["status"], each.get("reason", ""), each.get("message", ""))
        for each in status.get("conditions") or ()
    }


READERS: Mapping[str, Callable[..., Sighting | None]] = {
    "horizontalpodautoscalers": _hpa,
    "deployments": _deployment,
    "replicasets": _replicaset,
    "pods": _pod,
    "poddisruptionbudgets": _budget,
    "events": _event,
}
"""By plural name: `reader(body, at_s, is_gone=...)`; None if nothing is to be noted."""
