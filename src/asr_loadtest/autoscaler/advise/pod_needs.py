"""What a pod asks for, may take, and how long it may take to start: read from its workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.quantity import quantity
from asr_loadtest.manifests.documents import Workload

__all__ = ["GPU", "PodNeeds", "pod_needs"]

GPU = "nvidia.com/gpu"

_RESOURCES = ("cpu", "memory", GPU)
# Kubernetes' defaults of a probe.
_PERIOD_S = 10.0
_FAILURES = 3


@dataclass(frozen=True, slots=True)
class PodNeeds:
    """
    One pod's needs.

    Attributes:
        requests: By resource: cores, bytes, GPUs; without those that some container leaves out.
        limits: The same of its limits.
        without_request: Which containers leave a resource's request out.
        startup_s: How long it may load before it is killed; None if nothing kills it.
        startup_probe: What kills it: "startupProbe", "livenessProbe", or nothing.
    """

    requests: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    without_request: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    startup_s: float | None = None
    startup_probe: str = ""


def pod_needs(workload: Workload) -> PodNeeds:
    """
    Add up the containers of a workload's pod, sidecars among its init containers included.

    Raises:
        ConfigError: If an amount is no quantity, or the pod is not what the API takes.
    """
    try:
        return _needs([each.body for each in workload.containers()] + _sidecars(workload))
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{workload.document.where}: its pod cannot be read: {error}",
            hint="kubectl apply --dry-run=server -f FILE says more",
        ) from error


def _sidecars(workload: Workload) -> list[Mapping[str, Any]]:
    first = workload.pod.get("initContainers") or ()
    return [each for each in first if each.get("restartPolicy") == "Always"]


def _needs(containers: Sequence[Mapping[str, Any]]) -> PodNeeds:
    asked = {name: [_request(each, name) for each in containers] for name in _RESOURCES}
    capped = {name: [_amount(each, "limits", name) for each in containers] for name in _RESOURCES}
    startup_s, probe = min(filter(None, map(_patience, containers)), default=(None, ""))
    return PodNeeds(
        requests=_totals(asked),
        limits=_totals(capped),
        without_request={
            name: lacking
            for name in _RESOURCES
            if name != GPU and (lacking := _lacking(containers, asked[name]))
        },
        startup_s=startup_s,
        startup_probe=probe,
    )


def _lacking(
    containers: Sequence[Mapping[str, Any]], amounts: Sequence[float | None]
) -> tuple[str, ...]:
    told = zip(containers, amounts, strict=True)
    return tuple(str(each.get("name", "?")) for each, amount in told if amount is None)


def _request(container: Mapping[str, Any], resource: str) -> float | None:
    """Give what is requested; the API server takes the limit where only that is said."""
    asked = _amount(container, "requests", resource)
    return _amount(container, "limits", resource) if asked is None else asked


def _amount(container: Mapping[str, Any], kind: str, resource: str) -> float | None:
    amounts = (container.get("resources") or {}).get(kind) or {}
    return quantity(amounts[resource]) if resource in amounts else None


def _totals(amounts: Mapping[str, Sequence[float | None]]) -> dict[str, float]:
    """Add up; only one of several containers needs a GPU, but all must say their CPU and memory."""
    totals: dict[str, float] = {}
    for name, of_containers in amounts.items():
        known = [each for each in of_containers if each is not None]
        if known and (name == GPU or len(known) == len(of_containers)):
            totals[name] = sum(known)
    return totals


def _patience(container: Mapping[str, Any]) -> tuple[float, str] | None:
    """Give how long a container may be silent after its start, and who loses patience then."""
    for name in ("startupProbe", "livenessProbe"):
        probe = container.get(name)
        if probe:
            period_s = float(probe.get("periodSeconds", _PERIOD_S))
            failures = int(probe.get("failureThreshold", _FAILURES))
            return float(probe.get("initialDelaySeconds", 0)) + period_s * failures, name
    return None
