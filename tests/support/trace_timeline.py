"""
Recordings of the real HPA controller as the sightings that a watcher would have had.

A trace has each look of the controller; a watcher sees the status only where it was written.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from asr_loadtest.autoscaler.hpa.spec import HpaSpec, parse_hpa_spec
from asr_loadtest.cluster.kubernetes.quantity import quantity
from asr_loadtest.cluster.kubernetes.sightings import (
    ClusterEvent,
    Condition,
    DeploymentSeen,
    DisruptionBudgetSeen,
    HpaSeen,
    MetricStatus,
    PodSeen,
    Sighting,
    UsageSeen,
)

TRACES = Path(__file__).parents[1] / "data" / "hpa-traces"
TRACE_NAMES = tuple(sorted(path.name.removesuffix(".json.gz") for path in TRACES.glob("*.json.gz")))

# The status is written, and seen, a moment after the look began; samples were fetched before.
_WRITTEN_AFTER_S = 0.06
_SAMPLED_BEFORE_S = 0.5

Trace = dict[str, Any]


def load_trace(name: str) -> Trace:
    """Read one recording; each call gives a copy that may be edited."""
    trace: Trace = json.loads(gzip.decompress((TRACES / f"{name}.json.gz").read_bytes()))
    return trace


def trace_spec(trace: Trace) -> HpaSpec:
    """Give what the recording's HPA declared."""
    return parse_hpa_spec(trace["hpa_spec"])


def trace_sightings(trace: Trace) -> list[Sighting]:
    """Give what a watcher would have seen, times on the trace's axis."""
    return [
        *_hpa(trace),
        *_deployment(trace),
        *_pods(trace),
        *_budgets(trace),
        *_events(trace),
        *_usage(trace),
    ]


def _zero_unix_s(trace: Trace) -> float:
    return datetime.fromisoformat(trace["t0"]).timestamp()


def _hpa(trace: Trace) -> Iterator[HpaSeen]:
    name, spec = trace["scenario"], trace["hpa_spec"]
    yield HpaSeen(at_s=0.0, name=name, spec=spec)
    for sync in trace["syncs"]:
        if not sync["status_written"]:
            continue
        status = sync["status"]
        scaled_s = status["last_scale"]
        yield HpaSeen(
            at_s=sync["t"] + _WRITTEN_AFTER_S,
            name=name,
            spec=spec,
            current=status["current"] or 0,
            desired=status["desired"],
            last_scale_unix_s=None if scaled_s is None else _zero_unix_s(trace) + scaled_s,
            metrics=tuple(map(_metric, status["metrics"] or ())),
            conditions={kind: Condition(*each) for kind, each in sync["conditions"].items()},
        )


def _metric(slot: dict[str, Any] | None) -> MetricStatus:
    if slot is None:
        return MetricStatus()
    return MetricStatus(slot["name"], slot["util"], quantity(slot["avg"]))


def _deployment(trace: Trace) -> Iterator[DeploymentSeen]:
    if trace["settings"].get("no_deployment"):
        return
    name, first = trace["scenario"], trace["settings"].get("replicas", 1)
    yield DeploymentSeen(at_s=0.0, name=name, replicas=first, ready=first, available=first)
    for seen in trace["deployment"]:
        if seen.get("t", 0.0) > 0:
            yield DeploymentSeen(
                at_s=seen["t"],
                name=name,
                replicas=seen["spec"],
                ready=seen["ready"] or 0,
                available=seen["available"] or 0,
            )


def _pods(trace: Trace) -> Iterator[PodSeen]:
    known = {pod["pod"]: pod for sync in trace["syncs"] for pod in _inputs(sync, "pods")}
    created: dict[int, float] = {}
    ready_at: dict[int, float | None] = {}
    was_there = {pod["pod"] for pod in trace["pods_before_t0"]}
    for number in sorted(was_there & set(known)):
        created[number], ready_at[number] = known[number]["start"], known[number]["ready_t"]
        since = created[number], ready_at[number]
        yield _pod(trace, {"t": 0.0, "pod": number, "phase": "Running"}, since)
    for seen in trace["pods"]:
        number = seen["pod"]
        created.setdefault(number, seen["t"])
        if seen["ready"]:
            ready_at[number] = ready_at.get(number) or seen["t"]
        else:
            ready_at[number] = None
        yield _pod(trace, seen, (created[number], ready_at[number]))


def _pod(trace: Trace, seen: dict[str, Any], since: tuple[float, float | None]) -> PodSeen:
    """Make a version of a pod; *since* is when it was made, and got ready."""
    zero, phase, (created_s, ready_s) = _zero_unix_s(trace), seen["phase"], since
    return PodSeen(
        at_s=seen["t"],
        name=f"{trace['scenario']}-{seen['pod']}",
        uid=f"uid-{seen['pod']}",
        phase="Pending" if phase in {"Created", "Pending"} else "Running",
        is_ready=ready_s is not None,
        ready_since_unix_s=None if ready_s is None else zero + ready_s,
        created_unix_s=zero + created_s,
        started_unix_s=zero + created_s,
        is_deleting=phase in {"Terminating", "Deleted"},
        is_gone=phase == "Deleted",
    )


def _budgets(trace: Trace) -> Iterator[DisruptionBudgetSeen]:
    for seen in sorted(trace["pdb"], key=lambda each: each.get("t", 0.0)):
        yield DisruptionBudgetSeen(
            at_s=max(seen.get("t", 0.0), 0.0),
            name=trace["scenario"],
            healthy=seen["currentHealthy"] or 0,
            desired_healthy=seen["desiredHealthy"] or 0,
            allowed=seen["disruptionsAllowed"] or 0,
            expected=seen["expectedPods"] or 0,
        )


def _events(trace: Trace) -> Iterator[ClusterEvent]:
    for number, seen in enumerate(trace["events"]):
        yield ClusterEvent(
            at_s=seen["t"],
            uid=f"event-{number}",
            about=(seen["obj"], trace["scenario"]),
            reason=seen["reason"],
            message=seen["message"],
            count=seen["count"],
            is_warning=seen["type"] == "Warning",
        )


def _usage(trace: Trace) -> Iterator[UsageSeen]:
    zero = _zero_unix_s(trace)
    for sync in trace["syncs"]:
        at_s = sync["t"] - _SAMPLED_BEFORE_S
        if sync.get("api", "ok") not in ("ok", "nomem", "nocpu", "empty"):
            yield UsageSeen(at_s=at_s, failure=f"the metrics API said {sync['api']}")
        elif "inputs" in sync:
            samples = {
                f"{trace['scenario']}-{each['pod']}": each for each in _inputs(sync, "metrics")
            }
            yield UsageSeen(
                at_s=at_s,
                pods={name: _resources(each) for name, each in samples.items()},
                sampled_unix_s={name: zero + each["ts"] for name, each in samples.items()},
            )


def _resources(sample: dict[str, Any]) -> dict[str, float]:
    named = {"cpu": sample.get("cpu"), "memory": sample.get("mem")}
    return {name: quantity(value) for name, value in named.items() if value is not None}


def _inputs(sync: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (sync.get("inputs") or {}).get(kind) or []
    return found
