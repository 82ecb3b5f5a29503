"""Thousands of calls, good ones and broken ones, leave nothing behind in the process."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from typing import Any

from asr_client.retry import RetryPolicy

CALLS = 500  # in each of four ways
CLIENTS = 40
SOON = RetryPolicy(first_delay_s=0.0)
# A few connections come and go, on the gateway's side too, and gRPC's threads with them.
SLACK = 8
ROUNDS = 3


def open_things() -> dict[str, int]:
    """Count this process's open files and threads, those of libraries included."""
    gc.collect()
    return {place: len(os.listdir(f"/proc/self/{place}")) for place in ("fd", "task")}  # noqa: PTH208


def growth_of(work: Callable[[], None]) -> dict[str, int]:
    """
    Tell what there is more of each time that work is done, by more than chance.

    A library's pool of threads grows when the machine is busy, and then no more; a leak goes on.
    """
    growth: dict[str, int] = {}
    for _ in range(ROUNDS):
        before = open_things()
        work()
        now = open_things()
        growth = {place: now[place] for place in now if now[place] > before[place] + SLACK}
        if not growth:
            break
    return growth


def test_calls_of_one_client_leave_nothing_open(start_gateway: Any, connect: Any) -> None:
    """Every twentieth has its connection reset or its answer cut, and is mended."""
    gateway = start_gateway()
    caller = connect(gateway, retry=SOON)

    def call(number: int) -> bool:
        if number % 20 == 0:
            gateway.resets() if number % 40 else gateway.truncates()
        return bool(caller.list_models().models)

    def call_often() -> None:
        assert all(call(number) for number in range(CALLS))

    assert all(call(number) for number in range(40))
    assert growth_of(call_often) == {}
    assert len(gateway.calls) > CALLS


def test_clients_that_are_closed_leave_nothing_open(start_gateway: Any, connect: Any) -> None:
    """One client for each call, as short scripts and careless services do it."""
    gateway = start_gateway()

    def call(clients: int) -> None:
        for _ in range(clients):
            caller = connect(gateway, retry=SOON)
            caller.list_models()
            caller.close()

    call(5)
    assert growth_of(lambda: call(CLIENTS)) == {}
