"""
Does with wires what a test asks, in a process of its own: gevent_process.py starts it.

One line of JSON comes in for each order, one goes out with what came of it.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import gevent
from gevent.fileobject import FileObject
from locust import events  # noqa: F401 - patches the sockets that everything below uses

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Request
from asr_client.deadline import Deadline
from asr_client.errors import ASRError
from asr_client.settings.config import ClientConfig
from asr_loadtest.engine.clock import RunClock
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.sending.caller import Caller
from asr_loadtest.engine.sending.target import Target, open_target
from asr_loadtest.engine.wires.connection_policy import ConnectionPolicy
from asr_loadtest.engine.wires.grpc_wire import prepare_grpc
from asr_loadtest.engine.wires.wire import Carried, Wire, open_wire
from asr_loadtest.load.outcomes import outcome_of
from asr_loadtest.load.transcripts import TranscriptJudge

__all__ = ["Orders"]

Told = dict[str, Any]


class Orders:
    """What a test may ask; every argument and every answer is JSON."""

    def __init__(self) -> None:
        self._wires: dict[int, Wire] = {}
        self._targets: dict[int, Target] = {}
        self._under_way: dict[int, list[gevent.Greenlet]] = {}
        self._numbers = itertools.count(1)

    # --- wires: requests as they are ------------------------------------------------------------

    def prepare_grpc(self) -> None:
        """Tell grpc of gevent."""
        prepare_grpc()

    def open_wire(self, url: str, policy: Told, settings: Told) -> int:
        """Open one; gives its number."""
        config = ClientConfig.resolve(url, environ={}, **settings)
        number = next(self._numbers)
        self._wires[number] = open_wire(config, ConnectionPolicy(**policy))
        return number

    def begin(self, wire: int, count: int, limit_s: float, key_file: str, request: Told) -> int:
        """Send so many equal requests at once; gives a number for `finish`."""
        body = (*(part.encode() for part in request["body"]), bytes(request["zeros"]))
        headers = tuple(map(tuple, request["headers"]))
        made = Request(request["method"], request["path"], headers, body)
        key = ApiKey.from_file(key_file) if key_file else None
        return self._spawn(count, lambda: self._carry(self._wires[wire], made, limit_s, key))

    def finish(self, begun: int) -> list[Told]:
        """Give what came of them, in their order."""
        greenlets = self._under_way.pop(begun)
        gevent.joinall(greenlets, raise_error=True)
        return [each.value for each in greenlets]

    def warm(self, wire: int, count: int) -> None:
        """Connect ahead."""
        self._wires[wire].warm(count, Deadline.after(30))

    def count_connections(self, wire: int) -> int:
        """Tell how many are open."""
        return self._wires[wire].open_connections

    def close_wire(self, wire: int) -> None:
        """Close it; what is on its way goes on."""
        self._wires[wire].close()

    # --- targets: recordings, as a load test sends them -----------------------------------------

    def open_target(self, url: str, options: Told) -> int:
        """Find a model and encode the recordings; gives its number."""
        number = next(self._numbers)
        self._targets[number] = target = open_target(url, LoadOptions(**options))
        self._wires[number] = target.wire
        return number

    def hear(self, target: int, clip: str) -> str:
        """Have one recording transcribed."""
        there = self._targets[target]
        payload = there.payloads.of(there.corpus.pick(0, clip=clip or None))
        carried = there.wire.carry(payload.request(0), Deadline.after(30), there.key(0)[1])
        return payload.parse(carried.reply).texts[0]

    def call(self, target: int, clip: str, count: int, limit_s: float) -> list[Told]:
        """Make so many requests at once; gives their records."""
        there, caller = self._caller(target, limit_s)
        chosen = there.corpus.pick(0, clip=clip or None)
        numbers = itertools.count()

        def call() -> Told:
            finished = caller.call(next(numbers), 0.0, chosen)
            return asdict(finished.sample) | {"retry_after_s": finished.retry_after_s}

        return self.finish(self._spawn(count, call))

    def skip(self, target: int, index: int, why: str) -> Told:
        """Make the record of an arrival that is not sent."""
        there, caller = self._caller(target, 1.0)
        return asdict(caller.not_sent(index, 0.0, there.corpus.pick(index), why))

    def _caller(self, target: int, limit_s: float) -> tuple[Target, Caller]:
        there = self._targets[target]
        clock, judge = RunClock.starting_in(0), TranscriptJudge(0)
        caller = Caller(there, clock, run_id="test", worker=0, deadline_s=limit_s, judge=judge)
        return there, caller

    def _spawn(self, count: int, act: Callable[[], Told]) -> int:
        begun = next(self._numbers)
        self._under_way[begun] = [gevent.spawn(act) for _ in range(count)]
        gevent.sleep(0)  # all of them have begun when this is answered
        return begun

    def _carry(self, wire: Wire, request: Request, limit_s: float, key: ApiKey | None) -> Told:
        try:
            return _told(wire.carry(request, Deadline.after(limit_s), key))
        except ASRError as error:
            return _told_of(error)


def _told(carried: Carried) -> Told:
    reply = carried.reply
    return {
        "status": reply.status,
        "headers": dict(reply.headers),
        "body": reply.body.decode("latin-1"),
        "phases": asdict(reply.phases),
        "connection": carried.connection,
    }


def _told_of(error: ASRError) -> Told:
    return {
        "error": type(error).__name__,
        "text": str(error),
        "hint": error.hint,
        "outcome": outcome_of(error.fault),
        **{each.name: getattr(error.fault, each.name) for each in fields(error.fault)},
    }


def main() -> None:
    """Do what stdin says until it ends."""
    orders = Orders()
    for line in FileObject(sys.stdin.buffer, "rb", close=False):
        order = json.loads(line)
        try:
            answer = {"value": getattr(orders, order.pop("do"))(**order)}
        except ASRError as error:
            answer = {"raised": _told_of(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
