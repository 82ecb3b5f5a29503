"""What cannot be mended: one error, equal in all ways, that says who failed and what it took."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from asr_client import (
    ApiKey,
    ASRError,
    AuthError,
    DeadlineError,
    NotSentError,
    OverloadedError,
    RateLimitedError,
    ReplyLostError,
    RouteNotFoundError,
    ServerError,
    TooLargeError,
    Transcript,
)
from asr_client.faults import Fault
from asr_client.retry import RetryPolicy
from asr_client.testing import Gateway
from canaries import new_key

INFER = "*[iI]nfer"  # .../infer and .../ModelInfer: not what looks for the way to the model
THREE_TRIES = RetryPolicy(max_attempts=3, first_delay_s=0.01)


def nothing(_gateway: Gateway) -> None:
    """Let the gateway do what it does."""


@dataclass(frozen=True)
class Case:
    """
    A failure.

    Attributes:
        error: The class of what is raised.
        fault: What it says.
        http: The statuses of all tries.
        grpc: Their codes.
        drill: Makes it happen, before the call.
        gateway: Options of the gateway.
        client: Settings of the client.
        at_first: Whether the first request fails, that looks for the way; else the recognition.
    """

    error: type[ASRError]
    fault: Fault
    http: tuple[int | None, ...]
    grpc: tuple[int | None, ...]
    drill: Callable[[Gateway], object] = nothing
    gateway: dict[str, Any] = field(default_factory=dict)
    client: dict[str, Any] = field(default_factory=dict)
    deadline_s: float = 60.0
    at_first: bool = False


REFUSED_KEY = {
    "error": AuthError,
    "fault": Fault("auth", "kong", "no", "no"),
    "http": (401,),
    "grpc": (16,),
    "at_first": True,
}
CASES = {
    "no key": Case(**REFUSED_KEY, client={"api_key": None}),
    "wrong key": Case(**REFUSED_KEY, client={"api_key": ApiKey(new_key())}),
    "key in another header": Case(**REFUSED_KEY, client={"api_key_header": "apikey"}),
    "no route": Case(
        RouteNotFoundError,
        Fault("not_found_route", "kong", "no", "no"),
        (404,),
        (5,),
        gateway={"routes": (), "grpc_services": ()},
        at_first=True,
    ),
    "too large": Case(
        TooLargeError,
        Fault("too_large", "kong", "no", "no"),
        (413,),
        (3,),
        gateway={"max_body_bytes": 10_000},
    ),
    "limit ends after the deadline": Case(
        RateLimitedError,
        Fault("rate_limited", "kong", "no", "yes"),
        (429,),
        (8,),
        lambda gateway: gateway.rate_limits(retry_after_s=3600, path=INFER),
    ),
    "upstream down": Case(
        OverloadedError,
        Fault("gateway_upstream_unreachable", "kong", "maybe", "yes"),
        (502,) * 3,
        (13,) * 3,
        lambda gateway: gateway.upstream_fails(times=3, path=INFER),
    ),
    "gateway times out": Case(
        OverloadedError,
        Fault("gateway_timeout", "kong", "maybe", "once"),
        (504,),
        (4,),
        lambda gateway: gateway.times_out(path=INFER),
    ),
    "reset again and again": Case(
        ReplyLostError,
        Fault("connect", "tcp", "maybe", "yes"),
        (None,) * 3,
        (None,) * 3,
        lambda gateway: gateway.resets(when="after", times=3, path=INFER),
    ),
    "nobody listens": Case(
        NotSentError,
        Fault("connect", "tcp", "no", "yes"),
        (None,) * 3,
        (None,) * 3,
        Gateway.stop,
    ),
    "no answer before the deadline": Case(
        DeadlineError,
        Fault("deadline", "client", "maybe", "no"),
        (None,),
        (None,),
        lambda gateway: gateway.hangs(seconds=600, path=INFER),
        deadline_s=0.5,
    ),
}


@pytest.fixture
def fail(start_gateway: Any, connect: Any, door: Path) -> Callable[[Case], Any]:
    """Make a case's call; gives its error, and the gateway."""

    def fail(case: Case) -> tuple[ASRError, Gateway]:
        gateway = start_gateway(**case.gateway)
        caller = connect(gateway, **{"retry": THREE_TRIES, **case.client})
        if not case.at_first:
            caller.find_way()
            gateway.forgets_calls()
        case.drill(gateway)
        with pytest.raises(ASRError) as caught:
            caller.transcribe(door, deadline_s=case.deadline_s)
        return caught.value, gateway

    return fail


