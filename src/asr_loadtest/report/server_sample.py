"""How the servers did under the load, as the autoscaler's adviser wants it."""

from __future__ import annotations

from statistics import fmean

from asr_loadtest.autoscaler.advise import Sample
from asr_loadtest.cluster.triton.server_timeline import ServerTimeline

__all__ = ["server_sample"]


def server_sample(
    server: ServerTimeline, span: tuple[float, float], *, queue_grows: bool | None
) -> Sample | None:
    """
    Give the means of a span; None if nothing was read in it.

    Args:
        server: What the servers told.
        span: From when to when the load was on.
        queue_grows: Whether their queue became longer all the time.
    """
    overall, pods = server.overall(*span), server.totals(*span)
    if overall is None:
        return None
    busy = [gpu.utilization for gpu in overall.gpus if gpu.utilization is not None]
    pending = overall.served.pending
    return Sample(
        source="the servers' own counters",
        replicas=len(pods),
        rps=overall.served.requests_per_s,
        queue_s=overall.served.queue_s,
        pending=None if pending is None else pending / len(pods),
        gpu_utilization=fmean(busy) if busy else None,
        queue_grows=queue_grows,
        requests_by_pod={each.pod: float(each.served.requests) for each in pods},
    )
