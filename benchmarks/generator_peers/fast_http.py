"""Locust's fast client with a ready body: see ../generator.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

from locust import FastHttpUser, task

FOLDER = Path(os.environ["GENERATOR_BENCH"])
PAYLOAD = json.loads((FOLDER / "payload.json").read_text())
BODY = (FOLDER / "payload.bin").read_bytes()


class User(FastHttpUser):
    """Asks without a pause."""

    @task
    def ask(self) -> None:
        """Ask once; Locust counts a refusal as a failure."""
        self.client.post(PAYLOAD["path"], data=BODY, headers=PAYLOAD["headers"])
