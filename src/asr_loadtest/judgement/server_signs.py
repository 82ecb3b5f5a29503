"""What the servers themselves tell of their load, as far as they do: a value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NO_SIGNS", "ServerSigns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSigns:
    """
    The servers' own figures over the judged part of a run; None where they tell nothing.

    Attributes:
        queue_share: Of the time that requests spent in the servers, how much they queued, 0..1.
        queue_grows: Whether the queue grew through the run, beyond its ups and downs.
        pending_max: The most requests that waited at one time.
        gpu_utilization: Mean utilisation of the busiest GPU, 0..1.
        replicas: How many servers answered.
    """

    queue_share: float | None = None
    queue_grows: bool | None = None
    pending_max: float | None = None
    gpu_utilization: float | None = None
    replicas: int | None = None


NO_SIGNS = ServerSigns()
