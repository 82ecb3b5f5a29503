"""
Load that does not reach new pods.

A Service, and so a NodePort, chooses a pod once for each connection. Callers that keep theirs stay
with the pods that were there when they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.units import percent

__all__ = ["Connections", "find_kept_connections", "find_uneven_pods"]

# As the load test's own option has them: for ever, for some time, for one request.
Connections = Literal["keepalive", "max-age", "per-request"]

# A pod with less than this of its fair share has been passed over.
_FAIR = 0.5
# With fewer requests a pod, chance alone is uneven.
_FEWEST_REQUESTS = 20

_REMEDY = (
    "let callers give up each connection after a minute (asr-client does; in the load test"
    " --asr-connection max-age), or have the gateway choose a pod for each request"
)


def find_kept_connections(spec: HpaSpec, connections: Connections) -> Finding | None:
    """Find callers that will never see a new pod, by how they keep their connections."""
    if connections != "keepalive" or spec.minimum == spec.maximum:
        return None
    return Finding(
        "warn",
        "pinned_connections",
        "callers keep their connections for ever, and a Service chooses a pod once for each: pods"
        " that the HPA adds get new callers only",
        _REMEDY,
        {"minimum": spec.minimum, "maximum": spec.maximum},
    )


def find_uneven_pods(requests_by_pod: Mapping[str, float]) -> Finding | None:
    """
    Find pods that got far less than their share.

    Args:
        requests_by_pod: Of one stretch, in which all of them were ready.
    """
    total, pods = sum(requests_by_pod.values()), len(requests_by_pod)
    if pods < 2 or total < _FEWEST_REQUESTS * pods:  # noqa: PLR2004 - one pod has it all
        return None
    fair = total / pods
    starved = {pod: each for pod, each in requests_by_pod.items() if each < _FAIR * fair}
    if not starved:
        return None
    least = min(starved.values())
    return Finding(
        "warn",
        "uneven_pods",
        f"{len(starved)} of {pods} pods got less than half of their share; the least got"
        f" {percent(least / total)} of the requests, fair were {percent(1 / pods)}:"
        f" {', '.join(sorted(starved))}",
        f"{_REMEDY}; see that no Service says sessionAffinity: ClientIP",
        {"pods": pods, "starved": len(starved), "least_share": least / total},
    )
