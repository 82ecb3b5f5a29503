"""Those who watch a call: all are told, and none of them can break it."""

from __future__ import annotations

import logging

import pytest

from asr_client.calls.observing import NOBODY, Headers, Nobody, Subject, unobserved
from asr_client.contracts.wire import Request
from asr_client.faults import Attempt, Fault, Phases
from asr_client.observability.observers import Hook, together

REQUEST = Request("GET", "/v2")
ATTEMPT = Attempt(
    number=2,
    path="/v2/models/m/infer",
    request_id="5eed",
    key_fingerprint="1a2b3c4d",
    waited_s=1.5,
    encode_s=0.001,
    exchange_s=0.25,
    parse_s=0.0,
    status=503,
    fault=Fault("overloaded", "kong", "no", "yes"),
    phases=Phases(connect_s=0.0, server_s=0.2),
    gateway_s=0.004,
)


class Diary(Nobody):
    """Notes what it is told, and names attempts after itself."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[object] = []

    def settled(self, subject: Subject) -> None:
        self.told.append(subject)

    def attempt_started(self, request: Request) -> Headers:
        self.told.append(request)
        return ((self.name, "1"),)

    def attempt_ended(self, attempt: Attempt) -> None:
        self.told.append(attempt)

    def ended(self, error: BaseException | None) -> None:
        self.told.append(error)


class Clumsy:
    """Fails whatever it is told."""

    def settled(self, _: Subject) -> None:
        raise RuntimeError("settled")

    def attempt_started(self, _: Request) -> Headers:
        raise RuntimeError("attempt_started")

    def attempt_ended(self, _: Attempt) -> None:
        raise RuntimeError("attempt_ended")

    def ended(self, _: BaseException | None) -> None:
        raise RuntimeError("ended")


def test_no_watchers_cost_nothing() -> None:
    """Without anybody to tell, calls share one observer that does nothing."""
    assert together([]) is unobserved
    assert unobserved("health", "5eed") is NOBODY


def test_all_watchers_are_told_and_may_name_the_attempt() -> None:
    """Each of several observers hears everything; their headers go along together."""
    diaries = {name: Diary(name) for name in ("a", "b")}
    observe = together([lambda *_, diary=diary: diary for diary in diaries.values()])
    observer, subject, error = observe("transcribe", "5eed"), Subject("m", "hi", 2.0), OSError()
    observer.settled(subject)
    assert observer.attempt_started(REQUEST) == (("a", "1"), ("b", "1"))
    observer.attempt_ended(ATTEMPT)
    observer.ended(error)
    for diary in diaries.values():
        assert diary.told == [subject, REQUEST, ATTEMPT, error]


def test_failing_watcher_harms_neither_the_call_nor_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever an observer raises goes to the log, even at the very beginning."""

    def refuses(*_: object) -> Nobody:
        raise RuntimeError("refuses")

    diary = Diary("a")
    observer = together([refuses, lambda *_: Clumsy(), lambda *_: diary])("health", "5eed")
    observer.settled(Subject("m", None, 0.0))
    assert observer.attempt_started(REQUEST) == (("a", "1"),)
    observer.attempt_ended(ATTEMPT)
    observer.ended(None)
    assert len(diary.told) == 4
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 5
    assert {str(record.exc_info[1]) for record in caplog.records} == {
        "refuses",
        "settled",
        "attempt_started",
        "attempt_ended",
        "ended",
    }


def test_hook_hears_of_attempts_alone() -> None:
    """The caller's function gets each attempt, and names none."""
    told: list[Attempt] = []
    hook = Hook(told.append)
    assert hook.attempt_started(REQUEST) == ()
    hook.attempt_ended(ATTEMPT)
    hook.ended(None)
    assert told == [ATTEMPT]


def test_attempt_reads_as_one_line() -> None:
    """What debug logs, and a hook that prints, show of an attempt."""
    assert str(ATTEMPT) == (
        "/v2/models/m/infer try 2: 503, overloaded, said by kong in 0.250 s (waited 1.500, "
        "encode 0.001, connect 0.000, server 0.200, parse 0.000, gateway 0.004), "
        "request 5eed, key 1a2b3c4d"
    )
