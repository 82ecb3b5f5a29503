"""A sample: how the pods were doing at one moment, or over one steady stretch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

__all__ = ["Sample"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """
    What is known of the pods; None where nothing is.

    Attributes:
        source: Where it comes from, for people.
        replicas: Pods that it is about.
        cpu_cores: Used by a pod, on average.
        memory_bytes: Used by a pod, on average.
        cpu_request_cores, memory_request_bytes: What a pod asks for; a manifest's figures win.
        rps: Requests answered in a second, by all pods together.
        queue_s: Mean wait of a request in the server, in seconds.
        pending: Requests that wait in a pod, on average.
        gpu_utilization: Of a pod's GPU, on average, 0..1.
        queue_grows: Whether the queue became longer all the time.
        requests_by_pod: How many each pod had.
    """

    source: str
    replicas: int | None = None
    cpu_cores: float | None = None
    memory_bytes: float | None = None
    cpu_request_cores: float | None = None
    memory_request_bytes: float | None = None
    rps: float | None = None
    queue_s: float | None = None
    pending: float | None = None
    gpu_utilization: float | None = None
    queue_grows: bool | None = None
    requests_by_pod: Mapping[str, float] = field(default_factory=dict)

    @property
    def pod_rps(self) -> float | None:
        """Requests a second of one pod."""
        return None if self.rps is None or not self.replicas else self.rps / self.replicas

    @property
    def waiting(self) -> float | None:
        """Requests that wait in a pod: as counted, else by Little's law from rate and wait."""
        if self.pending is not None:
            return self.pending
        rate_rps, queue_s = self.pod_rps, self.queue_s
        return None if rate_rps is None or queue_s is None else rate_rps * queue_s

    def usage(self, resource: str) -> float | None:
        """Give what a pod uses of "cpu", in cores, or of "memory", in bytes."""
        return {"cpu": self.cpu_cores, "memory": self.memory_bytes}.get(resource)

    def request(self, resource: str) -> float | None:
        """Give what a pod asks for of "cpu", in cores, or of "memory", in bytes."""
        return {"cpu": self.cpu_request_cores, "memory": self.memory_request_bytes}.get(resource)

    def completed_by(self, other: Sample) -> Sample:
        """Take from *other* what is not known here."""
        gaps = {
            each.name: getattr(other, each.name)
            for each in fields(self)
            if getattr(self, each.name) is None or getattr(self, each.name) == {}
        }
        return replace(self, **gaps)
