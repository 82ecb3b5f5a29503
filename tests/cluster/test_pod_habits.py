"""How long pods take to start, and what they use, from what is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from asr_loadtest.cluster.kubernetes.pod_habits import longest_start_s, mean_usage
from asr_loadtest.cluster.kubernetes.sightings import PodSeen, UsageSeen
from asr_loadtest.cluster.kubernetes.target import find_target
from watched_replays import access_to, recorded

POD = PodSeen(
    at_s=0.0,
    name="asr-a",
    uid="a",
    phase="Running",
    is_ready=True,
    created_unix_s=1000.0,
    ready_since_unix_s=1090.0,
)


def test_slowest_start_counts() -> None:
    """Capacity is there when the last of them is ready."""
    assert longest_start_s([POD, replace(POD, ready_since_unix_s=1020.0)]) == 90.0


def test_pods_that_tell_nothing_are_left_out() -> None:
    """Not ready, restarted, ready before it was made, ready again after hours."""
    others = [
        replace(POD, is_ready=False),
        replace(POD, restarts=1),
        replace(POD, ready_since_unix_s=900.0),
        replace(POD, ready_since_unix_s=9000.0),
        replace(POD, created_unix_s=None),
    ]
    assert longest_start_s(others) is None


def test_usage_is_the_mean_of_what_all_pods_tell() -> None:
    """A resource that one of them lacks is not known."""
    pods = {"a": {"cpu": 1.0, "memory": 2.0}, "b": {"cpu": 3.0}}
    assert mean_usage(UsageSeen(at_s=0.0, pods=pods)) == {"cpu": 2.0}
    assert mean_usage(UsageSeen(at_s=0.0)) == {}


def test_target_tells_what_its_pods_use(tmp_path: Path) -> None:
    """Ten percent of the memory that they request, as was recorded."""
    with recorded("scale-down-lowmem") as server:
        target = find_target(access_to(server, tmp_path))
    assert round(target.usage["memory"] / target.requests["memory"], 2) == 0.1
    assert target.start_s is None  # they were ready before they were made, in that cluster
