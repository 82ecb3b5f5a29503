"""What was not looked at, for want of something that only the caller can give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from asr_loadtest.autoscaler.advise.situation import Situation

__all__ = ["Gap", "find_gaps"]


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Something that was not looked at.

    Attributes:
        what: The question that stays open.
        give: What would answer it.
    """

    what: str
    give: str

    def to_fields(self) -> dict[str, str]:
        """Give what JSON can carry."""
        return asdict(self)


def find_gaps(known: Situation) -> tuple[Gap, ...]:
    """Say what could not be looked at."""
    return tuple(
        Gap(what, give)
        for finder in (_of_files, _of_samples, _of_times, _of_limits)
        for what, give in finder(known)
    )


def _of_files(known: Situation) -> Iterator[tuple[str, str]]:
    if known.workload is None:
        kind, name = known.spec.target
        yield (
            "requests, limits and probes of the pods",
            f"the manifest of {kind} {name or '(none is named)'}",
        )
    if not any(known.manifests.of_kind("PodDisruptionBudget")):
        yield "whether a drain can take a pod away", "the manifest of the PodDisruptionBudget"


def _of_samples(known: Situation) -> Iterator[tuple[str, str]]:
    for metric in known.resource_metrics:
        question = f"where idle pods lead by {metric.name}"
        if known.idle is None or known.idle.usage(metric.name) is None:
            yield question, f"--idle with the pods' {metric.name}: kubectl top pod > FILE"
        elif metric.target_type == "Utilization" and metric.name not in known.requests:
            yield question, f"what a pod requests of {metric.name}: its Deployment's manifest"
    for metric in known.spec.metrics:
        if metric.source == "ContainerResource":
            yield f"{metric.label}", "nothing: samples are of whole pods"
    question = "whether any metric sees that pods are saturated"
    if known.loaded is None:
        yield question, "--loaded, of pods that have more to do than they can"
    elif not known.saturation:
        yield (
            question,
            "a --loaded of pods with more to do than they can: gpu_utilization, pending or queue_s",
        )


def _of_times(known: Situation) -> Iterator[tuple[str, str]]:
    if known.start_s is None:
        yield "what follows from the time that a pod takes to start", "--start-s"
    elif known.bear_s is None:
        yield "whether a burst can wait for new pods", "--bear-s"
    if known.ramp_rps_per_min is None:
        yield "whether the policies keep up with a ramp", "--ramp"


def _of_limits(known: Situation) -> Iterator[tuple[str, str]]:
    if known.limit_rps is None:
        yield "whether the gateway's rate limit binds before the pods do", "--limit-rps"
    is_asked = known.limit_rps is not None or known.ramp_rps_per_min is not None
    if is_asked and known.carried_rps is None:
        yield (
            "what a pod carries, to hold rates against",
            "--pod-rps, or a saturated --loaded with rps and replicas",
        )
    if known.gpus is None:
        yield "whether there are GPUs for maxReplicas", "--gpus"
    shares = known.loaded.requests_by_pod if known.loaded else {}
    if known.connections is None and not shares:
        yield (
            "whether callers reach new pods",
            "--connections, or requests_by_pod of a --loaded after the pods became more",
        )
