"""The watcher beside others: under Locust's patched sockets, and against lightkube's own lists."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lightkube import Client, KubeConfig
from lightkube.resources.apps_v1 import Deployment, ReplicaSet
from lightkube.resources.autoscaling_v2 import HorizontalPodAutoscaler
from lightkube.resources.core_v1 import Event, Pod

from asr_loadtest.replay import parse_fault
from watched_replays import recorded, watched_replay

_WATCH = Path(__file__).parents[1] / "support" / "gevent_watch.py"
_PATIENCE_S = 90.0


def test_watching_goes_on_under_gevent_and_leaves_others_their_turn(tmp_path: Path) -> None:
    """With a server that breaks off and stays away for a while; and it ends when told to."""
    faults = [parse_fault("drop@285"), parse_fault("refuse@285+7"), parse_fault("expire@345")]
    server = recorded("scale-down-lowmem", *faults, from_s=210.0)
    with server:
        kubeconfig = server.write_kubeconfig(tmp_path / "replay.key")
        done = subprocess.run(
            [sys.executable, str(_WATCH), str(kubeconfig), "4"],
            capture_output=True,
            check=True,
            text=True,
            timeout=_PATIENCE_S,
        )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["changes"] == [[5, 4], [4, 3], [3, 2], [2, 1]]
    assert told["turns"] > 20
    assert told["stopped_in_s"] < 2.5


def test_what_is_known_in_the_end_is_what_lightkube_lists(tmp_path: Path) -> None:
    """Another client, another decoder, the same server: pods, replicas, wishes, events."""
    server = recorded("scale-down-lowmem", from_s=420.0)
    with watched_replay(server, tmp_path) as replay:
        replay.wait_until_s(500.0)
        # From here on nothing changes in this recording, but for the HPA's figures.
        with Client(KubeConfig.from_file(tmp_path / "replay.key")) as peer:
            # The kubeconfig names the namespace.
            pods = {each.metadata.name: each for each in peer.list(Pod)}
            deployment = next(iter(peer.list(Deployment)))
            hpa = next(iter(peer.list(HorizontalPodAutoscaler)))
            sets = {each.metadata.name: each for each in peer.list(ReplicaSet)}
            events = {each.metadata.uid: each for each in peer.list(Event)}
        timeline = replay.timeline
    alive = {each[-1].name: each[-1] for each in timeline.pods.values() if not each[-1].is_gone}
    assert alive.keys() == pods.keys()
    assert {name: each.uid for name, each in alive.items()} == {
        name: each.metadata.uid for name, each in pods.items()
    }
    assert timeline.deployment[-1].replicas == deployment.spec.replicas
    assert timeline.deployment[-1].ready == deployment.status.readyReplicas
    assert timeline.hpa[-1].desired == hpa.status.desiredReplicas
    assert {name: each[-1].replicas for name, each in timeline.replica_sets.items()} == {
        name: each.spec.replicas for name, each in sets.items()
    }
    ours = {each.uid for each in timeline.events}
    assert {
        uid for uid, each in events.items() if each.involvedObject.kind != "PodDisruptionBudget"
    } <= ours
