"""The pods of a trace, from creation to deletion, and what metrics.k8s.io said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from asr_loadtest.replay.reading.trace.ledger import Ledger
from asr_loadtest.replay.reading.trace.stage import Stage
from asr_loadtest.replay.reading.trace.workload import pod_spec
from asr_loadtest.replay.recording import Poll
from asr_loadtest.replay.resources import PODS, REPLICASETS

__all__ = ["put_pods", "read_polls"]

Trace = Mapping[str, Any]

_GRACE_S = 30
_NODE = "gpu-node-1"
_NO_METRICS = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "metrics not available yet",
    "reason": "ServiceUnavailable",
    "code": 503,
}


@dataclass(frozen=True, slots=True)
class _Pod:
    """A pod at a moment; times are None where it has not come so far."""

    ordinal: int
    created_s: float | None = None
    phase: str = "Pending"
    started_s: float | None = None
    ready: bool = False
    ready_since_s: float | None = None
    deleted_s: float | None = None

    def after(self, row: Mapping[str, Any]) -> _Pod:
        """The pod after one more row of its life."""
        at_s, phase, ready = row["t"], row["phase"], row["ready"]
        if phase == "Created":
            return replace(self, created_s=at_s)
        if phase == "Terminating":
            return replace(self, deleted_s=at_s)
        started_s = at_s if self.started_s is None else self.started_s
        changed = ready != self.ready or self.ready_since_s is None
        since_s = at_s if changed else self.ready_since_s
        return replace(self, phase=phase, started_s=started_s, ready=ready, ready_since_s=since_s)


def put_pods(ledger: Ledger, stage: Stage, trace: Trace) -> None:
    """Write down each pod's states and its end."""
    pods = {each.ordinal: each for each in _pods_before(trace)}
    gone: set[int] = set()
    for pod in pods.values():
        ledger.put(0.0, PODS, _object(stage, trace, pod))
    for row in trace["pods"]:
        ordinal = row["pod"]
        pod = pods.get(ordinal, _Pod(ordinal))
        if ordinal in gone:
            continue
        if row["phase"] == "Deleted":
            ledger.delete(row["t"], PODS, _object(stage, trace, pod))
            gone.add(ordinal)
            continue
        pods[ordinal] = pod.after(row)
        ledger.put(row["t"], PODS, _object(stage, trace, pods[ordinal]))


def read_polls(stage: Stage, trace: Trace) -> list[Poll]:
    """Give what the metrics API answered to the controller at each sync."""
    polls = []
    for sync in trace["syncs"]:
        samples = sync.get("inputs", {}).get("metrics", [])
        if sync.get("api") == "503":
            polls.append(Poll(sync["t"], 503, _NO_METRICS))
        elif "inputs" in sync:
            items = [_sample(stage, each) for each in samples if each["pod"] is not None]
            head = {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1"}
            polls.append(Poll(sync["t"], 200, {**head, "metadata": {}, "items": items}))
    return polls


def _pods_before(trace: Trace) -> list[_Pod]:
    """Those that were there before the HPA, as its first sync found them."""
    found = trace["syncs"][0].get("inputs", {}).get("pods", [])
    seen = {each["pod"]: each for each in found}
    return [
        _Pod(
            row["pod"],
            phase=seen[row["pod"]]["phase"],
            started_s=seen[row["pod"]]["start"],
            ready=seen[row["pod"]]["ready"],
            ready_since_s=seen[row["pod"]]["ready_t"],
        )
        for row in trace["pods_before_t0"]
    ]


def _name(stage: Stage, ordinal: int) -> str:
    return f"{stage.replica_set}-{ordinal:05d}"


def _object(stage: Stage, trace: Trace, pod: _Pod) -> dict[str, Any]:
    ending: dict[str, Any] = {}
    if pod.deleted_s is not None:
        due = stage.time(pod.deleted_s + _GRACE_S)
        ending = {"deletionTimestamp": due, "deletionGracePeriodSeconds": _GRACE_S}
    head = stage.head(
        PODS,
        _name(stage, pod.ordinal),
        pod.created_s,
        **ending,
        labels=stage.pod_labels,
        ownerReferences=stage.owned_by(REPLICASETS),
    )
    node = {} if pod.started_s is None else {"nodeName": _NODE}
    return {**head, "spec": {**pod_spec(trace), **node}, "status": _status(stage, pod)}


def _status(stage: Stage, pod: _Pod) -> dict[str, Any]:
    if pod.started_s is None or pod.ready_since_s is None:
        return {"phase": pod.phase, "qosClass": "Burstable"}
    word = "True" if pod.ready else "False"
    times = {
        "PodScheduled": ("True", pod.started_s),
        "Initialized": ("True", pod.started_s),
        "Ready": (word, pod.ready_since_s),
        "ContainersReady": (word, pod.ready_since_s),
    }
    conditions = [
        {"type": t, "status": s, "lastProbeTime": None, "lastTransitionTime": stage.time(at_s)}
        for t, (s, at_s) in times.items()
    ]
    running = pod.phase == "Running"
    container = {
        "name": "triton",
        "state": {"running": {}} if running else {"waiting": {"reason": "ContainerCreating"}},
        "lastState": {},
        "ready": pod.ready,
        "restartCount": 0,
        "started": running,
    }
    return {
        "phase": pod.phase,
        "conditions": conditions,
        "startTime": stage.time(pod.started_s),
        "containerStatuses": [container],
        "qosClass": "Burstable",
    }


def _sample(stage: Stage, sample: Mapping[str, Any]) -> dict[str, Any]:
    taken = stage.time(sample["ts"])
    used = {"cpu": sample["cpu"], "memory": sample["mem"]}
    usage = {key: value for key, value in used.items() if value is not None}
    return {
        "metadata": {
            "name": _name(stage, sample["pod"]),
            "namespace": stage.namespace,
            "creationTimestamp": taken,
            "labels": stage.pod_labels,
        },
        "timestamp": taken,
        "window": "15s",
        "containers": [{"name": "triton", "usage": usage}],
    }
