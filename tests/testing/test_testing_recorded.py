"""The stand-in's HTTP answers, held against those of a real Kong 3.9.1, case by case."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from asr_client.auth import ApiKey
from asr_client.testing import Cors, EchoUpstream, Gateway, ManualClock, UpstreamReply
from asr_client.testing.kong_answers import error_body
from asr_client.testing.kong_rules import NAME_UNKNOWN
from asr_client.testing.rate_limit import WINDOWS_S

Record = dict[str, Any]

KEYS = {"api_keys": (ApiKey("KEY-FOR-TESTS"), ApiKey("KEY-FOR-TESTS-2"))}
MEBIBYTE = {"max_body_bytes": 2**20}
PAGE = Cors(
    origins=("https://app.example",),
    headers=("X-API-Key", "Content-Type"),
    exposed_headers=("X-RateLimit-Remaining-Minute", "Retry-After"),
    credentials=True,
    max_age_s=600,
)
EVERY_METHOD = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")
ANY_PAGE = Cors(("*",), EVERY_METHOD, max_age_s=None)
NOBODY = "http://127.0.0.1:1"

# Names whose values differ from answer to answer, also on a real Kong.
VARYING = ("date", "x-kong-response-latency", "x-kong-upstream-latency", "x-kong-proxy-latency")
VARYING_IDS = ("x-kong-request-id", "x-request-id")
# How a body is framed, and what it is, is the upstream's business.
FRAMING = ("content-length", "transfer-encoding", "content-type")


def limits(**windows: int) -> dict[str, Any]:
    """Give options with a limit."""
    return {"limits": windows}


# Case -> options, and how many calls come before it.
OWN: dict[str, tuple[dict[str, Any], int]] = {
    "k39-01-nokey": (KEYS, 0),
    "k39-01-nokey-bare": (KEYS, 0),
    "k39-01-nokey-plain": (KEYS, 0),
    "k39-02-keycase": (KEYS, 0),
    "k39-02-quotedkey": (KEYS, 0),
    "k39-02-wrongkey": (KEYS, 0),
    "k39-03-dup": (KEYS, 0),
    "k39-09-nokey-2mb": (KEYS, 0),
    "k39-09-nokey-expect": (KEYS, 0),
    "k39-doc-nokey": (KEYS, 0),
    "k39-10-rlmin-4": (limits(minute=3), 3),
    "k39-11-rlmix-2": (limits(second=1, minute=30, hour=1000), 1),
    "k39-11-rlsec1-2": (limits(second=1), 1),
    "k39-12-rlhide-3": ({**limits(minute=2), "hide_client_headers": True}, 2),
    "k39-13-rl503-2": (
        {**limits(minute=1), "error_code": 503, "error_message": "over quota"},
        1,
    ),
    "k39-13-rlcode-2": (
        {**limits(minute=1), "error_code": 403, "error_message": "quota gone"},
        1,
    ),
    "k39-13-rlmsg-2": ({**limits(minute=1), "error_message": "Slow down, please"}, 1),
    "k39-25-size": (MEBIBYTE, 0),
    "k39-25-size-20mb": (MEBIBYTE, 0),
    "k39-25-size-chunked": (MEBIBYTE, 0),
    "k39-26-expect": (MEBIBYTE, 0),
    "k39-31-preflight": ({"cors": PAGE}, 0),
    "k39-31-preflight-all": ({"cors": ANY_PAGE}, 0),
    "k39-31-preflight-key": ({**KEYS, "cors": PAGE}, 0),
    "k39-31-preflight-nocors": (KEYS, 0),
    "k39off-401": ({**KEYS, "headers": False}, 0),
    "k39off-401-bad": ({**KEYS, "headers": False}, 0),
    "k39off-413": ({**MEBIBYTE, "headers": False}, 0),
    "k39off-429-2": ({**limits(hour=1), "headers": False}, 1),
}
NO_ROUTE = ("k39-15-head", "k39-15-index", "k39-15-method", "k39-15-noroute", "k39-15-trail")
NO_UPSTREAM = ("k39-17-refused-bare", "k39-17-refused-get", "k39-17-refused-post", "k39off-502")
TIMES_OUT = ("k39-20-read", "k39-20-read-key", "k39off-504")
NO_TARGET = ("k39-23-notargets", "k39off-503")
MALFORMED = ("k39-29-badlen", "k39-29-bighdr", "k39-29-biguri", "k39-29-nohost")
PASSED_ON: dict[str, tuple[dict[str, Any], int]] = {
    "k39-05-ok": (KEYS, 0),
    "k39-05-ok-lower": (KEYS, 0),
    "k39-05-ok-trail": (KEYS, 0),
    "k39-08-hide": (KEYS, 0),
    "k39-10-rlmin-1": (limits(minute=3), 0),
    "k39-10-rlmin-2": (limits(minute=3), 1),
    "k39-11-rlsec1-1": (limits(second=1), 0),
    "k39-12-rlhide-1": ({**limits(minute=2), "hide_client_headers": True}, 0),
    "k39-14-up429": (limits(minute=50), 0),
    "k39-14-up503ra": (limits(minute=50), 2),
    "k39-30-ok-server": ({}, 0),
    "k39-30-up400": ({}, 0),
    "k39-30-up404": ({}, 0),
    "k39-30-up500": ({}, 0),
    "k39-30-up500-server": ({}, 0),
    "k39-30-up503": ({}, 0),
    "k39-32-cors-other": ({"cors": PAGE}, 0),
    "k39-cid-own": ({"correlation_header": "X-Request-ID"}, 0),
    "k39-combo-ok": (
        {**limits(second=5, minute=20), "cors": PAGE, "correlation_header": "X-Request-ID"},
        0,
    ),
    "k39-doc-ok": ({**KEYS, **limits(minute=300, hour=3000)}, 0),
    "k39off-ok": ({**KEYS, "headers": False}, 0),
    "k39off-429-1": ({**limits(hour=1), "headers": False}, 0),
}


@pytest.mark.parametrize("case", OWN)
def test_gateway_refuses_as_recorded(case: str, asr_gateway: Any, ask: Any, recorded: Any) -> None:
    """Status, reason, header names and values, and body are those of the real one."""
    options, calls_before = OWN[case]
    record = recorded(case)
    gateway = start(asr_gateway, record, EchoUpstream(), options)
    for _ in range(calls_before):
        ask(gateway.port, "GET", "/v2/health/live", kept=True)
    assert_equal(replay(ask, gateway, record), record)


@pytest.mark.parametrize("case", PASSED_ON)
def test_gateway_passes_on_as_recorded(
    case: str, asr_gateway: Any, ask: Any, recorded: Any
) -> None:
    """What the upstream says arrives unchanged, among the headers that Kong adds."""
    options, calls_before = PASSED_ON[case]
    record = recorded(case)
    gateway = start(asr_gateway, record, upstream_of(record), options)
    for _ in range(calls_before):
        ask(gateway.port, "GET", "/v2/health/live", kept=True)
    assert_equal(replay(ask, gateway, record), record, ignored=FRAMING)


@pytest.mark.parametrize("case", [*NO_ROUTE, "k39-15-v2", "k39off-404"])
def test_gateway_knows_no_other_path(case: str, asr_gateway: Any, ask: Any, recorded: Any) -> None:
    """A path, a method or an ending that no route has gets Kong's own 404."""
    record = recorded(case)
    headers = not case.startswith("k39off")
    gateway = start(asr_gateway, record, EchoUpstream(), {"headers": headers})
    assert_equal(replay(ask, gateway, record, path=record["request"]["path"]), record)


