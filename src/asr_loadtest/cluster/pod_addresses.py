"""Where the pods of a watched cluster have their metrics: its two rooms meet here."""

from __future__ import annotations

from collections.abc import Iterable

from asr_loadtest.cluster.kubernetes.sightings import PodSeen, Sighting
from asr_loadtest.cluster.triton.targets import PodTarget

__all__ = ["pod_addresses"]

# Triton's own ports, as every manifest of the service has them.
_HTTP_PORT, _METRICS_PORT = 8000, 8002


def pod_addresses(sightings: Iterable[Sighting]) -> tuple[PodTarget, ...]:
    """
    Give the pods that run by now, each under its own name and address.

    Args:
        sightings: All so far, in order; a pod's last one counts.
    """
    latest = {seen.uid: seen for seen in sightings if isinstance(seen, PodSeen)}
    return tuple(
        PodTarget(pod.name, _url(pod.ip, _METRICS_PORT) + "/metrics", _url(pod.ip, _HTTP_PORT))
        for pod in latest.values()
        if pod.ip and pod.phase == "Running" and not pod.is_gone
    )


def _url(ip: str, port: int) -> str:
    return f"http://[{ip}]:{port}" if ":" in ip else f"http://{ip}:{port}"
