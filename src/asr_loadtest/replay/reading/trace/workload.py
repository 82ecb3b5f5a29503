"""The Deployment of a trace, its ReplicaSet and its PodDisruptionBudget."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from asr_loadtest.replay.reading.trace.ledger import Ledger
from asr_loadtest.replay.reading.trace.stage import BEFORE_S, Stage, Transitions
from asr_loadtest.replay.resources import DEPLOYMENTS, PDBS, REPLICASETS

__all__ = ["pod_spec", "put_deployment", "put_pdb"]

Trace = Mapping[str, Any]
Row = Mapping[str, Any]

_IMAGE = "ai4bharat/triton-multilingual-asr:latest"
_REQUESTS = {"cpu": "2", "memory": "8Gi"}
_MESSAGES = {
    "MinimumReplicasAvailable": "Deployment has minimum availability.",
    "MinimumReplicasUnavailable": "Deployment does not have minimum availability.",
    "NewReplicaSetAvailable": 'ReplicaSet "{replica_set}" has successfully progressed.',
}


def put_deployment(ledger: Ledger, stage: Stage, trace: Trace) -> None:
    """Write down the Deployment's states, and the ReplicaSet's, which follows what it observed."""
    replicas = len(trace["pods_before_t0"])
    if trace["settings"].get("no_deployment"):
        return
    transitions = Transitions()
    for row in (_first_row(replicas), *trace["deployment"]):
        conditions = _conditions(stage, row, transitions)
        ledger.put(row["t"], DEPLOYMENTS, _deployment(stage, trace, row, conditions))
        if row["obs"] == row["gen"]:
            ledger.put(row["t"], REPLICASETS, _replica_set(stage, trace, row))


def put_pdb(ledger: Ledger, stage: Stage, trace: Trace) -> None:
    """Write down the PodDisruptionBudget's states, if there is one."""
    transitions = Transitions()
    rows = [{"t": BEFORE_S, **row} for row in trace["pdb"]]
    for row in sorted(rows, key=itemgetter("t")):
        spec = {**trace["settings"]["pdb"], "selector": {"matchLabels": stage.labels}}
        head = stage.head(PDBS, stage.scenario, generation=1)
        status = _budget_status(stage, row, transitions)
        ledger.put(row["t"], PDBS, {**head, "spec": spec, "status": status})


def pod_spec(trace: Trace) -> dict[str, Any]:
    """Make the pods' spec, as far as scaling goes: one container and its resources."""
    given = trace["settings"].get("resources", {})
    cpu = f"{trace['settings'].get('cpu_limit', 4):g}"
    resources = {
        "limits": given.get("limits", {"cpu": cpu, "memory": "16Gi"}),
        "requests": given.get("requests", _REQUESTS),
    }
    return {"containers": [{"name": "triton", "image": _IMAGE, "resources": resources}]}


def _first_row(replicas: int) -> Row:
    """All is well before the HPA comes."""
    conditions = {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    counts = dict.fromkeys(("replicas", "updated", "ready", "available"), replicas)
    return {"t": BEFORE_S, "spec": replicas, "gen": 1, "obs": 1, **counts, "conds": conditions}


def _deployment(
    stage: Stage, trace: Trace, row: Row, conditions: list[dict[str, Any]]
) -> dict[str, Any]:
    counts = {
        f"{key}Replicas": row[key]
        for key in ("updated", "ready", "available", "unavailable")
        if row.get(key)
    }
    return {
        **stage.head(DEPLOYMENTS, stage.scenario, generation=row["gen"], labels=dict(stage.labels)),
        "spec": {
            "replicas": row["spec"],
            "selector": {"matchLabels": stage.labels},
            "template": {"metadata": {"labels": stage.labels}, "spec": pod_spec(trace)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
            },
        },
        "status": {
            "observedGeneration": row["obs"],
            **({"replicas": row["replicas"]} if row["replicas"] else {}),
            **counts,
            "conditions": conditions,
        },
    }


def _conditions(stage: Stage, row: Row, transitions: Transitions) -> list[dict[str, Any]]:
    return [
        {
            "type": kind,
            "status": word,
            "lastUpdateTime": stage.time(row["t"]),
            "lastTransitionTime": stage.time(transitions.since_s(kind, word, row["t"])),
            "reason": reason,
            "message": _MESSAGES.get(reason, "").format(replica_set=stage.replica_set),
        }
        for kind, (word, reason, *_) in row["conds"].items()
    ]


def _replica_set(stage: Stage, trace: Trace, row: Row) -> dict[str, Any]:
    labels = stage.pod_labels
    head = stage.head(
        REPLICASETS,
        stage.replica_set,
        generation=row["gen"],
        labels=labels,
        ownerReferences=stage.owned_by(DEPLOYMENTS),
    )
    counts = {f"{key}Replicas": row[key] for key in ("ready", "available") if row[key]}
    replicas = row["replicas"] or 0
    return {
        **head,
        "spec": {
            "replicas": row["spec"],
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(trace)},
        },
        "status": {
            "replicas": replicas,
            **({"fullyLabeledReplicas": replicas} if replicas else {}),
            **counts,
            "observedGeneration": row["gen"],
        },
    }


def _budget_status(stage: Stage, row: Row, transitions: Transitions) -> dict[str, Any]:
    conditions = [
        {
            "type": kind,
            "status": word,
            "observedGeneration": row["observedGeneration"],
            "lastTransitionTime": stage.time(transitions.since_s(kind, word, row["t"])),
            "reason": reason,
            "message": "",
        }
        for kind, (word, reason, *_) in row["conds"].items()
    ]
    keys = (
        "observedGeneration",
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
    )
    return {**{key: row[key] for key in keys}, "conditions": conditions}
