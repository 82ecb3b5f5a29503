"""
What the controller is served at one sync: pods, their usage, and metrics of other kinds.

All amounts are whole thousandths of the metric's own unit, as the controller reckons
(`quantity.milli`); all instants are seconds on one axis of the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Amounts", "Inputs", "PodInput", "PodUsage"]

Amounts = Mapping[str, Mapping[str, int]]
"""By container, and then by resource."""


@dataclass(frozen=True, slots=True)
class PodInput:
    """
    A pod that the target's selector finds.

    Attributes:
        name: Its name.
        requests: What its containers request; init containers that keep running are such, too.
        phase: As in its status.
        is_ready: Its condition Ready; None if it has none.
        ready_changed_s: When that last changed.
        started_s: startTime; None if the kubelet has not set it.
        is_deleting: Whether its deletion has begun.
    """

    name: str
    requests: Amounts
    phase: Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"] = "Running"
    is_ready: bool | None = True
    ready_changed_s: float = 0.0
    started_s: float | None = 0.0
    is_deleting: bool = False


@dataclass(frozen=True, slots=True)
class PodUsage:
    """
    A sample of metrics.k8s.io.

    Attributes:
        pod: Whose; the pod itself may be gone.
        usage: What its containers used.
        sampled_s: The end of the time that it covers.
        window_s: How long that is.
    """

    pod: str
    usage: Amounts
    sampled_s: float
    window_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Inputs:
    """
    All that one sync is served.

    Attributes:
        pods: Those that the selector finds.
        usage: Samples of metrics.k8s.io; None if that API failed.
        pod_values: Of each Pods metric by its name: the values by pod. What is not here failed.
        values: Of each Object or External metric by its name: the value, of External the sum of
            its series. What is not here failed.
        existing: The target's status.replicas; None if that is as many as are wanted.
    """

    pods: tuple[PodInput, ...] = ()
    usage: tuple[PodUsage, ...] | None = ()
    pod_values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    existing: int | None = None
