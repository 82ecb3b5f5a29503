"""Thousands of calls, good ones and broken ones, leave nothing behind in the process."""

from __future__ import annotations

import gc
import os
from typing import Any

from asr_client.retry import RetryPolicy

CALLS = 500  # in each of four ways
CLIENTS = 40
SOON = RetryPolicy(first_delay_s=0.0)
# A few connections come and go, on the gateway's side too, and gRPC's threads with them.
SLACK = 8


def open_things() -> dict[str, int]:
    """Count this process's open files and threads, those of libraries included."""
    gc.collect()
    return {place: len(os.listdir(f"/proc/self/{place}")) for place in ("fd", "task")}  # noqa: PTH208


def grown(before: dict[str, int]) -> dict[str, int]:
    """Tell what there is more of now than before, by more than chance."""
    now = open_things()
    return {place: now[place] for place in now if now[place] > before[place] + SLACK}


def test_calls_of_one_client_leave_nothing_open(start_gateway: Any, connect: Any) -> None:
    """Every twentieth has its connection reset or its answer cut, and is mended."""
    gateway = start_gateway()
    caller = connect(gateway, retry=SOON)

    def call(number: int) -> bool:
        if number % 20 == 0:
            gateway.resets() if number % 40 else gateway.truncates()
        return bool(caller.list_models().models)

    assert all(call(number) for number in range(40))
    before = open_things()
    assert all(call(number) for number in range(CALLS))
    assert grown(before) == {}
    assert len(gateway.calls) > CALLS


def test_clients_that_are_closed_leave_nothing_open(start_gateway: Any, connect: Any) -> None:
    """One client for each call, as short scripts and careless services do it."""
    gateway = start_gateway()

    def call() -> None:
        caller = connect(gateway, retry=SOON)
        caller.list_models()
        caller.close()

    for _ in range(5):
        call()
    before = open_things()
    for _ in range(CLIENTS):
        call()
    assert grown(before) == {}