@pytest.mark.parametrize("case", NO_UPSTREAM)
def test_gateway_says_502_for_an_upstream_that_is_down(
    case: str, asr_gateway: Any, ask: Any, recorded: Any
) -> None:
    """Its own 502 carries the headers of an answer passed on, as Kong's does."""
    record = recorded(case)
    options = {"headers": not case.startswith("k39off")}
    gateway = start(asr_gateway, record, NOBODY, options)
    assert_equal(replay(ask, gateway, record), record)


@pytest.mark.parametrize("case", TIMES_OUT)
def test_gateway_says_504_as_recorded(case: str, asr_gateway: Any, ask: Any, recorded: Any) -> None:
    """The drill's 504 is Kong's, and uses a limit as Kong's does."""
    record = recorded(case)
    options = {"headers": not case.startswith("k39off")}
    if "key" in case:
        options |= {**KEYS, **limits(minute=100)}
    gateway = start(asr_gateway, record, EchoUpstream(), options)
    gateway.times_out()
    assert_equal(replay(ask, gateway, record), record)


@pytest.mark.parametrize("case", NO_TARGET)
def test_gateway_says_503_without_targets(
    case: str, asr_gateway: Any, ask: Any, recorded: Any
) -> None:
    """Nobody was asked, and the headers say so."""
    record = recorded(case)
    options = {"headers": not case.startswith("k39off")}
    gateway = start(asr_gateway, record, (), options)
    assert_equal(replay(ask, gateway, record), record)


