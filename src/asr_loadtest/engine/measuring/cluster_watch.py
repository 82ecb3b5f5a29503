"""Watches a cluster while a measurement runs; its threads are greenlets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.sightings import Sighting
from asr_loadtest.cluster.kubernetes.watcher import ClusterWatcher
from asr_loadtest.engine.planning.autoscaler import WatchedCluster

__all__ = ["watch_cluster"]


def watch_cluster(
    cluster: WatchedCluster, now_s: Callable[[], float], take: Callable[[Sequence[Sighting]], None]
) -> ClusterWatcher:
    """Give the watcher, for a `with` block."""
    pace = Pace().at_speed(cluster.speed)
    return ClusterWatcher(cluster.access, cluster.target, now_s=now_s, take=take, pace=pace)
