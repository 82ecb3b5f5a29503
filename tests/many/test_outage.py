"""A server that is away: how long it is waited for, and how often it is asked."""

from __future__ import annotations

import pytest

from asr_client import (
    AuthError,
    DeadlineError,
    NotSentError,
    OverloadedError,
    RateLimitedError,
    RejectedInputError,
)
from asr_client.calls.many.outage import Outage, passes
from asr_client.faults import Fault

AWAY = NotSentError("refused", fault=Fault("connect", origin="tcp", executed="no", retryable="yes"))


def test_it_is_asked_ever_more_seldom() -> None:
    """A quarter of a second, half, one, and so on up to ten."""
    outage, now_s, delays = Outage(1e9), 0.0, []
    for _ in range(8):
        assert outage.failed(AWAY, now_s)
        delays.append(outage.begins_in_s(now_s))
        now_s += delays[-1]
    assert delays == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_what_fails_together_counts_once() -> None:
    """Many requests under way meet the same outage."""
    outage = Outage(60)
    for _ in range(20):
        assert outage.failed(AWAY, 0.0)
    assert outage.begins_in_s(0.0) == 0.25


def test_patience_ends() -> None:
    """What waits fails when the server has been away for too long."""
    outage = Outage(5)
    assert outage.failed(AWAY, 0.0)
    assert outage.failed(AWAY, 4.0)
    assert not outage.failed(AWAY, 6.0)
    assert not Outage(0).failed(AWAY, 0.0)


def test_an_answer_ends_it() -> None:
    """Then all is as before."""
    outage = Outage(5)
    outage.failed(AWAY, 0.0)
    assert outage.is_on
    outage.worked()
    assert not outage.is_on
    assert outage.begins_in_s(0.0) == 0
    assert outage.failed(AWAY, 100.0)
    assert outage.begins_in_s(100.0) == 0.25


def test_a_server_that_names_a_time_is_asked_then() -> None:
    """Retry-After counts."""
    outage = Outage(60)
    fault = Fault("overloaded", origin="kong", executed="no", retryable="yes")
    outage.failed(OverloadedError("full", fault=fault, retry_after_s=7.0), 0.0)
    assert outage.begins_in_s(0.0) == 7.0


def test_a_rate_limit_is_waited_for_beyond_patience() -> None:
    """The gateway is there and names the time; it is no outage, unless it names a day."""
    outage = Outage(5)
    fault = Fault("rate_limited", origin="kong", executed="no", retryable="yes")
    assert outage.failed(RateLimitedError("no", fault=fault, retry_after_s=1800.0), 0.0)
    assert not outage.is_on
    assert outage.begins_in_s(0.0) == 1800.0
    assert not outage.failed(RateLimitedError("no", fault=fault, retry_after_s=86_400.0), 0.0)


@pytest.mark.parametrize(
    ("error", "is_passing"),
    [
        (AWAY, True),
        (DeadlineError("late", fault=Fault("deadline", "client", "no", "no")), True),
        (DeadlineError("late", fault=Fault("deadline", "client", "maybe", "no")), False),
        (AuthError("no", fault=Fault("auth", "kong", "no", "no")), False),
        (RejectedInputError("no"), False),
    ],
    ids=["refused", "never sent", "sent", "key", "input"],
)
def test_what_passes(error: Exception, is_passing: bool) -> None:
    """What may work later waits; what would fail again, or may run still, does not."""
    assert passes(error) is is_passing


def test_an_overload_amid_a_rate_limit_is_waited_for_as_ever() -> None:
    """What was under way when the limit was met meets a full server: both are waited for."""
    outage = Outage(60)
    fault = Fault("rate_limited", origin="kong", executed="no", retryable="yes")
    assert outage.failed(RateLimitedError("no", fault=fault, retry_after_s=1800.0), 0.0)
    assert outage.failed(AWAY, 1.0)
    assert outage.begins_in_s(1.0) == 1799.0
    outage.worked()  # one that was under way all the while
    assert outage.begins_in_s(1.0) == 1799.0
    assert outage.begins_in_s(1800.0) == 0.0


def test_a_rate_limit_that_names_no_time_is_an_outage() -> None:
    """Retry-After: 0 without end would be asked without end, and without a pause."""
    outage = Outage(5)
    fault = Fault("rate_limited", origin="kong", executed="no", retryable="yes")
    assert outage.failed(RateLimitedError("no", fault=fault, retry_after_s=0.0), 0.0)
    assert outage.begins_in_s(0.0) == 0.25
    assert not outage.failed(RateLimitedError("no", fault=fault, retry_after_s=0.0), 10.0)