@pytest.mark.parametrize("case", [*MALFORMED, "k39-29-garbage"])
def test_gateway_answers_what_is_no_request(
    case: str, asr_gateway: Any, ask: Any, recorded: Any
) -> None:
    """What cannot be read is answered by nginx, after which the connection ends."""
    record = recorded(case)
    gateway = start(asr_gateway, record, EchoUpstream(), {})
    raw = b"BLAH\r\n\r\n" if case.endswith("garbage") else b""
    path = "/plain?" + "q" * 40_000 if case.endswith("biguri") else "/plain"
    assert_equal(replay(ask, gateway, record, path=path, raw=raw), record)


@pytest.mark.parametrize("case", ["k39-22-dns", "k39-22-dns-html"])
def test_unresolved_name_is_worded_as_recorded(
    case: str, recorded: Callable[[str], Record]
) -> None:
    """A browser gets HTML, a program JSON."""
    record = recorded(case)
    asked = tuple(map(tuple, record["request"]["headers"]))
    identity = dict(record["response"]["headers"])["X-Kong-Request-Id"]
    kind, body = error_body(NAME_UNKNOWN, asked, identity)
    assert kind == dict(record["response"]["headers"])["Content-Type"]
    assert body.decode() == record["response"]["body"]


def test_truncated_answer_is_as_recorded(asr_gateway: Any, ask: Any, recorded: Any) -> None:
    """Status 200 and a promise of more than comes, then the end of the connection."""
    record = recorded("k39-21-close-mid")
    gateway = start(asr_gateway, record, upstream_of(record), {})
    gateway.truncates()
    answered = replay(ask, gateway, record)
    assert not answered.complete
    assert [name for name, _ in answered.headers] == [
        name for name, _ in record["response"]["headers"]
    ]


def start(asr_gateway: Any, record: Record, upstream: Any, options: dict[str, Any]) -> Gateway:
    """Start a gateway whose clock stands where the recorded one stood in its window."""
    clock = ManualClock()
    headers = dict(record["response"]["headers"] or ())
    windows = [window for window in WINDOWS_S if window in options.get("limits", ())]
    if "RateLimit-Reset" in headers:
        shown = [w for w in windows if headers["RateLimit-Limit"] == str(options["limits"][w])]
        clock.advance(WINDOWS_S[shown[-1]] - int(headers["RateLimit-Reset"]))
    return asr_gateway(upstream, **{"correlation_header": "", **options, "clock": clock})


def upstream_of(record: Record) -> Callable[[Any], UpstreamReply]:
    """Make an upstream that says what the recorded one said."""
    response = record["response"]
    theirs = ("content-type", "retry-after", "x-ratelimit-remaining-audio")
    headers = [(n, v) for n, v in response["headers"] if n.lower() in theirs]
    headers += [(n, v) for n, v in response["headers"] if n == "Server" and "kong" not in v]
    headers += [("Via", "1.1 other") for n, v in response["headers"] if v.startswith("1.1 other")]
    reply = UpstreamReply(response["body"].encode(), response["status"], tuple(headers))
    return lambda _: reply


def replay(
    ask: Any,
    gateway: Gateway,
    record: Record,
    *,
    path: str = "/v2/models/asr/generate",
    raw: bytes = b"",
) -> Any:
    """Send the recorded request to the stand-in, along a route that it has."""
    request = record["request"]
    headers = [(name, grown(value)) for name, value in request["headers"]]
    sent = {name.lower(): value for name, value in headers}
    body = bytes(int(sent["content-length"])) if sent.get("content-length", "").isdecimal() else b""
    if "transfer-encoding" in sent:
        size = 2 * 2**20
        body = b"%x\r\n" % size + bytes(size) + b"\r\n0\r\n\r\n"
    return ask(gateway.port, request["method"], path, headers, body, raw=raw)


def grown(value: str) -> str:
    """Give a recorded header its true length again."""
    short = re.fullmatch(r"(.)\1*\.\.\.\((\d+) characters\)", value)
    return short.group(1) * int(short.group(2)) if short else value


def assert_equal(answered: Any, record: Record, ignored: tuple[str, ...] = ()) -> None:
    """Compare everything that two answers of the same Kong share."""
    response = record["response"]
    assert (answered.status, answered.reason) == (response["status"], response["reason"])
    assert comparable(answered.headers, ignored) == comparable(response["headers"], ignored)
    assert without_ids(answered.body.decode()) == without_ids(response["body"])


def comparable(headers: Any, ignored: tuple[str, ...]) -> list[tuple[str, str]]:
    """Give names in their case and, where they are alike from answer to answer, values."""
    varying = (*VARYING, *VARYING_IDS)
    return sorted(
        (name, "" if name.lower() in varying else value)
        for name, value in headers
        if name.lower() not in ignored
    )


def without_ids(text: str) -> str:
    """Replace the request ids in a body, which no two answers share."""
    return re.sub(r"[0-9a-f]{32}", "ID", text)
