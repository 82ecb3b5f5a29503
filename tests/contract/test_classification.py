"""Rules of the classification that no recording shows: neighbours, clocks, wording, noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.classification import (
    Link,
    chain_of,
    judge_failure,
    judge_grpc,
    judge_http,
    read_retry_after_s,
)
from asr_client.classification.advice import advise_on_answer, advise_on_connecting, advise_on_key
from asr_client.classification.bodies import read_body
from asr_client.classification.wording import plain_line
from asr_client.faults import Fault

RAISED = (
    "Failed to process the request(s) for model 'hi_0_0', message: KeyError: 'hi'"
    "\n\nAt:\n  /models/decoder/1/model.py(5): execute\n"
)
ALONE = {"x-kong-response-latency": "1"}
PASSED_ON = {"x-kong-upstream-latency": "4"}
SPENT = {"retry-after": "9", "ratelimit-remaining": "0"}


def code_of(fault: Fault | None) -> str:
    """The code of a verdict."""
    return fault.code if fault else "ok"


@pytest.mark.parametrize(
    ("own_values", "retryable"), [((), "once"), (("ta",), "once"), (("hi", "ta"), "no")]
)
def test_model_error_is_final_when_it_quotes_our_own_value(own_values, retryable) -> None:
    """A whole batch fails for one row: a neighbour's language is another reason than ours."""
    over_grpc = judge_grpc("INTERNAL", RAISED, {}, own_values=own_values)
    body = '{"error":"' + RAISED.replace("\n", "\\n") + '"}'
    over_http = judge_http(500, {}, body, own_values=own_values)
    assert over_grpc == over_http == Fault("model_error", "model", "yes", retryable)


@pytest.mark.parametrize(
    ("status", "headers", "body", "origin", "code"),
    [
        # Kong's limiter, set up to answer with another status and text.
        (403, ALONE | SPENT, '{"message":"no more"}', "kong", "rate_limited"),
        (503, ALONE | SPENT, "<p>later</p>", "kong", "rate_limited"),
        # A quota that was used up by this very request, while the server itself is busy.
        (503, PASSED_ON | SPENT, '{"error":"busy"}', "triton", "overloaded"),
        # Kong's DNS server is gone.
        (500, ALONE, '{"message":"failed the initial dns/balancer resolve for a"}', "kong",
         "gateway_upstream_unreachable"),
        # Kong's own failures, their text replaced by nothing.
        (502, PASSED_ON, "", "kong", "gateway_upstream_unreachable"),
        (504, PASSED_ON, "", "kong", "gateway_timeout"),
        # `generate` says 400 for what `infer` says 500.
        (400, {}, """{"error":"Stub process 'a_0_0' is not healthy."}""", "triton", "unavailable"),
        (400, {}, '{"error":"Failed to process the request(s) for model a"}', "model",
         "model_error"),
        # The limit of newer Triton servers.
        (400, {}, '{"error":"request size (9) exceeds the maximum allowed value (8)"}', "triton",
         "too_large"),
        # Other proxies: haproxy, Envoy, Traefik, Go, Cloudflare, API gateways.
        (503, {}, "<html><body><h1>503</h1>\nNo server is available to handle this request.\n",
         "proxy", "gateway_upstream_unreachable"),
        (503, {}, "no healthy upstream", "proxy", "gateway_upstream_unreachable"),
        (504, {}, "upstream request timeout", "proxy", "gateway_timeout"),
        (502, {}, "Bad Gateway", "proxy", "gateway_upstream_unreachable"),
        (404, {}, "404 page not found\n", "proxy", "not_found_route"),
        (521, {}, "error code: 521", "proxy", "gateway_upstream_unreachable"),
        (403, {}, '{"message":"Missing Authentication Token"}', "proxy", "auth"),
        (401, {}, '{"statusCode":401,"message":"Access denied"}', "proxy", "auth"),
        (302, {"location": "/login"}, "", "proxy", "config"),
        # The services that speak ULCA.
        (500, {}, '{"detail":{"kind":"DHRUVA-116","message":"Request failed"}}', "triton",
         "bad_request"),
        (404, {}, '{"detail":{"message":"Invalid Service Id"}}', "triton", "not_found_model"),
        (404, PASSED_ON, '{"detail":"Not Found"}', "proxy", "not_found_route"),
        (400, {}, '{"detail":{"message":"long","code":"AUDIO_TOO_LONG"}}', "triton", "too_large"),
        (422, {}, '{"detail":[{"loc":["body"],"msg":"field required"}]}', "triton", "bad_request"),
        # Errors inside a success.
        (200, {}, 'data: {"text":"a"}\n\ndata: {"error":"it broke"}\n\n', "triton", "model_error"),
        (200, {}, """{"error":"Request for unknown model: 'a'"}""", "triton", "not_found_model"),
    ],
)  # fmt: skip
def test_judge_http_knows_answers_beyond_the_recorded_ones(
    status, headers, body, origin, code
) -> None:
    """Settings, versions and proxies that were not at hand, by the same rules."""
    fault = judge_http(status, headers, body)
    assert fault is not None
    assert (fault.origin, fault.code) == (origin, code)


