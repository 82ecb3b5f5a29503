"""What goes well or is mended: the caller gets the text, and the record tells what it took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asr_client.retry import RetryPolicy
from asr_client.testing import Gateway

TEXT = "open the window and close the door"
INFER = "*[iI]nfer"  # .../infer and .../ModelInfer: not what looks for the way to the model
SOON = RetryPolicy(max_attempts=6, first_delay_s=0.05)


def outcomes(attempts: Any) -> list[Any]:
    """What each try came to: its code and what is known of its execution, or "ok"."""
    return [
        (each.fault.code, each.fault.origin, each.fault.executed) if each.fault else "ok"
        for each in attempts
    ]


def test_good_call_is_the_same_in_all_ways(
    way: Any, start_gateway: Any, connect: Any, key: Any, door: Path
) -> None:
    """One text, one key, one id in every record, three requests the first time and one later."""
    gateway = start_gateway(limits={"hour": 1000})
    caller = connect(gateway)
    first, second = caller.transcribe(door), caller.transcribe(door)
    assert [first.text, second.text] == [TEXT, TEXT]
    assert [each.status for each in first.attempts] == way.choose([200] * 3, [0] * 3)
    assert outcomes(second.attempts) == ["ok"]
    assert [call.request_id for call in gateway.calls] == [first.request_id] * 3 + [
        second.request_id
    ]
    assert {call.key_fingerprint for call in gateway.calls} == {key.fingerprint}
    last = second.attempts[-1]
    assert last.key_fingerprint == key.fingerprint
    assert last.gateway_s is not None
    assert last.upstream_s is not None


@pytest.mark.parametrize(
    ("path", "protocol"),
    [("/api/v1/asr/infer", "asr-infer"), ("/v2/models/asr/generate", "generate")],
)
@pytest.mark.parametrize("way", ["http-sync", "http-async"], indirect=True)
def test_json_calls_give_the_same_text(
    path: str, protocol: str, start_gateway: Any, connect: Any, door: Path
) -> None:
    """The documented call, and Triton's own that it becomes."""
    gateway = start_gateway()
    caller = connect(gateway, url=f"{gateway.url}{path}", protocol=protocol, languages=("en",))
    assert caller.transcribe(door).text == TEXT
    assert gateway.calls[-1].path == path
    assert set(gateway.counts_by_status()) == {200}


@dataclass(frozen=True)
class Mishap:
    """
    Something that goes wrong once.

    Attributes:
        drill: Makes it happen.
        http: Status, code, origin and executed of the try that meets it.
        grpc: The same, where it differs.
        settings: Of the client.
    """

    drill: Callable[[Gateway], object]
    http: tuple[int | None, str, str, str]
    grpc: tuple[int | None, str, str, str] | None = None
    settings: tuple[tuple[str, Any], ...] = (("retry", SOON),)


LOST = (None, "connect", "tcp", "maybe")
MISHAPS = {
    "upstream fails": Mishap(
        lambda gateway: gateway.upstream_fails(path=INFER),
        (502, "gateway_upstream_unreachable", "kong", "maybe"),
        (13, "gateway_upstream_unreachable", "kong", "maybe"),
    ),
    "gateway times out, and the caller wants it repeated": Mishap(
        lambda gateway: gateway.times_out(path=INFER),
        (504, "gateway_timeout", "kong", "maybe"),
        (4, "gateway_timeout", "kong", "maybe"),
        (("retry", RetryPolicy(first_delay_s=0.05, repeat_timeouts=True)),),
    ),
    # gRPC does not tell a reply that broke off from one that never began.
    "truncated": Mishap(
        lambda gateway: gateway.truncates(path=INFER), (None, "truncated", "tcp", "maybe"), LOST
    ),
    "reset before": Mishap(lambda gateway: gateway.resets(when="before", path=INFER), LOST),
    "reset after": Mishap(lambda gateway: gateway.resets(when="after", path=INFER), LOST),
    "limiter": Mishap(
        lambda gateway: gateway.rate_limits(retry_after_s=1, path=INFER),
        (429, "rate_limited", "kong", "no"),
        (8, "rate_limited", "kong", "no"),
    ),
}


