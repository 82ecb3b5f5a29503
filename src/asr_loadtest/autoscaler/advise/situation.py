"""All that is known when advice is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asr_loadtest.autoscaler.advise.findings.routing import Connections
from asr_loadtest.autoscaler.advise.findings.signals import signs_of_saturation
from asr_loadtest.autoscaler.advise.pod_needs import PodNeeds, pod_needs
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Manifests, Workload

__all__ = ["Situation"]

_NOTHING = PodNeeds()
_NO_MANIFESTS = Manifests(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """
    An HPA, and what is known around it; None where nothing is.

    Attributes:
        spec: What the HPA declares.
        manifests: Objects that belong to it.
        defects: What `check_manifests` found in them.
        idle: Pods without load.
        loaded: Pods with as much as they can carry, or more.
        start_s: From a pod's creation to its readiness.
        bear_s: How long a burst may wait before the objective is missed.
        burst_rps: What comes at once, in requests a second.
        ramp_rps_per_min: By how much the load grows in a minute.
        limit_rps: What the gateway allows, all callers together.
        pod_rps: What one pod carries, in requests a second.
        gpus: That there are for these pods.
        connections: How callers keep theirs.
    """

    spec: HpaSpec
    manifests: Manifests = _NO_MANIFESTS
    defects: tuple[Defect, ...] = ()
    idle: Sample | None = None
    loaded: Sample | None = None
    start_s: float | None = None
    bear_s: float | None = None
    burst_rps: float | None = None
    ramp_rps_per_min: float | None = None
    limit_rps: float | None = None
    pod_rps: float | None = None
    gpus: int | None = None
    connections: Connections | None = None

    @property
    def workload(self) -> Workload | None:
        """What the HPA scales, if it is among the manifests."""
        for each in self.manifests.workloads():
            if (each.document.kind, each.document.name) == self.spec.target:
                return each
        return None

    @property
    def needs(self) -> PodNeeds:
        """What a pod asks for and may take, by its manifest; empty without it."""
        workload = self.workload
        return _NOTHING if workload is None else pod_needs(workload)

    @property
    def requests(self) -> Mapping[str, float]:
        """What a pod asks for, by resource: by its manifest, else by the samples."""
        samples = [each for each in (self.idle, self.loaded) if each is not None]
        told = {
            resource: amount
            for each in reversed(samples)
            for resource in ("cpu", "memory")
            if (amount := each.request(resource)) is not None
        }
        return {**told, **self.needs.requests}

    @property
    def resource_metrics(self) -> tuple[MetricSpec, ...]:
        """The HPA's metrics of CPU and memory."""
        return tuple(each for each in self.spec.metrics if each.source == "Resource")

    @property
    def saturation(self) -> tuple[str, ...]:
        """By what the loaded pods show that they carry all they can; empty if they do not."""
        return () if self.loaded is None else signs_of_saturation(self.loaded, self.idle)

    @property
    def carried_rps(self) -> float | None:
        """What one pod carries: as told, else what it did when it was saturated."""
        if self.pod_rps is not None or self.loaded is None or not self.saturation:
            return self.pod_rps
        return self.loaded.pod_rps or None
