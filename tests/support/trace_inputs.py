"""What the recorded controller was served at each of its syncs, and what it made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asr_loadtest.autoscaler.hpa.controller import Controller
from asr_loadtest.autoscaler.hpa.inputs import Inputs, PodInput, PodUsage
from asr_loadtest.autoscaler.hpa.memory import Sync
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.cluster.kubernetes.quantity import milli

__all__ = ["Served", "replayed", "served"]

_CONTAINER = "triton"
_REQUESTS = {"cpu": "2", "memory": "8Gi"}


@dataclass(frozen=True, slots=True)
class Served:
    """
    One recorded sync.

    Attributes:
        at_s: When, since the HPA's creation.
        current: The Deployment's spec.replicas then, by its own recording; None: there is none.
        inputs: Pods and samples.
        record: All that was recorded of it.
    """

    at_s: float
    current: int | None
    inputs: Inputs
    record: dict[str, Any]


def served(trace: dict[str, Any]) -> list[Served]:
    """Give all syncs of a recording."""
    requests = trace["settings"].get("resources", {}).get("requests", _REQUESTS)
    amounts = {_CONTAINER: {name: milli(value) for name, value in requests.items()}}
    return [
        Served(sync["t"], _replicas(trace, sync["t"]), _inputs(sync, amounts), sync)
        for sync in trace["syncs"]
    ]


def replayed(spec: HpaSpec, syncs: list[Served]) -> Iterator[tuple[Served, Sync]]:
    """Give a new controller the recorded inputs, sync by sync."""
    controller = Controller(spec)
    for each in syncs:
        yield each, controller.sync(each.at_s, each.current, each.inputs)


def _replicas(trace: dict[str, Any], at_s: float) -> int | None:
    if trace["settings"].get("no_deployment"):
        return None
    seen = [each["spec"] for each in trace["deployment"] if each.get("t", 0.0) <= at_s]
    return int(seen[-1] if seen else trace["settings"].get("replicas", 1))


def _inputs(sync: dict[str, Any], requests: Mapping[str, Mapping[str, int]]) -> Inputs:
    recorded = sync.get("inputs") or {}
    pods = tuple(_pod(each, requests) for each in recorded.get("pods", ()))
    if sync.get("api") == "503":
        return Inputs(pods, usage=None)
    samples = enumerate(recorded.get("metrics", ()))
    return Inputs(pods, tuple(_usage(place, each) for place, each in samples))


def _pod(seen: dict[str, Any], requests: Mapping[str, Mapping[str, int]]) -> PodInput:
    return PodInput(
        name=str(seen["pod"]),
        requests=requests,
        phase=seen["phase"],
        is_ready=seen["ready"],
        ready_changed_s=seen["ready_t"],
        started_s=seen["start"],
        is_deleting=seen["deleting"],
    )


def _usage(place: int, seen: dict[str, Any]) -> PodUsage:
    """A sample without a pod is of one that was gone."""
    named = {"cpu": seen["cpu"], "memory": seen["mem"]}
    used = {name: milli(value) for name, value in named.items() if value is not None}
    pod = f"gone-{place}" if seen["pod"] is None else str(seen["pod"])
    return PodUsage(pod, {_CONTAINER: used}, seen["ts"])