@pytest.mark.parametrize("name", CASES)
def test_failure_says_the_same_in_all_ways(name: str, way: Any, fail: Any) -> None:
    """Class, conclusion and tries; and what the gateway's log and another process make of it."""
    case = CASES[name]
    error, gateway = fail(case)
    assert type(error) is case.error
    assert error.fault == error.attempts[-1].fault == case.fault
    assert (error.code, error.origin) == (case.fault.code, case.fault.origin)
    assert (error.executed, error.retryable) == (case.fault.executed, case.fault.retryable)
    check_statuses(error, way.choose(case.http, case.grpc))
    check_ids(error, gateway)
    check_copies(error)


def check_statuses(error: ASRError, expected: tuple[int | None, ...]) -> None:
    """Each try got what was expected; what is too large is halved, and its halves ended alike."""
    statuses = tuple(each.status for each in error.attempts)
    if isinstance(error, TooLargeError):
        assert len(statuses) > 1
        assert set(statuses) == set(expected)
    else:
        assert statuses == expected


def check_ids(error: ASRError, gateway: Gateway) -> None:
    """The gateway knows each try by the call's id, and the error has the gateway's own."""
    (request_id,) = {each.request_id for each in error.attempts}
    assert {call.request_id for call in gateway.calls} <= {request_id}
    if isinstance(error, ServerError):
        told = {call.kong_request_id for call in gateway.calls}
        assert error.request_id in told
        if not isinstance(error, TooLargeError):  # of several halves the first one's error is told
            assert error.request_id == gateway.calls[-1].kong_request_id


def check_copies(error: ASRError) -> None:
    """A copy and a pickle say all that the error says."""
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301 - our own
        assert type(again) is type(error)
        assert vars(again) == vars(error)
        assert (str(again), again.fault, again.attempts) == (
            str(error),
            error.fault,
            error.attempts,
        )


def test_no_replica_is_told_from_a_broken_one(
    way: Any, start_gateway: Any, connect: Any, door: Path
) -> None:
    """Nobody was asked, so nothing ran. Over gRPC Kong says one word, which fits other reasons."""
    caller = connect(start_gateway((), ()), retry=THREE_TRIES)
    with pytest.raises(OverloadedError) as caught:
        caller.transcribe(door)
    error = caught.value
    assert (error.origin, error.executed, error.retryable) == ("kong", "no", "yes")
    assert error.code == way.choose("gateway_upstream_unreachable", "unavailable")
    assert [each.status for each in error.attempts] == [way.choose(503, 14)] * 3


def test_spent_limit_is_known_without_asking_again(
    way: Any, start_gateway: Any, connect: Any, door: Path
) -> None:
    """Once told of an hour, the client refuses at once what has less time; nothing is sent."""
    gateway = start_gateway()
    caller = connect(gateway)
    caller.find_way()
    gateway.rate_limits(retry_after_s=3600, path=INFER)
    for _ in range(2):
        with pytest.raises(RateLimitedError) as caught:
            caller.transcribe(door)
    error = caught.value
    assert error.fault == Fault("rate_limited", "client", "no", "yes")
    assert error.attempts == ()
    assert error.retry_after_s == pytest.approx(3600, abs=60)
    assert gateway.counts_by_status()[way.choose(429, 8)] == 1


def test_time_out_is_not_repeated_unasked(
    start_gateway: Any, connect: Any, way: Any, door: Path
) -> None:
    """The server may still be at work on it: a second request would be a second load."""
    gateway = start_gateway()
    caller = connect(gateway)
    caller.find_way()
    gateway.times_out(path=INFER)
    with pytest.raises(OverloadedError, match="timing out"):
        caller.transcribe(door)
    assert gateway.counts_by_status()[way.choose(504, 4)] == 1
    after = caller.transcribe(door)
    assert isinstance(after, Transcript)
    assert len(after.attempts) == 1