@pytest.mark.parametrize("name", MISHAPS)
def test_single_mishap_costs_one_more_try(
    name: str, way: Any, start_gateway: Any, connect: Any, door: Path
) -> None:
    """The text comes all the same, and the failed try stands in the record as what it was."""
    mishap = MISHAPS[name]
    gateway = start_gateway()
    caller = connect(gateway, **dict(mishap.settings))
    caller.find_way()
    mishap.drill(gateway)
    transcript = caller.transcribe(door)
    status, *outcome = way.choose(mishap.http, mishap.grpc or mishap.http)
    assert transcript.text == TEXT
    assert [each.status for each in transcript.attempts] == [status, way.choose(200, 0)]
    assert outcomes(transcript.attempts) == [tuple(outcome), "ok"]
    assert [each.number for each in transcript.attempts] == [1, 2]
    assert {each.request_id for each in transcript.attempts} == {transcript.request_id}


def test_refused_connection_is_made_again(
    way: Any, start_gateway: Any, connect: Any, door: Path
) -> None:
    """Kept connections are gone and the next one is reset: nothing of it reached a server."""
    gateway = start_gateway()
    caller = connect(gateway)
    caller.find_way()
    gateway.refuses()
    transcript = caller.transcribe(door)
    assert transcript.text == TEXT
    first, *_, last = transcript.attempts
    assert (first.status, first.fault.origin) == (None, "tcp")
    assert last.status == way.choose(200, 0)
    assert gateway.counts_by_status() == {way.choose(200, 0): 3}


def test_limit_is_kept_without_a_refusal(
    way: Any, start_gateway: Any, connect: Any, door: Path
) -> None:
    """More calls than a window has room for: they wait for the next one, and none is refused."""
    gateway = start_gateway(limits={"second": 2})
    caller = connect(gateway)
    caller.find_way()
    transcripts = [caller.transcribe(door) for _ in range(3)]
    assert {transcript.text for transcript in transcripts} == {TEXT}
    assert gateway.counts_by_status() == {way.choose(200, 0): 5}


def test_limit_that_is_hidden_is_found_by_backing_off(
    way: Any, start_gateway: Any, connect: Any, door: Path
) -> None:
    """Neither Retry-After nor what is left is told; the calls go through, later."""
    gateway = start_gateway(limits={"second": 1}, hide_client_headers=True)
    caller = connect(gateway, retry=SOON)
    transcripts = [caller.transcribe(door) for _ in range(2)]
    assert {transcript.text for transcript in transcripts} == {TEXT}
    refused = way.choose(429, 8)
    counts = gateway.counts_by_status()
    assert counts.pop(way.choose(200, 0)) == 4
    assert set(counts) == {refused}
    assert {each for t in transcripts for each in outcomes(t.attempts)} == {
        "ok",
        ("rate_limited", "kong", "no"),
    }


def test_replica_that_goes_and_one_that_comes_lose_no_call(
    way: Any, start_gateway: Any, connect: Any, embedded_triton: Any, door: Path
) -> None:
    """The only replica gives way to another address of the same server in the midst of calls."""
    gateway = start_gateway()
    caller = connect(gateway, retry=SOON)
    caller.find_way()
    old = way.choose(embedded_triton.http_url, embedded_triton.grpc_url)
    new = old.replace("127.0.0.1", "localhost")
    texts = [caller.transcribe(door).text]
    gateway.adds_replica(new)
    texts.append(caller.transcribe(door).text)
    gateway.drops_replica(old)
    texts.append(caller.transcribe(door).text)
    assert texts == [TEXT] * 3
    assert gateway.calls[-1].upstream in new
    assert gateway.counts_by_status() == {way.choose(200, 0): 5}
