"""
Every recorded answer of a real server is judged right: who, did it run, once more, and what it is.

tests/data/recordings/README.md tells how they were made. The judges never see what made an answer
(`via`, `kong`, `what`, `id`), only its bytes.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from asr_client.classification import (
    Link,
    judge_failure,
    judge_grpc,
    judge_http,
    judge_in_band,
    read_retry_after_s,
)
from asr_client.classification.error_of import answer_class
from asr_client.faults import Fault

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
Record = dict[str, Any]

# What a client library raises when the connection ends before a byte, or brings something else.
SILENCE = Link("RemoteProtocolError", "Server disconnected without sending a response.")
NO_HTTP = Link("RemoteProtocolError", "illegal status line")


def load(name: str) -> list[Any]:
    """Every record of a file, as a parameter with its name."""
    with gzip.open(RECORDINGS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [pytest.param(record, id=record["id"]) for record in map(json.loads, lines)]


HTTP, GRPC, EXCEPTIONS = load("http"), load("grpc"), load("exceptions")


def lower(*pairs: list[list[str]] | None) -> dict[str, str]:
    """Headers or metadata as a reply holds them."""
    return {name.lower(): value for part in pairs for name, value in part or ()}


def body_of(response: Record) -> str:
    """The body as text."""
    body = response["body"] or ""
    if response.get("body_encoding") == "base64":
        return base64.b64decode(body).decode("utf-8", "replace")
    return str(body)


def judge_recorded_http(record: Record) -> tuple[Fault | None, dict[str, str]]:
    """Judge one exchange over HTTP; the fault and the headers."""
    response = record["response"]
    if response["status"] is None:
        reset = response.get("read_error")
        silence = Link(reset, "") if reset else SILENCE
        return judge_failure([NO_HTTP if response["raw"] else silence]), {}
    headers = lower(response["headers"])
    text, is_complete = body_of(response), response["complete"]
    return judge_http(response["status"], headers, text, is_complete=is_complete), headers


def judge_recorded_grpc(record: Record) -> tuple[Fault | None, dict[str, str]]:
    """Judge one call over gRPC; an error inside a stream's message is the call's."""
    metadata = lower(record.get("initial_metadata"), record.get("trailing_metadata"))
    in_band = [text for text in record.get("messages") or () if text != "response"]
    if record["code"] == "OK" and in_band:
        return judge_in_band(in_band[0]), metadata
    return judge_grpc(record["code"], record.get("details", ""), metadata), metadata


def judge_recorded_failure(record: Record) -> tuple[Fault | None, dict[str, str]]:
    """Judge what a library raised; a record without exception holds an answer."""
    if record["chain"]:
        links = [
            Link(name, text, *(more.get("errno") for more in rest))
            for name, text, *rest in record["chain"]
        ]
        return judge_failure(links), {}
    if "status" in record:
        return judge_http(record["status"], {}, record.get("body", "")), {}
    return judge_recorded_grpc(record)


def check(fault: Fault | None, headers: Mapping[str, str], expect: Record) -> None:
    """Compare a verdict with the recorded one, or with a value that is also right."""
    if fault is None:
        assert expect["kind"] == "ok"
        return
    verdict = {
        "origin": fault.origin,
        "executed": fault.executed,
        "retryable": fault.retryable,
        "kind": fault.code,
        "retry_after_s": read_retry_after_s(headers, is_rate_limited=fault.code == "rate_limited"),
    }
    also_right = expect.get("accept") or {}
    wrong = {
        key: f"{value}, not {expect[key]}"
        for key, value in verdict.items()
        if value not in [expect[key], *also_right.get(key, ())]
    }
    assert not wrong


@pytest.mark.parametrize("record", HTTP)
def test_http_answer_is_judged_right_when_recorded(record: Record) -> None:
    """Kong 3.9 and 2.8, Triton, nginx: one verdict for each of their answers."""
    check(*judge_recorded_http(record), record["expect"])


@pytest.mark.parametrize("record", GRPC)
def test_grpc_status_is_judged_right_when_recorded(record: Record) -> None:
    """Statuses of servers and of the client library alike."""
    check(*judge_recorded_grpc(record), record["expect"])


@pytest.mark.parametrize("record", EXCEPTIONS)
def test_exception_is_judged_right_when_recorded(record: Record) -> None:
    """What httpx and grpcio raise where no answer came."""
    check(*judge_recorded_failure(record), record["expect"])


@pytest.mark.parametrize("record", [each for each in EXCEPTIONS if each.values[0].get("details")])
def test_grpc_exception_is_judged_alike_when_read_from_its_text(record: Record) -> None:
    """The status, and the exception that only shows it, lead to the same verdict."""
    assert judge_recorded_failure(record)[0] == judge_grpc(record["code"], record["details"], {})


KONGS_MARKS = ("via", "server")


@pytest.mark.parametrize(
    "record", [each for each in HTTP if each.values[0]["response"]["status"] is not None]
)
def test_http_answer_is_judged_right_when_kong_hides_its_headers(record: Record) -> None:
    """Without Kong's marks, kind and repetition stay right; only the origin may be less sure."""
    response = record["response"]
    headers = {
        name: value
        for name, value in lower(response["headers"]).items()
        if not name.startswith("x-kong-") and name not in KONGS_MARKS
    }
    text, is_complete = body_of(response), response["complete"]
    fault = judge_http(response["status"], headers, text, is_complete=is_complete)
    also_right = record["expect"].get("accept") or {}
    unsure = {
        "origin": [*also_right.get("origin", ()), "proxy"],
        "executed": [*also_right.get("executed", ()), "maybe", "no"],
    }
    check(fault, headers, record["expect"] | {"accept": also_right | unsure})


