"""
The load generator's wires, used from tests without gevent: it patches the process it is in.

A worker process holds the wires and does what it is told, an order a line; see gevent_worker.py.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asr_client.errors import ConfigError
from canaries import shown_keys

__all__ = ["PATIENCE_S", "TINY", "GeventProcess", "Target", "Wire", "gevents"]

PATIENCE_S = 60.0
_WORKER = Path(__file__).with_name("gevent_worker.py")
Told = dict[str, Any]
# A path for both wires; "zeros" are so many bytes behind the parts of the body.
TINY: Told = {
    "method": "POST",
    "path": "/pkg.Service/Echo",
    "headers": (),
    "body": ("tiny",),
    "zeros": 0,
}


class GeventProcess:
    """A process that Locust has patched, and the wires in it."""

    def __init__(self) -> None:
        # Settings and proxies of whoever runs the tests are not those of the tests.
        names = {name for name in os.environ if name.startswith("ASR_") or "_proxy" in name.lower()}
        self._process = subprocess.Popen(
            [sys.executable, str(_WORKER)],
            env={name: value for name, value in os.environ.items() if name not in names},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, do: str, **arguments: Any) -> Any:
        """
        Give one order, and wait for its answer.

        Raises:
            ConfigError: If that is what the worker got.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], PATIENCE_S)[0]:
            self.kill()
            raise TimeoutError(f"no answer to {do}")
        line = self._process.stdout.readline()
        assert shown_keys(line.encode()) == []
        answer = json.loads(line)
        if "raised" in answer:
            raise ConfigError(answer["raised"]["text"])
        return answer["value"]

    def wire(
        self, url: str, policy: str = "keepalive", max_age_s: float = 30.0, **settings: Any
    ) -> Wire:
        """Open a wire; *settings* are ClientConfig's."""
        policies = {"kind": policy, "max_age_s": max_age_s}
        return Wire(self, self.tell("open_wire", url=url, policy=policies, settings=settings))

    def target(self, url: str, **options: Any) -> Target:
        """Find a model; *options* are LoadOptions'."""
        return Target(self, self.tell("open_target", url=url, options=options))

    def end(self) -> int:
        """Let it end by itself; gives its exit code."""
        self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode

    def kill(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class Wire:
    """One of the process's wires."""

    process: GeventProcess
    number: int

    def begin(
        self, count: int = 1, *, limit_s: float = 30.0, key_file: str = "", **request: Any
    ) -> int:
        """Send so many equal requests at once, and do not wait; *request* differs from TINY."""
        return self._tell(
            "begin", count=count, limit_s=limit_s, key_file=key_file, request=TINY | request
        )

    def finish(self, begun: int) -> list[Told]:
        """Wait for what was begun: a reply or an error each."""
        return self.process.tell("finish", begun=begun)

    def ask_together(self, count: int, **request: Any) -> list[Told]:
        """Send so many equal requests at once."""
        return self.finish(self.begin(count, **request))

    def ask(self, **request: Any) -> Told:
        """Send one request: its reply, or its error."""
        return self.ask_together(1, **request)[0]

    def warm(self, count: int) -> None:
        """Connect ahead."""
        self._tell("warm", count=count)

    def close(self) -> None:
        """Close it; what is on its way goes on."""
        self._tell("close_wire")

    @property
    def open_connections(self) -> int:
        """How many it says are open."""
        return self._tell("count_connections")

    def _tell(self, do: str, **arguments: Any) -> Any:
        return self.process.tell(do, wire=self.number, **arguments)


class Target(Wire):
    """A model, and recordings for it."""

    def hear(self, clip: str) -> str:
        """Have one recording transcribed."""
        return self.process.tell("hear", target=self.number, clip=clip)

    def call(self, clip: str, count: int = 1, limit_s: float = 30.0) -> list[Told]:
        """Make so many requests at once; gives their records."""
        return self.process.tell(
            "call", target=self.number, clip=clip, count=count, limit_s=limit_s
        )

    def skip(self, index: int, why: str) -> Told:
        """Make the record of an arrival that is not sent."""
        return self.process.tell("skip", target=self.number, index=index, why=why)


@pytest.fixture(scope="module")
def gevents() -> Iterator[GeventProcess]:
    """One process for all tests of a module; grpc was told of gevent in it."""
    process = GeventProcess()
    process.tell("prepare_grpc")
    yield process
    process.kill()
