"""
Who answered, and which error that is: literal answers of Kong, Triton and other proxies.

The answers were recorded from running servers: Kong 3.9 and 2.8, Triton 2.51, nginx 1.22.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.contracts.replies import grpc_error, http_error, read_json
from asr_client.contracts.wire import Reply
from asr_client.errors import (
    AuthError,
    ContractError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    RejectedInputError,
    RouteNotFoundError,
    ServerBugError,
    ServerError,
    TooLargeError,
)

KONG_ID = "faf69f076c35b90bf7efcd7e7a7b100c"
KONG_39 = {"x-kong-response-latency": "1", "x-kong-request-id": KONG_ID}
KONG_28 = {"x-kong-response-latency": "0"}
# What Kong adds to an answer of its upstream.
VIA_39 = {
    "x-kong-upstream-latency": "4",
    "x-kong-proxy-latency": "1",
    "via": "1.1 kong/3.9.1",
    "x-kong-request-id": KONG_ID,
}
VIA_28 = {"x-kong-upstream-latency": "0", "x-kong-proxy-latency": "1", "via": "kong/2.8.5"}
LIMITED = {"ratelimit-remaining": "0", "ratelimit-reset": "24", "retry-after": "24"}


@dataclass(frozen=True)
class Answer:
    """One answer and what it means; *status* and *text* as they came."""

    status: int
    headers: dict[str, str]
    text: str
    kind: type[ServerError]
    origin: str
    retry_after_s: float | None = None
    request_id: str = ""
    says: str = ""
    hint: str = ""
    hides: tuple[str, ...] = field(default=())


def check(error: ServerError, answer: Answer) -> None:
    """Compare an error with what the answer means."""
    assert answer.kind is type(error)
    assert (answer.status, answer.origin) == (error.status, error.origin)
    assert (answer.retry_after_s, answer.request_id) == (error.retry_after_s, error.request_id)
    assert answer.says in error.message
    assert answer.hint in error.hint
    assert bool(answer.hint) == bool(error.hint)
    assert not [part for part in answer.hides if part in str(error)]


TRACEBACK = (
    "Failed to process the request(s) for model 'asr_raises_0_0', message: KeyError: 'zz'"
    "\n\nAt:\n  /models/asr-store/asr_raises/1/model.py(5): execute\n"
)
NGINX_413 = (
    "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n"
    "<center><h1>413 Request Entity Too Large</h1></center>\r\n"
    "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)
NGINX_504 = NGINX_413.replace("413 Request Entity Too Large", "504 Gateway Time-out")
MISSING = (
    "[request id: call-17] expected 3 inputs but got 2 inputs for model 'echo'. Got input(s) "
    "['NUM_SAMPLES','AUDIO_SIGNAL'], but missing required input(s) ['LANG_ID']. Please provide "
    "all required input(s)."
)

HTTP = {
    "kong: no key": Answer(
        401,
        KONG_39 | {"www-authenticate": "Key"},
        f'{{\n  "message":"No API key found in request",\n  "request_id":"{KONG_ID}"\n}}',
        AuthError,
        "kong",
        request_id=KONG_ID,
        says="the gateway (Kong) answered 401: No API key found in request",
        hint="ASR_API_KEY; or another header: published gateways also read apikey",
    ),
    "kong 2.8: wrong key": Answer(
        401,
        KONG_28,
        '{\n  "message":"Invalid authentication credentials"\n}',
        AuthError,
        "kong",
        says="Invalid authentication credentials",
    ),
    "kong: not allowed": Answer(
        403,
        KONG_39,
        '{\n  "message":"You cannot consume this service"\n}',
        AuthError,
        "kong",
        request_id=KONG_ID,
    ),
    "kong 2.8: rate limit": Answer(
        429,
        KONG_28 | LIMITED,
        '{\n  "message":"API rate limit exceeded"\n}',
        RateLimitedError,
        "kong",
        retry_after_s=24.0,
        says="API rate limit exceeded",
    ),
    "kong: rate limit for the rest of the hour": Answer(
        429,
        KONG_39 | LIMITED | {"retry-after": "2663"},
        '{\n  "message":"API rate limit exceeded"\n}',
        RateLimitedError,
        "kong",
        retry_after_s=2663.0,
        request_id=KONG_ID,
    ),
    "kong: no route": Answer(
        404,
        KONG_28,
        '{"message":"no Route matched with those values"}',
        RouteNotFoundError,
        "kong",
        says="no Route matched",
        hint="--protocol",
    ),
    "kong: https wanted": Answer(
        426,
        KONG_28 | {"upgrade": "TLS/1.2, HTTP/1.1"},
        '{"message":"Please use HTTPS protocol"}',
        RouteNotFoundError,
        "kong",
        says="Please use HTTPS",
        hint="use https://",
    ),
    "kong: too large": Answer(
        413,
        KONG_39,
        '{\n  "message":"Request size limit exceeded"\n}',
        TooLargeError,
        "kong",
        request_id=KONG_ID,
        says="Request size limit exceeded",
        hint="shorter audio",
    ),
    "kong: too large, expected to continue": Answer(
        417,
        KONG_28,
        '{\n  "message":"Request size limit exceeded"\n}',
        TooLargeError,
        "kong",
        hint="shorter audio",
    ),
    "kong: no replica": Answer(
        503,
        KONG_28,
        '{"message":"failure to get a peer from the ring-balancer"}',
        OverloadedError,
        "kong",
        says="ring-balancer",
        hint="no replica is up",
    ),
    "kong: upstream refused": Answer(
        502,
        VIA_28,
        '{\n  "message":"An invalid response was received from the upstream server"\n}',
        OverloadedError,
        "kong",
    ),
    "kong: upstream refused, in plain text": Answer(
        502,
        VIA_39,
        "An invalid response was received from the upstream server\nrequest_id: 819ef95b\n",
        OverloadedError,
        "kong",
        request_id=KONG_ID,
    ),
    "kong: upstream timed out": Answer(
        504,
        VIA_39,
        '{\n  "message":"The upstream server is timing out"\n}',
        OverloadedError,
        "kong",
        request_id=KONG_ID,
        hint="shorter audio",
    ),
    "triton: no such model": Answer(
        404,
        {},
        """{"error":"Request for unknown model: 'nope' is not found"}""",
        ModelNotFoundError,
        "triton",
        says="Triton answered 404: Request for unknown model: 'nope' is not found",
        hint="asr-client models",
    ),
    "triton through kong: no such model": Answer(
        404,
        VIA_39,
        """{"error":"Request for unknown model: 'nope' is not found"}""",
        ModelNotFoundError,
        "triton",
        request_id=KONG_ID,
        hint="asr-client models",
    ),
    "triton: model not ready": Answer(
        400,
        {},
        '{"error":"Model version not ready"}',
        ModelNotFoundError,
        "triton",
        hint="asr-client models",
    ),
    "triton: no such path": Answer(
        404,
        {},
        '{"error":"Not Found"}',
        RouteNotFoundError,
        "triton",
        says="Not Found",
        hint="is the URL right?",
    ),
    "triton: missing input": Answer(
        400,
        {"content-type": "text/plain"},
        json.dumps({"error": MISSING}),
        RejectedInputError,
        "triton",
        says="missing required input(s) ['LANG_ID']",
    ),
    "triton: 500 for a request it cannot parse": Answer(
        500,
        VIA_39,
        '{"error":"failed to parse the request JSON buffer: Invalid value. at 0"}',
        RejectedInputError,
        "triton",
        request_id=KONG_ID,
    ),
    "triton: 500 for data of another shape": Answer(
        500,
        {},
        """{"error":"Unable to parse 'data': Shape does not match true shape of 'data' field"}""",
        RejectedInputError,
        "triton",
    ),
    "triton: model failed": Answer(
        500,
        {"content-type": "text/plain"},
        json.dumps({"error": TRACEBACK}),
        ServerBugError,
        "model",
        says="message: KeyError: 'zz'",
        hides=("/models/", "model.py", "At:"),
    ),
    "triton: 400 for a failed model, as generate says it": Answer(
        400, {}, json.dumps({"error": TRACEBACK}), ServerBugError, "model", hides=("/models/",)
    ),
    "triton: queue full": Answer(
        503,
        VIA_28,
        """{"error":"in ensemble 'a', [request id: <id_unknown>] Exceeds maximum queue size"}""",
        OverloadedError,
        "triton",
    ),
    "triton: waited too long in the queue": Answer(
        503, {}, '{"error":"Request timeout expired"}', OverloadedError, "triton"
    ),
    "triton: stub process died": Answer(
        500,
        {},
        """{"error":"Stub process 'fragile_0_0' is not healthy."}""",
        OverloadedError,
        "triton",
        hint="restarted",
    ),
    "triton: restricted": Answer(
        403,
        {},
        """{"error":"This API is restricted, expecting header 'X-API-Key'"}""",
        AuthError,
        "triton",
    ),
    "triton: decoupled model": Answer(
        501,
        {},
        '{"error":"HTTP end point doesn\'t support models with decoupled transaction policy"}',
        RejectedInputError,
        "triton",
    ),
    "upstream's own delay through kong": Answer(
        503, VIA_28 | {"retry-after": "7"}, '{"error":"busy"}', OverloadedError, "triton", 7.0
    ),
    "ai4i through kong": Answer(
        422,
        VIA_39,
        '{"detail":{"message":"Audio cannot be processed","code":"AUDIO_PROCESSING_ERROR"}}',
        RejectedInputError,
        "triton",
        request_id=KONG_ID,
        says="the server answered 422: Audio cannot be processed",
    ),
    "fastapi": Answer(
        404,
        {},
        '{"detail":"Not Found"}',
        RouteNotFoundError,
        "proxy",
        says="404: Not Found",
        hint="--protocol",
    ),
    "nginx: too large": Answer(
        413,
        {"content-type": "text/html"},
        NGINX_413,
        TooLargeError,
        "proxy",
        says="a proxy on the way answered 413: 413 Request Entity Too Large",
        hint="shorter audio",
        hides=("<", "center", "nginx"),
    ),
    "nginx: upstream timed out": Answer(
        504,
        {"content-type": "text/html"},
        NGINX_504,
        OverloadedError,
        "proxy",
        says="504 Gateway Time-out",
        hides=("<",),
        hint="shorter audio",
    ),
    "a proxy's own json": Answer(
        502,
        {},
        '{"error":{"code":502,"message":"backend not reachable"}}',
        OverloadedError,
        "proxy",
        says="backend not reachable",
    ),
    "a redirect": Answer(
        301, {"location": "https://asr/"}, "", RouteNotFoundError, "proxy", hint="https://"
    ),
    "an empty 500": Answer(500, {}, "", ServerBugError, "triton", says="500: no text"),
    "a request id of another gateway": Answer(
        503, {"x-request-id": "r-7"}, "", OverloadedError, "proxy", request_id="r-7"
    ),
}


@pytest.mark.parametrize("case", HTTP)
def test_http_error_tells_class_and_origin_when_recorded(case) -> None:
    """One row for every kind of answer that this client must tell apart."""
    answer = HTTP[case]
    check(http_error(Reply(answer.status, answer.headers, answer.text.encode())), answer)


GRPC_VIA_39 = VIA_39 | {"via": "2 kong/3.9.1"}

GRPC = {
    "kong: no key": Answer(
        16,
        KONG_39 | {"www-authenticate": "Key"},
        "Unauthenticated",
        AuthError,
        "kong",
        request_id=KONG_ID,
    ),
    "kong 2.8: not allowed": Answer(7, KONG_28, "PermissionDenied", AuthError, "kong"),
    "kong, its headers off: not allowed": Answer(7, {}, "PermissionDenied", AuthError, "kong"),
    "kong: rate limit": Answer(
        8, KONG_28 | LIMITED, "ResourceExhausted", RateLimitedError, "kong", retry_after_s=24.0
    ),
    "kong: rate limit without headers": Answer(
        8, KONG_39, "ResourceExhausted", RateLimitedError, "kong", request_id=KONG_ID
    ),
    "kong: no route": Answer(
        5, KONG_39, "NotFound", RouteNotFoundError, "kong", request_id=KONG_ID, hint="--protocol"
    ),
    "kong 2.8: no route": Answer(
        5,
        KONG_28,
        "no Route matched with those values",
        RouteNotFoundError,
        "kong",
        hint="--protocol",
    ),
    "kong: no replica": Answer(
        14, KONG_39, "Unavailable", OverloadedError, "kong", request_id=KONG_ID
    ),
    "kong: upstream refused": Answer(
        13,
        GRPC_VIA_39,
        "An invalid response was received from the upstream server",
        OverloadedError,
        "kong",
        request_id=KONG_ID,
    ),
    "kong: upstream timed out": Answer(
        4,
        VIA_28,
        "The upstream server is timing out",
        OverloadedError,
        "kong",
        hint="shorter audio",
    ),
    "triton: no such model": Answer(
        5,
        {},
        "Request for unknown model: 'nope' is not found",
        ModelNotFoundError,
        "triton",
        says="Triton answered NOT_FOUND: Request for unknown model: 'nope' is not found",
        hint="asr-client models",
    ),
    "triton through kong: no such model": Answer(
        5,
        GRPC_VIA_39,
        "Request for unknown model: 'nope' is not found",
        ModelNotFoundError,
        "triton",
        request_id=KONG_ID,
        hint="asr-client models",
    ),
    "triton: missing input": Answer(
        3, {}, MISSING, RejectedInputError, "triton", says="missing required input(s) ['LANG_ID']"
    ),
    "triton: model failed": Answer(
        13,
        {},
        TRACEBACK,
        ServerBugError,
        "model",
        says="message: KeyError: 'zz'",
        hides=("/models/", "model.py", "At:"),
    ),
    "triton: queue full": Answer(
        14, {}, "[request id: <id_unknown>] Exceeds maximum queue size", OverloadedError, "triton"
    ),
    "triton: stub process died": Answer(
        13,
        VIA_28,
        "Stub process 'fragile_0_0' is not healthy.",
        OverloadedError,
        "triton",
        hint="restarted",
    ),
    "triton: restricted": Answer(
        14,
        {},
        "This protocol is restricted, expecting header 'triton-grpc-protocol-x-api-key'",
        AuthError,
        "triton",
    ),
    "triton: no such method": Answer(
        12,
        {},
        "",
        RouteNotFoundError,
        "triton",
        says="UNIMPLEMENTED: no text",
        hint="is the URL right?",
    ),
    "triton: message too large": Answer(
        8,
        {},
        "SERVER: Received message larger than max (5242880 vs. 4194304)",
        TooLargeError,
        "triton",
        hint="the server limits the size of a request to 4.0 MiB",
    ),
    "client: message too large": Answer(
        8,
        {},
        "CLIENT: Sent message larger than max (120100 vs. 1000)",
        TooLargeError,
        "client",
        hint="shorter audio",
    ),
    "nginx: upstream gone": Answer(
        14,
        {},
        "Received http2 header with status: 502",
        OverloadedError,
        "proxy",
        says="a proxy on the way answered UNAVAILABLE",
    ),
    "an unknown code": Answer(2, {}, "boom", ServerBugError, "triton"),
}


@pytest.mark.parametrize("case", GRPC)
def test_grpc_error_tells_class_and_origin_when_recorded(case) -> None:
    """HTTP and gRPC lead to the same classes."""
    answer = GRPC[case]
    check(grpc_error(Reply(answer.status, answer.headers, b"", answer.text)), answer)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("3600", 3600.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_http_error_reads_the_delay_when_it_is_in_seconds(value, seconds) -> None:
    """A delay that cannot be read is none, and no second error."""
    assert seconds == http_error(Reply(429, {"retry-after": value})).retry_after_s


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"error":"a\\n  b"}', "a b"),
        ('{"message":"नमस्ते"}', "नमस्ते"),
        ('{"detail":[{"loc":["body"],"msg":"field required"}]}', "field required"),
        ('{"error":""}', "no text"),
        ("plain\r\ntext", "plain text"),
        ("<HTML><HEAD><TITLE>Busy</TITLE></HEAD></HTML>", "Busy"),
        ("İ<title>Busy</title>", "Busy"),
        ("<html><body>no title</body></html>", "no title"),
        ("[" * 100_000, "[[["),
        ("a\x00\x01b", "a b"),
    ],
)
def test_http_error_finds_the_sentence_when_bodies_differ(body, message) -> None:
    """One line of what the server said, whoever it was."""
    text = http_error(Reply(500, {}, body.encode())).message
    assert message in text
    assert "\n" not in text
    assert len(text) < 500


@given(status=st.integers(201, 999), body=st.binary(max_size=200), headers=st.booleans())
def test_http_error_always_finds_a_class_when_answers_are_noise(status, body, headers) -> None:
    """No answer, however strange, makes the classifier itself fail."""
    error = http_error(Reply(status, VIA_39 if headers else {}, body))
    assert isinstance(error, ServerError)
    assert status == error.status


@given(status=st.integers(1, 30), details=st.text())
def test_grpc_error_always_finds_a_class_when_answers_are_noise(status, details) -> None:
    """No status, however strange, makes the classifier itself fail."""
    error = grpc_error(Reply(status, {}, b"", details))
    assert isinstance(error, ServerError)
    assert status == error.status


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"{", b"[" * 100_000])
def test_read_json_refuses_when_the_body_is_something_else(body) -> None:
    """The message says what was being read and how it starts, not all of it."""
    with pytest.raises(ContractError, match="the answer is not JSON") as caught:
        read_json(body, "the answer")
    assert len(caught.value.message) < 150
    assert "URL" in caught.value.hint
