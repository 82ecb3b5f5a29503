"""Greenlets that are kept: as many as are needed at once, and none when all is over."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import json
import gevent
from gevent.event import Event
from asr_loadtest.engine.sending.hands import Hands

done, workers, may_end = [], set(), Event()

def work(name, waits):
    workers.add(gevent.getcurrent())
    if waits:
        may_end.wait()
    if name == "broken":
        raise ValueError(name)
    done.append(name)

hands = Hands(work)
for name in ("a", "b", "c"):
    hands.give(name, True)
gevent.sleep(0)
at_first = len(workers)
may_end.set()
gevent.sleep(0)
for name in ("d", "e", "broken", "f"):
    hands.give(name, False)
    gevent.sleep(0.01)
at_last = len(workers)
hands.dismiss()
gevent.sleep(0)
alive = sum(not each.dead for each in workers)
print(json.dumps({"done": done, "at_first": at_first, "at_last": at_last, "alive": alive}))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What came of three tasks at once, then four one by one, of which one breaks."""
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_every_task_is_done(told: dict[str, Any]) -> None:
    """A task that breaks takes none of the others along."""
    assert told["done"] == ["a", "b", "c", "d", "e", "f"]


def test_greenlets_are_used_again(told: dict[str, Any]) -> None:
    """Three tasks at once need three; what comes later needs no more."""
    assert (told["at_first"], told["at_last"]) == (3, 3)


def test_nobody_stays_after_the_end(told: dict[str, Any]) -> None:
    """Who is free is let go."""
    assert told["alive"] == 0