def test_silence_is_not_asked_for_again_when_a_service_calls_it_unavailable() -> None:
    """ai4i-core answers 503 to a recording without speech; the next try would find no more."""
    fault = judge_http(503, {}, '{"detail":"No transcripts extracted from audio"}')
    assert fault is not None
    assert fault.retryable == "no"


@pytest.mark.parametrize(
    ("code", "details", "headers", "expected"),
    [
        ("OK", "", {}, "ok"),
        ("UNAVAILABLE", "DNS resolution failed for a:1: Domain name not found", {}, "dns"),
        ("UNAVAILABLE", "failed to connect to all addresses; last error: an http1.x server",
         {}, "config"),
        ("UNAVAILABLE", "failed to connect to all addresses; tcp handshaker shutdown", {},
         "connect"),
        ("UNIMPLEMENTED", "Received http2 header with status: 404", {}, "not_found_route"),
        ("UNIMPLEMENTED", "unknown service inference.GRPCInferenceService", {}, "not_found_route"),
        ("UNAVAILABLE", "recvmsg:Connection reset by peer", {}, "connect"),
        ("UNAVAILABLE", "Too many pings", {}, "connect"),
        ("INTERNAL", "Received RST_STREAM with error code 2", {}, "connect"),
        ("INTERNAL", "Received RST_STREAM with error code 2", PASSED_ON, "gateway_timeout"),
        ("RESOURCE_EXHAUSTED", "SERVER: Received message larger than max (2 vs. 1)", {},
         "too_large"),
        ("DEADLINE_EXCEEDED", "stream timeout", {}, "gateway_timeout"),
        ("PERMISSION_DENIED", "PermissionDenied", SPENT, "rate_limited"),
        ("CANCELLED", "", {}, "unavailable"),
        # A model's own text quotes whatever it met.
        ("UNAVAILABLE", "no features: Connection reset by peer", {}, "unavailable"),
        ("INTERNAL", f"{RAISED}: The upstream server is timing out", {}, "model_error"),
    ],
)  # fmt: skip
def test_judge_grpc_knows_statuses_beyond_the_recorded_ones(
    code, details, headers, expected
) -> None:
    """The library's own words, a proxy's HTTP status, and a server's, all in one field."""
    assert expected == code_of(judge_grpc(code, details, headers))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("UnicodeEncodeError", "'ascii' codec can't encode", "config"),
        ("httpx.InvalidURL", "Invalid port", "config"),
        ("httpx.ConnectError", "certificate verify failed: certificate has expired", "tls"),
        ("ssl.SSLCertVerificationError", "self-signed certificate", "tls"),
        ("httpx.ConnectTimeout", "_ssl.c:989: The handshake operation timed out", "connect"),
        ("socket.gaierror", "[Errno -3] Temporary failure in name resolution", "dns"),
        ("httpx.WriteError", "[Errno 32] Broken pipe", "connect"),
        ("aiohttp.client_exceptions.ServerDisconnectedError", "", "connect"),
        ("requests.exceptions.ChunkedEncodingError", "", "truncated"),
        ("http.client.IncompleteRead", "", "truncated"),
        ("asyncio.exceptions.CancelledError", "", "cancelled"),
        ("something.Unheard", "", "connect"),
    ],
)
def test_judge_failure_knows_exceptions_by_name(name, text, expected) -> None:
    """One library's classes are much like another's."""
    assert expected == judge_failure([Link(name, text)]).code


def test_judge_failure_looks_further_in_when_the_outermost_says_nothing() -> None:
    """A library's own wrapping hides neither the socket's error nor its number."""
    chain = [Link("OurOwnError", "it failed"), Link("OSError", "", 113)]
    assert judge_failure(chain) == Fault("connect", "tcp", "no", "yes")


def test_chain_of_ends_when_exceptions_cause_each_other() -> None:
    """A circle of causes is walked once."""
    first, second = ValueError("a"), OSError(111, "b")
    first.__cause__, second.__cause__ = second, first
    assert [(link.name, link.errno) for link in chain_of(first)] == [
        ("ValueError", None),
        ("ConnectionRefusedError", 111),
    ]


