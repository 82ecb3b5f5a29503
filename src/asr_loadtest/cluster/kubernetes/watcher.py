"""The watching of one autoscaler: a thread for each resource, and what they see, in one place."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Thread
from typing import Self

from asr_loadtest.cluster.kubernetes.access import ClusterAccess
from asr_loadtest.cluster.kubernetes.api.connection import ApiConnection
from asr_loadtest.cluster.kubernetes.follow.driver import Doorkeeper, StoryDriver
from asr_loadtest.cluster.kubernetes.follow.gate import Gate
from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.follow.story import Story
from asr_loadtest.cluster.kubernetes.follow.usage_story import tell_usage
from asr_loadtest.cluster.kubernetes.follow.watch_story import Means, WatchStory
from asr_loadtest.cluster.kubernetes.resources import WatchTarget, watched_resources
from asr_loadtest.cluster.kubernetes.sightings import Sighting, WatchState

__all__ = ["ClusterWatcher"]

_FAREWELL_S = 2.0


class ClusterWatcher:
    """
    Watches while its `with` block runs, or from `start` to `stop`.

    Reads only. Whatever the API server does, it goes on, and says in `WatchState` sightings what is
    not heard. Under gevent's monkey-patching its threads are greenlets.

    Args:
        access: The way to the cluster.
        target: What `find_target` found there.
        now_s: Gives the sightings' time: seconds since the run's zero.
        take: Gets what was seen, in order for each resource. Called from the watcher's threads,
            from several at once; it must be quick and must not raise.
        pace: How long to wait for what.
        chance: Gives a number from 0 to 1, for the jitter of pauses.
    """

    def __init__(  # noqa: PLR0913 - each has its name
        self,
        access: ClusterAccess,
        target: WatchTarget,
        *,
        now_s: Callable[[], float],
        take: Callable[[tuple[Sighting, ...]], None],
        pace: Pace | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._credentials = access.credentials
        self._now_s = now_s
        self._take = take
        self._pace = pace or Pace()
        self._door = Doorkeeper(Gate(self._pace.spacing_s))
        self._connections: list[ApiConnection] = []
        means = Means(now_s, time.monotonic, chance, self._pace)
        stories = {
            each.plural: WatchStory(each, means).tell() for each in watched_resources(target)
        }
        stories["pods.metrics.k8s.io"] = tell_usage(target, means)
        self._threads = [self._thread(name, story) for name, story in stories.items()]

    def start(self) -> None:
        """Begin; to be called once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """
        End within two seconds; `take` is called no more.

        A thread that just then connects to a server that does not answer ends by itself, later.
        """
        self._door.stop()
        for connection in self._connections:
            connection.interrupt()
        until_s = time.monotonic() + _FAREWELL_S
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until_s - time.monotonic()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _thread(self, resource: str, story: Story) -> Thread:
        connection = ApiConnection(self._credentials)
        self._connections.append(connection)

        def run() -> None:
            driver = StoryDriver(connection, self._door, self._pass_on, self._pace.silence_s)
            try:
                driver.drive(story)
            finally:
                if not self._door.is_stopped:  # our own fault: what follows is not known
                    trouble = "the watcher broke down"
                    lost = WatchState(
                        at_s=self._now_s(), resource=resource, is_heard=False, trouble=trouble
                    )
                    self._take((lost,))

        return Thread(target=run, name=f"watch {resource}", daemon=True)

    def _pass_on(self, sightings: tuple[Sighting, ...]) -> None:
        if not self._door.is_stopped:
            self._take(sightings)
