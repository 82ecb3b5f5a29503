"""The script of what goes wrong, the recording's clock, and how bytes are written."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import get_args

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.replay import Fault, parse_fault
from asr_loadtest.replay.api.wire import TimeShift, encode
from asr_loadtest.replay.faults import FaultKind, FaultScript
from asr_loadtest.replay.serving.clock import ReplayClock


@pytest.mark.parametrize("kind", get_args(FaultKind))
def test_every_kind_can_be_written(kind: str) -> None:
    """With and without a duration, and in fractions of a second."""
    assert parse_fault(f"{kind}@120") == Fault(kind, 120, 10)
    assert parse_fault(f"{kind}@0.5+2.5") == Fault(kind, 0.5, 2.5)


@pytest.mark.parametrize("text", ["", "forbid", "forbid@", "forbid@-1", "forbid@1+", "explode@5"])
def test_fault_that_is_none_is_refused(text: str) -> None:
    """The message says how one is written, and which there are."""
    with pytest.raises(ConfigError, match="no such fault") as caught:
        parse_fault(text)
    assert "KIND@SECOND" in caught.value.hint
    assert "metrics-gone" in caught.value.hint


def test_restart_is_refusal_then_prohibition() -> None:
    """7 s without a server, 1 s without roles."""
    script = FaultScript([Fault("restart", 100)])
    moments = (99.9, 100, 106.9, 107, 107.9, 108)
    assert [script.has("refuse", t) for t in moments] == [False, True, True, False, False, False]
    assert [script.has("forbid", t) for t in moments] == [False, False, False, True, True, False]
    assert script.watch_end(50, 200) == (100, "drop")


def test_revoked_is_for_good() -> None:
    """There is no end to it, whatever was asked."""
    assert Fault("revoke", 5, 1).until_s == math.inf


def test_first_of_several_faults_ends_a_watch() -> None:
    """In order of time, not of writing; one before the watch was opened does not count."""
    script = FaultScript([Fault("reset", 90), Fault("close", 60), Fault("drop", 10)])
    assert script.watch_end(5, 100) == (10, "drop")
    assert script.watch_end(10, 100) == (60, "close")
    assert script.watch_end(90, 100) == (100, "close")


def test_one_silence_may_follow_another() -> None:
    """What is due in the first is said after the second, if they touch."""
    script = FaultScript([Fault("silence", 20, 10), Fault("silence", 10, 10)])
    assert [script.after_silence(t) for t in (9, 10, 25, 30)] == [9, 30, 30, 30]


def test_clock_runs_at_its_speed_from_its_start() -> None:
    """Until it is started it stands; a second start changes nothing."""
    now = [100.0]
    clock = ReplayClock(20, from_s=40, now_s=lambda: now[0])
    now[0] = 200.0
    assert clock.at_s() == 40
    clock.start()
    now[0] = 203.0
    clock.start()
    assert clock.at_s() == pytest.approx(100)
    assert clock.wait_s(140) == pytest.approx(2)
    assert clock.wait_s(10) == 0


def test_times_are_moved_at_the_replays_pace() -> None:
    """A minute of the recording is three seconds at speed 20; fractions keep their digits."""
    shift = TimeShift(
        datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC), 20
    )
    moved = shift(b'{"a":"2026-11-23T10:01:00Z","b":"2026-11-23T10:01:10.000000Z","c":"10:01:00"}')
    assert moved == b'{"a":"2031-01-01T00:00:03Z","b":"2031-01-01T00:00:03.500000Z","c":"10:01:00"}'


def test_bytes_are_those_of_go() -> None:
    """Compact, in the order of keys, with what pages would take for markup escaped."""
    assert encode({"b": "<&>", "a": [1, None, "é"]}) == (
        '{"b":"\\u003c\\u0026\\u003e","a":[1,null,"é"]}'.encode()
    )