NOON = "Thu, 01 Jan 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "24"}, 24.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT", "date": NOON}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT", "date": NOON}, 0.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, None),
        ({"retry-after": "Fri, 01 Jan 2100 12:00:00 GMT", "date": NOON}, None),
        ({"retry-after": "1767268800"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "soon", "date": "now"}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "7"}, 7.0),
        ({"ratelimit-remaining": "3", "ratelimit-reset": "7"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_when_it_is_believable(headers, wait_s) -> None:
    """Seconds, dates by the server's own clock, the limiter's window; never a year or nonsense."""
    assert wait_s == read_retry_after_s(headers, is_rate_limited=True)


def test_reset_of_a_quota_is_no_delay_when_something_else_failed() -> None:
    """Kong tells the state of the quota with every reply."""
    assert read_retry_after_s({"ratelimit-remaining": "0", "ratelimit-reset": "7"}) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (RAISED, "Failed to process the request(s) for model 'hi_0_0', message: KeyError: 'hi'"),
        ('Traceback (most recent call last):\n  File "/srv/m.py", line 3\nKeyError: 7',
         "KeyError: 7"),
        ("a\x1b[31mb\r\n\tc\u202e", "a [31mb c"),
        ("not audio: " + "UklGRg" * 100, "not audio: …"),
        ("क्‍ष", "क्‍ष"),
    ],
)  # fmt: skip
def test_plain_line_shows_no_more_than_it_may(text, line) -> None:
    """No server path, no audio, nothing that a terminal would obey; Indic joiners stay."""
    assert line == plain_line(text)


def test_body_names_fields_without_their_values_when_a_service_validates() -> None:
    """FastAPI quotes the input that it refuses, which may be the recording."""
    body = read_body('{"detail":[{"loc":["body","audio"],"msg":"too long","input":"UklGR"}]}')
    assert body.line == "body.audio: too long"


@pytest.mark.parametrize(
    ("header", "other"), [("X-API-Key", "apikey"), ("apikey", "X-API-Key"), ("x-key", "X-API-Key")]
)
def test_advice_on_a_key_names_the_other_header(header, other) -> None:
    """Published gateways differ in the header that they read."""
    assert other in advise_on_key(header, was_sent=True).partition("may want it in")[2]
    assert "ASR_API_KEY" in advise_on_key(header, was_sent=False)


@pytest.mark.parametrize(
    ("code", "text", "part"),
    [
        ("tls", "Hostname mismatch, certificate is not valid", "another host's"),
        ("tls", "certificate has expired", "expired"),
        ("tls", "certificate verify failed: self-signed", "tls_ca_file"),
        ("tls", "WRONG_VERSION_NUMBER", "http://a:1"),
        ("dns", "Name or service not known", "spelt right"),
        ("connect", "Connection refused", "asr-client serve"),
        ("server_bug", "illegal status line", "does not speak HTTP"),
    ],
)
def test_advice_on_connecting_says_what_to_look_at(code, text, part) -> None:
    """The likeliest mistake first."""
    fault = Fault(code, origin="tcp", executed="no", retryable="no")
    assert part in advise_on_connecting(fault, text, plain_url="http://a:1")


@pytest.mark.parametrize(
    ("text", "size"),
    [("(5242880 vs. 4194304)", "4.0 MiB"), ("maximum allowed value (67108864 bytes)", "64.0 MiB")],
)
def test_advice_on_size_names_the_limit_when_it_is_told(text, size) -> None:
    """A number from the answer, in the unit in which limits are set."""
    fault = Fault("too_large", origin="triton", executed="no", retryable="no")
    assert f"to {size}:" in advise_on_answer(fault, text)


HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "RateLimit-Remaining", "X-Kong-Upstream-Latency", "Date"])
    | st.text(),
    st.sampled_from(["0", "7"]) | st.text(),
)
BODIES = st.text() | st.sampled_from(['{"error":', "data: {", "<p>", '{"detail":[', '{"message":'])


@given(status=st.integers(0, 999), headers=HEADERS, body=BODIES, rest=st.text())
def test_judge_http_has_a_verdict_when_answers_are_noise(status, headers, body, rest) -> None:
    """Every refusal is a fault, whatever is in it."""
    fault = judge_http(status, headers, body + rest)
    assert fault is None or isinstance(fault, Fault)
    assert fault is not None or 200 <= status < 300
    assert isinstance(read_retry_after_s(headers, is_rate_limited=True), float | None)


@given(code=st.sampled_from(["INTERNAL", "UNAVAILABLE", "?"]), details=st.text(), headers=HEADERS)
def test_judge_grpc_has_a_verdict_when_statuses_are_noise(code, details, headers) -> None:
    """Every status but OK is a fault."""
    assert isinstance(judge_grpc(code, details, headers), Fault)


@given(st.lists(st.builds(Link, st.text(), st.text(), st.none() | st.integers())))
def test_judge_failure_has_a_verdict_when_chains_are_noise(chain) -> None:
    """Every exception is a fault."""
    assert isinstance(judge_failure(chain), Fault)
