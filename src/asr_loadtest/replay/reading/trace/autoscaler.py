"""The HPA of a trace: its status at each sync that wrote it, and its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asr_loadtest.replay.reading.trace.ledger import Ledger
from asr_loadtest.replay.reading.trace.stage import Stage, Transitions
from asr_loadtest.replay.resources import DEPLOYMENTS, EVENTS, HPAS, REPLICASETS

__all__ = ["put_events", "put_hpa"]

Trace = Mapping[str, Any]

# As kube-controller-manager 1.36.2 words them.
_MESSAGES = {
    "ReadyForNewScale": "recommended size matches current size",
    "ScaleDownStabilized": "recent recommendations were higher than current one, applying the"
    " highest recent recommendation",
    "ScaleUpStabilized": "recent recommendations were lower than current one, applying the lowest"
    " recent recommendation",
    "SucceededGetScale": "the HPA controller was able to get the target's current scale",
    "SucceededRescale": "the HPA controller was able to update the target scale to {desired}",
    "ValidMetricFound": "the HPA was able to successfully calculate a replica count from {by}",
    "DesiredWithinRange": "the desired count is within the acceptable range",
    "ScaleDownLimit": "the desired replica count is decreasing faster than the maximum scale rate",
    "ScaleUpLimit": "the desired replica count is increasing faster than the maximum scale rate",
    "TooManyReplicas": "the desired replica count is more than the maximum replica count",
    "TooFewReplicas": "the desired replica count is less than the minimum replica count",
}
_NEW: Mapping[str, Any] = {"desiredReplicas": 0, "currentMetrics": None}


def put_hpa(ledger: Ledger, stage: Stage, trace: Trace) -> None:
    """Write down the HPA as created, and each status that it got."""
    transitions = Transitions()
    _put_status(ledger, stage, trace, 0.0, _NEW)
    for sync in trace["syncs"]:
        if sync["status_written"]:
            at_s = _written_s(sync, trace["deployment"])
            _put_status(ledger, stage, trace, at_s, _status(stage, sync, at_s, transitions))


def put_events(ledger: Ledger, stage: Stage, trace: Trace) -> None:
    """Write down the events; one that comes again is the same object with a higher count."""
    owners = {
        "HorizontalPodAutoscaler": (HPAS, stage.scenario),
        "Deployment": (DEPLOYMENTS, stage.scenario),
        "ReplicaSet": (REPLICASETS, stage.replica_set),
    }
    names: dict[tuple[str, str], str] = {}
    first: dict[str, float] = {}
    for event in trace["events"]:
        # Scenarios whose names begin alike ran side by side.
        if event["obj"] != "HorizontalPodAutoscaler" and stage.replica_set not in event["message"]:
            continue
        resource, owner = owners[event["obj"]]
        same = (event["reason"], event["message"])
        again = names.get(same) if event["ev"] == "MODIFIED" else None
        name = names[same] = again or f"{owner}.{0x18EAA41900000000 + len(first):x}"
        created_s = first.setdefault(name, event["t"])
        about = {
            "kind": resource.kind,
            "namespace": stage.namespace,
            "name": owner,
            "uid": stage.uid(resource, owner),
            "apiVersion": resource.api_version,
        }
        head = stage.head(EVENTS, name, created_s)
        body = head | {"involvedObject": about} | _told(stage, event, created_s)
        ledger.put(event["t"], EVENTS, body)


def _told(stage: Stage, event: Mapping[str, Any], created_s: float) -> dict[str, Any]:
    """Give what an event says, and since when."""
    return {
        "reason": event["reason"],
        "message": event["message"],
        "source": {"component": event["source"]},
        "firstTimestamp": stage.time(created_s),
        "lastTimestamp": stage.time(event["t"]),
        "count": event["count"],
        "type": event["type"],
        "eventTime": None,
        "reportingComponent": event["source"],
        "reportingInstance": "",
    }


def _put_status(
    ledger: Ledger, stage: Stage, trace: Trace, at_s: float, status: Mapping[str, Any]
) -> None:
    head = stage.head(HPAS, stage.scenario, 0.0)
    ledger.put(at_s, HPAS, {**head, "spec": trace["hpa_spec"], "status": status})


def _written_s(sync: Mapping[str, Any], deployment: Iterable[Mapping[str, Any]]) -> float:
    """A rescale is written to the Deployment first, and with it to the status."""
    rescale = sync.get("rescale")
    at_s: float = sync["t"]
    if not rescale:
        return at_s
    return next((d["t"] for d in deployment if d["t"] >= at_s and d["spec"] == rescale["to"]), at_s)


def _status(
    stage: Stage, sync: Mapping[str, Any], at_s: float, transitions: Transitions
) -> dict[str, Any]:
    """Zeros are left out and no metric at all is null, as the API server has it."""
    told = sync["status"]
    last_s, current = told["last_scale"], told["current"]
    return {
        **({} if last_s is None else {"lastScaleTime": stage.time(last_s)}),
        **({"currentReplicas": current} if current else {}),
        "desiredReplicas": told["desired"],
        "currentMetrics": _metrics(told["metrics"]) or None,
        "conditions": [
            {
                "type": kind,
                "status": word,
                "lastTransitionTime": stage.time(transitions.since_s(kind, word, at_s)),
                "reason": reason,
                "message": message[0] if message else _message(reason, sync),
            }
            for kind, (word, reason, *message) in sync["conditions"].items()
        ],
    }


def _metrics(told: Sequence[Mapping[str, Any] | None]) -> list[dict[str, Any]]:
    """A metric that failed is an empty slot."""
    return [
        {
            "type": "Resource",
            "resource": {
                "name": each["name"],
                "current": {"averageValue": each["avg"], "averageUtilization": each["util"]},
            },
        }
        if each
        else {"type": ""}
        for each in told
    ]


def _message(reason: str, sync: Mapping[str, Any]) -> str:
    text = _MESSAGES.get(reason, "")
    return text.format(desired=sync["status"]["desired"], by=sync.get("by", "a metric"))
