"""The load generator's wire alone, with a ready body: see ../generator.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

from locust import User, events, task

from asr_client.contracts.wire import Request
from asr_client.deadline import Deadline
from asr_client.settings.config import ClientConfig
from asr_loadtest.engine.wires.connection_policy import ConnectionPolicy
from asr_loadtest.engine.wires.wire import Wire, open_wire

FOLDER = Path(os.environ["GENERATOR_BENCH"])
PAYLOAD = json.loads((FOLDER / "payload.json").read_text())
HEADERS = tuple(
    (name, value) for name, value in PAYLOAD["headers"].items() if name != "Content-Length"
)
REQUEST = Request("POST", PAYLOAD["path"], HEADERS, ((FOLDER / "payload.bin").read_bytes(),))
WIRES: list[Wire] = []


@events.init.add_listener
def connect(environment: object, **_: object) -> None:
    """Make the one wire that all users share."""
    WIRES.append(open_wire(ClientConfig.resolve(environment.host), ConnectionPolicy()))


class WireUser(User):
    """Asks without a pause."""

    @task
    def ask(self) -> None:
        """Ask once."""
        reply = WIRES[0].send(REQUEST, Deadline.after(30))
        if reply.status != 200:
            raise ValueError(reply)