def recorded(records: list[Any], name: str) -> Record:
    """The record of this id."""
    return next(each.values[0] for each in records if each.id == name)


@pytest.mark.parametrize(
    ("over_http", "over_grpc"),
    [
        ("k39-01-nokey", "g39-nokey"),
        ("k39-02-wrongkey", "g39-wrongkey"),
        ("k39-acl", "g39-acl"),
        ("k39-10-rlmin-4", "g39-rlmin-2"),
        ("k39-12-rlhide-3", "g39-rlhide-2"),
        ("k39-13-rlcode-2", "g39-rl403-2"),
        ("k39-15-noroute", "g39-noroute"),
        ("k28-15-noroute-bare", "g28-noroute"),
        ("k39-16-https", "g39-grpcs"),
        ("k39-17-refused-post", "g39-down"),
        ("k39-20-read", "g39-readtimeout"),
        ("k39-24-term", "g39-term"),
        ("k39-25-size", "g39-size"),
        ("tri-missing", "tri-missing"),
        ("tri-batch", "tri-batch"),
        ("tri-nomodel-infer", "tri-nomodel"),
        ("tri-badmodel-infer", "tri-badmodel"),
        ("tri-qfull-1", "tri-qfull"),
        ("tri-qtime-1", "tri-qtime"),
        ("tri-stub-infer", "tri-stub"),
        ("tri-raise-key", "tri-raise-key"),
        ("tri-restricted", "tri-restricted"),
        ("tri-ens-lang", "tri-lang"),
        ("tri-app-unavailable", "tri-app-unavailable"),
        ("tri-app-internal", "tri-app-internal"),
        ("tri-decoupled", "tri-decoupled"),
        ("ngx-502-refused", "ngx-502"),
        ("ngx-504-read", "ngx-504"),
        ("ngx-413", "ngx-413"),
    ],
)
def test_same_cause_is_the_same_error_when_the_wire_differs(over_http, over_grpc) -> None:
    """Callers need not know which protocol they speak to tell what went wrong."""
    first, _ = judge_recorded_http(recorded(HTTP, over_http))
    second, _ = judge_recorded_grpc(recorded(GRPC, over_grpc))
    assert first is not None
    assert second is not None
    assert first == second
    assert answer_class(first) is answer_class(second)
