"""The watcher against recorded clusters, over sockets: as recorded, and with all going wrong."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.resources import WatchTarget
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.cluster.kubernetes.watcher import ClusterWatcher
from asr_loadtest.replay import Fault, parse_fault
from gevent_process import PATIENCE_S
from raw_servers import RawServer
from watched_replays import DATA, access_to, recorded, watched_replay

INDEX = json.loads((DATA / "index.json").read_text())
LABELS = {"app": "triton-multilingual-asr"}

# Where in each recording replicas change: that part is played, with a second of real time before
# the first change for a busy machine to get there.
PARTS = {
    "step-up-hard": (10.0, 170.0),
    "scale-down-lowmem": (210.0, 480.0),
    "slow-gpu-start": (30.0, 330.0),
}
RESCALES = {
    name: [
        (before, after)
        for at_s, before, after in INDEX[name]["deployment_rescales"]
        if from_s < at_s < until_s
    ]
    for name, (from_s, until_s) in PARTS.items()
}
TROUBLES = {
    "as recorded": "",
    "restarts": "restart@{0} restart@{1}",
    "410s": "expire@{0} expire@{1}",
    "403s": "drop@{0} forbid@{0}+5 drop@{1} forbid@{1}+5",
    "dropped": "drop@{0} reset@{0}.5 close@{1}",
    "away": "drop@{0} refuse@{0}+4 drop@{1} hang-up@{1}+4",
    "throttled": "drop@{0} throttle@{0}+2 metrics-down@{1}+20",
    "silence": "silence@{0}+5 silence@{1}+5",
}
WORST = ("as recorded", "restarts", "410s")
_SIDE_BY_SIDE = 4
# Between two changes each: a change during an outage after which only a list remains is one change
# with the next.
MOMENTS = {
    "step-up-hard": (90, 145),
    "scale-down-lowmem": (285, 345),
    "slow-gpu-start": (120, 310),
}


def changes(timeline: ClusterTimeline) -> list[tuple[int, int]]:
    """What the watcher has made of the replicas."""
    return [(each.before, each.after) for each in timeline.changes]


CASES = [
    *(("scale-down-lowmem", each) for each in TROUBLES),
    *((name, each) for name in ("step-up-hard", "slow-gpu-start") for each in WORST),
]


@pytest.fixture(scope="module")
def timelines(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], ClusterTimeline]:
    """What watchers made of each case, several side by side: they wait most of the time."""
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        folders = [tmp_path_factory.mktemp("watched") for _ in CASES]
        return dict(zip(CASES, pool.map(_watched, CASES, folders), strict=True))


def _watched(case: tuple[str, str], folder: Path) -> ClusterTimeline:
    name, trouble = case
    from_s, until_s = PARTS[name]
    faults = [parse_fault(each) for each in TROUBLES[trouble].format(*MOMENTS[name]).split()]
    with watched_replay(recorded(name, *faults, from_s=from_s), folder) as replay:
        replay.wait_until_s(until_s)
        return replay.timeline


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_replica_changes_are_the_recorded_rescales(
    case: tuple[str, str], timelines: dict[tuple[str, str], ClusterTimeline]
) -> None:
    """Whatever happens to the server meanwhile; nothing doubled, and nothing is 0."""
    timeline = timelines[case]
    assert changes(timeline) == RESCALES[case[0]]
    assert all(each.replicas >= 1 for each in timeline.deployment)
    assert all(a < b for a, b in pairwise(each.at_s for each in timeline.deployment))
    events = [(each.uid, each.count) for each in timeline.events]
    assert len(set(events)) == len(events)
    assert all(each.is_heard for each in {w.resource: w for w in timeline.watching}.values())


def test_recorded_crash_is_survived_and_told(tmp_path: Path) -> None:
    """Refused for 7 s, 403 for a moment, 410: as it was; each resource is lost and found."""
    with watched_replay(recorded("server-restart", speed=20.0, from_s=1.0), tmp_path) as replay:
        replay.wait_until_s(30.0)
        timeline = replay.timeline
    told = {each.resource: timeline.unheard(each.resource) for each in timeline.watching}
    assert len(told) == 6
    for spans in told.values():
        assert 7.0 < spans[0][0] < spans[-1][1] < 30.0
    assert not any("forbidden" in each.trouble for each in timeline.watching)
    assert timeline.changes == ()


def test_server_that_is_away_gets_a_request_a_second(tmp_path: Path) -> None:
    """In real time, from six watches and the metrics together; then all go on."""
    faults = Fault("drop", 2.0), Fault("hang-up", 2.0, 4.0)
    server = recorded("step-up-hard", *faults, speed=1.0, from_s=1.0)
    # The autoscaler is not there yet at this second: what to watch is known by its name.
    with server:
        access = access_to(server, tmp_path)
        target = WatchTarget(access.namespace, "asr-hpa", {}, "asr", "app=asr", LABELS)
        heard: set[str] = set()
        is_back = threading.Event()

        def take(sightings: tuple[object, ...]) -> None:
            for each in sightings:
                if getattr(each, "is_heard", False) and server.clock.at_s() > 6.0:
                    heard.add(each.resource)  # type: ignore[attr-defined]
            if len(heard) == 6:
                is_back.set()

        with ClusterWatcher(access, target, now_s=server.clock.at_s, take=take):
            assert is_back.wait(PATIENCE_S)
    away = [each for each in server.requests if each.status == 0]
    assert 2 <= len(away) <= 5


def test_token_that_was_revoked_is_told_and_asked_for_slowly(tmp_path: Path) -> None:
    """What was seen before holds; open watches go on to their end."""
    server = recorded("scale-down-lowmem", Fault("revoke", 300.0), from_s=210.0)
    pace = Pace(watch_s=1.0, watch_spread_s=0.0, brief_s=0.1, slow_s=0.5, spacing_s=0.05)
    with watched_replay(server, tmp_path, pace) as replay:
        replay.wait_until(lambda: len(not_authorised(replay.seen)) == 6)
        timeline = replay.timeline
    assert changes(timeline)[:1] == [(5, 4)]
    assert changes(timeline) == RESCALES["scale-down-lowmem"][: len(timeline.changes)]
    assert server.token not in repr(replay.seen)


def not_authorised(seen: list[Any]) -> set[str]:
    """The resources that were said not to be heard for lack of a token."""
    return {e.resource for e in list(seen) if "not authorised" in getattr(e, "trouble", "")}


def test_token_that_was_replaced_in_the_kubeconfig_is_taken(tmp_path: Path) -> None:
    """A user who logs in anew need not start the test anew."""
    server = recorded("scale-down-lowmem", from_s=260.0)
    with server:
        access = access_to(server, tmp_path)
        file = tmp_path / "replay.key"
        right = file.read_text()
        file.write_text(right.replace(server.token, "of-yesterday"))
        target = WatchTarget(access.namespace, "x", {}, "x", "app=x", LABELS)
        told = {True: threading.Event(), False: threading.Event()}

        def take(sightings: tuple[object, ...]) -> None:
            for each in sightings:
                if hasattr(each, "is_heard"):
                    told[each.is_heard].set()

        pace = Pace(slow_s=0.1, spacing_s=0.02)
        with ClusterWatcher(access, target, now_s=server.clock.at_s, take=take, pace=pace):
            assert told[False].wait(PATIENCE_S)
            assert not told[True].is_set()
            file.write_text(right)
            assert told[True].wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("fault", "words"), [("metrics-down", "503"), ("metrics-gone", "404"), ("forbid", "403")]
)
def test_metrics_that_cannot_be_had_are_told_and_come_back(
    fault: str, words: str, tmp_path: Path
) -> None:
    """The rest goes on."""
    faults = [parse_fault(f"{fault}@300+20")]
    server = recorded("scale-down-lowmem", *faults, from_s=280.0)
    with watched_replay(server, tmp_path) as replay:
        replay.wait_until(lambda: any(each.failure for each in replay.timeline.usage))
        replay.wait_until(lambda: not replay.timeline.usage[-1].failure)
        usage = replay.timeline.usage
    assert all(words in each.failure for each in usage if each.failure)
    assert {name: sorted(each) for name, each in usage[-1].pods.items()} == {
        name: ["cpu", "memory"] for name in usage[-1].pods
    }
    assert usage[-1].pods


def test_watcher_reads_only(tmp_path: Path) -> None:
    """GET, and the review of one's own rights."""
    with watched_replay(recorded("step-up-hard", from_s=60.0), tmp_path) as replay:
        replay.wait_until(lambda: replay.timeline.deployment and replay.timeline.usage)
    others = {e.path for e in replay.server.requests if e.method != "GET"}
    assert others == {"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"}
    assert {each.status for each in replay.server.requests} <= {200, 201}


