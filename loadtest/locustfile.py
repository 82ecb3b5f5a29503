"""
Load tests of speech recognition: `locust -f loadtest --host http://127.0.0.1:8000`.

Everything is in the package `asr_loadtest`; this file only hangs it into Locust. It is the only
Python file here, because Locust runs every one that it finds. docs/loadtest.md shows the way.
"""

from pathlib import Path

# First of all: this patches the sockets that everything below uses.
from locust import User, task

from asr_loadtest.engine.plugin import LoadTest

LOAD_TEST = LoadTest(profiles=Path(__file__).parent / "profiles")


class AsrUser(User):
    """
    One caller of the service, in a closed loop: asks, waits for the answer, asks again.

    In the open loop, which is the default, arrivals come by a schedule and not from users; Locust
    still starts one, which has nothing to do.
    """

    def on_start(self) -> None:
        """Come at a time of one's own."""
        LOAD_TEST.arrive()

    @task
    def transcribe(self) -> None:
        """Have one recording transcribed."""
        LOAD_TEST.take_turn()
