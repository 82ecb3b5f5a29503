"""A recorded cluster on loopback, and the watcher on it, until a second of the recording."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from asr_loadtest.cluster.kubernetes.access import ClusterAccess, find_access
from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.resources import WatchTarget
from asr_loadtest.cluster.kubernetes.sightings import Sighting
from asr_loadtest.cluster.kubernetes.target import find_target
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.cluster.kubernetes.watcher import ClusterWatcher
from asr_loadtest.replay import Fault, ReplayServer, read_recording

__all__ = ["WatchedReplay", "access_to", "recorded", "watched_replay"]

DATA = Path(__file__).parents[1] / "data" / "kube-api"
_PATIENCE_S = 60.0


@dataclass
class WatchedReplay:
    """
    What is being seen.

    Attributes:
        server: The recorded cluster.
        access: The way to it.
        target: What is watched.
        seen: All sightings so far.
    """

    server: ReplayServer
    access: ClusterAccess
    target: WatchTarget
    seen: list[Sighting] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def timeline(self) -> ClusterTimeline:
        """Of what was seen so far."""
        return ClusterTimeline(list(self.seen))

    def take(self, sightings: tuple[Sighting, ...]) -> None:
        """Keep them."""
        with self._news:
            self.seen += sightings
            self._news.notify_all()

    def wait_until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, looking with each sighting and now and then."""
        with self._news:
            assert self._news.wait_for(holds, _PATIENCE_S) or holds()

    def wait_until_s(self, at_s: float) -> None:
        """Wait for a second of the recording: the metrics bring news all the time."""
        self.wait_until(lambda: self.server.clock.at_s() >= at_s)


def recorded(
    name: str, *faults: Fault, speed: float = 60.0, from_s: float = 0.0, waits: bool = True
) -> ReplayServer:
    """Make a server of one of the raw recordings."""
    recording = read_recording(DATA / f"{name}.jsonl.gz")
    return ReplayServer(recording, speed=speed, from_s=from_s, faults=faults, waits=waits)


def access_to(server: ReplayServer, folder: Path) -> ClusterAccess:
    """Find the way to it by the kubeconfig that it writes."""
    return find_access(kubeconfig=str(server.write_kubeconfig(folder / "replay.key")))


@contextmanager
def watched_replay(
    server: ReplayServer, folder: Path, pace: Pace | None = None
) -> Iterator[WatchedReplay]:
    """Watch a recorded cluster while the block runs; the pace is the replay's."""
    with server:
        access = access_to(server, folder)
        replay = WatchedReplay(server, access, find_target(access))
        watcher = ClusterWatcher(
            access,
            replay.target,
            now_s=server.clock.at_s,
            take=replay.take,
            pace=pace or Pace().at_speed(server.clock.speed),
        )
        with watcher:
            yield replay