def test_stop_ends_silent_watches(tmp_path: Path) -> None:
    """Nothing is taken afterwards, and no thread is left that waits for an hour."""
    server = recorded("step-up-hard", speed=0.001, from_s=60.0, waits=False)
    with watched_replay(server, tmp_path, Pace()) as replay:
        replay.wait_until(lambda: len(replay.timeline.watching) == 6)
    seen = len(replay.seen)
    assert not [each for each in threading.enumerate() if each.name.startswith("watch ")]
    assert len(replay.seen) == seen


def test_stop_ends_watches_that_wait_for_a_server_that_says_nothing(
    tmp_path: Path, raw_server: RawServer
) -> None:
    """Connected, and no answer at all."""
    connected = threading.Event()

    def converse(connection, over: threading.Event) -> None:
        connection.recv(1)
        connected.set()
        over.wait()

    server = recorded("step-up-hard")
    with server:
        access = access_to(server, tmp_path)
    (tmp_path / "replay.key").write_text(
        (tmp_path / "replay.key").read_text().replace(server.url, raw_server(converse))
    )
    target = WatchTarget("dev", "x", {}, "x", "app=x", LABELS)
    watcher = ClusterWatcher(access, target, now_s=time.monotonic, take=lambda _: None)
    watcher.start()
    assert connected.wait(PATIENCE_S)
    watcher.stop()
    assert not [each for each in threading.enumerate() if each.name.startswith("watch ")]
