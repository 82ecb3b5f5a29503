"""
Watches a cluster in a process that Locust has patched, while something else has its turns.

Arguments: a kubeconfig, and how many changes of replicas to wait for. One line of JSON comes out.
"""

from __future__ import annotations

import json
import sys
import time

import gevent
from locust import events  # noqa: F401 - patches sockets and threads for all that follows

from asr_loadtest.cluster.kubernetes.access import find_access
from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.sightings import Sighting
from asr_loadtest.cluster.kubernetes.target import find_target
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.cluster.kubernetes.watcher import ClusterWatcher

__all__ = ["watch"]

_TICK_S = 0.01
_LONGEST_S = 60.0


def watch(kubeconfig: str, wanted: int) -> dict[str, object]:
    """Watch until so many changes were seen; gives them, and how often others had their turn."""
    access = find_access(kubeconfig=kubeconfig)
    seen: list[Sighting] = []
    turns = 0
    begun_s = time.monotonic()
    watcher = ClusterWatcher(
        access,
        find_target(access),
        now_s=lambda: time.monotonic() - begun_s,
        take=seen.extend,
        pace=Pace().at_speed(60),
    )
    with watcher:
        while len(ClusterTimeline(seen).changes) < wanted and turns * _TICK_S < _LONGEST_S:
            gevent.sleep(_TICK_S)
            turns += 1
        stopping_s = time.monotonic()
    changes = [(each.before, each.after) for each in ClusterTimeline(seen).changes]
    return {"changes": changes, "turns": turns, "stopped_in_s": time.monotonic() - stopping_s}


if __name__ == "__main__":
    print(json.dumps(watch(sys.argv[1], int(sys.argv[2]))))
