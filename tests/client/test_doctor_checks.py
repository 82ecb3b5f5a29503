"""The doctor's judgement: what is made of what was seen, without seeing anything."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import asr_client.doctor
from asr_client.contracts.kserve import ModelMetadata
from asr_client.doctor.body_size import check_body
from asr_client.doctor.discrepancies import DISCREPANCIES
from asr_client.doctor.findings import Finding
from asr_client.doctor.identity import check_clock, check_who, kong_version
from asr_client.doctor.judge import CHECKS, judge
from asr_client.doctor.keys import check_key, may_be_in_another_header
from asr_client.doctor.network import check_port
from asr_client.doctor.rate_limit import check_rate_limit, least_remaining, read_windows
from asr_client.doctor.routes import check_browser, check_route
from asr_client.doctor.seen import Seen
from asr_client.doctor.service import (
    check_health,
    check_model,
    check_models,
    check_transcription,
)
from asr_client.doctor.sights import Answer, Contact, Outcome, Tried, Upload
from asr_client.endpoint import parse_url
from asr_client.errors import (
    AuthError,
    LanguageError,
    OverloadedError,
    RateLimitedError,
    RejectedInputError,
    RouteNotFoundError,
    ServerError,
    TooLargeError,
)
from asr_client.faults import Fault
from asr_client.results import ModelEntry, ModelList

MIB = 2**20
KONG = {"x-kong-response-latency": "1", "server": "kong/3.9.1"}
PASSED_ON = {"x-kong-upstream-latency": "3", "via": "1.1 kong/3.9.1"}
LIMITS = {
    "x-ratelimit-limit-minute": "300",
    "x-ratelimit-remaining-minute": "299",
    "x-ratelimit-limit-hour": "3000",
    "x-ratelimit-remaining-hour": "2999",
}
METADATA = ModelMetadata("asr", ("1",), "ensemble", (), ())


def seen(url: str = "http://asr.example.com", **fields: object) -> Seen:
    """Begin with nothing seen but these."""
    return replace(Seen(parse_url(url), "asr_am_ensemble"), **fields)


def ok(value: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer well."""
    return Answer("/", 1000.0, 0.1, 200, headers or {}, value)


def no(error: ServerError, headers: Mapping[str, str] | None = None) -> Answer:
    """Refuse."""
    return Answer("/", 1000.0, 0.1, error.status or 400, headers or {}, None, error)


def refusal(kind: type[ServerError], origin: str, text: str = "no", status: int = 400):
    """Build a refusal by somebody."""
    fault = replace(kind.fault, origin=origin)
    return kind(text, fault=fault, status=status)


KONGS_404 = no(refusal(RouteNotFoundError, "kong", "no Route matched", 404), KONG)
TRITONS_404 = no(refusal(RouteNotFoundError, "triton", "Not Found", 404), PASSED_ON)
NO_KEY = no(refusal(AuthError, "kong", "No API key found in request", 401), KONG)
BAD_KEY = no(refusal(AuthError, "kong", "Unauthorized", 401), KONG)


# --- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({"server": "kong/3.9.1"}, "3.9.1"),
        ({"via": "kong/2.8.5", "server": "nginx"}, "2.8.5"),
        ({"via": "2 kong/3.9.1"}, "3.9.1"),
        ({"x-kong-request-id": "ab", "x-kong-upstream-latency": "1"}, "3.5 or newer"),
        ({"x-kong-upstream-latency": "1"}, ""),
        ({"server": "nginx/1.22.1"}, ""),
    ],
)
def test_kong_version_is_read_or_hinted(headers: Mapping[str, str], version: str) -> None:
    """Kong shows its version in Server or Via; its headers alone give a hint."""
    assert kong_version([ok(headers=headers)]) == version


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        (ok(True, PASSED_ON), "kong"),
        (no(refusal(AuthError, "kong")), "kong"),
        (ok(True, {"server": "nginx/1.22.1"}), "proxy"),
        (no(refusal(OverloadedError, "proxy", "502")), "proxy"),
        (ok(True), "triton"),
    ],
)
def test_who_answers_is_told_by_headers_and_by_refusals(answer: Answer, who: str) -> None:
    """Kong, another proxy, or Triton itself."""
    finding = check_who(seen(live=answer, answers=[answer], metadata=ok(METADATA)))
    assert finding.facts["who"] == who


def test_web_server_that_is_no_gateway_is_a_warning() -> None:
    """Something answers, but nothing that this client knows."""
    answer = no(refusal(RejectedInputError, "triton"), {"server": "Caddy"})
    assert check_who(seen(live=answer, answers=[answer])).state == "warning"


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Thu, 01 Jan 1970 00:16:40 GMT", "passed"),
        ("Thu, 01 Jan 1970 00:18:40 GMT", "warning"),
        ("yesterday", "skipped"),
    ],
)
def test_clock_is_held_against_the_servers_date(date: str, state: str) -> None:
    """Seconds of difference are fine, minutes are not, and no Date says nothing."""
    assert check_clock(seen(answers=[ok(headers={"date": date})])).state == state


def test_clock_behind_the_servers_is_told_in_seconds() -> None:
    """Which way, and how much."""
    late = ok(headers={"date": "Thu, 01 Jan 1970 00:18:40 GMT"})
    finding = check_clock(seen(answers=[late]))
    assert "120 s behind the server's" in finding.says
    assert finding.facts["skew_s"] == 120.5


# --- port -----------------------------------------------------------------------------------------


def test_address_that_does_not_answer_beside_one_that_does_is_a_warning() -> None:
    """Half of a name's addresses being dead costs every other connection its time."""
    contacts = [Contact("::1", 0.1, "refused"), Contact("127.0.0.1", 0.01)]
    finding = check_port(seen(contacts=contacts))
    assert finding.state == "warning"
    assert "open on 127.0.0.1, but not on ::1" in finding.says


# --- key ------------------------------------------------------------------------------------------


def with_key(url: str = "https://asr.example.com", **fields: object) -> Seen:
    """Begin with a key."""
    fields = {"key_fingerprint": "abcd1234", "key_header": "X-API-Key", **fields}
    answers = [each for each in fields.values() if isinstance(each, Answer)]
    return seen(url, **fields, answers=answers)


def test_missing_key_is_asked_for() -> None:
    """A gateway that wants a key, and a caller who has none."""
    finding = check_key(seen(live=NO_KEY, answers=[NO_KEY]))
    assert finding.state == "failed"
    assert "ASR_API_KEY" in finding.advice
    assert finding.facts == {"needed": True, "needed_for_health": True}


def test_key_that_works_in_another_header_gives_the_option_to_use() -> None:
    """Discrepancy 2: the documents say X-API-Key, published gateways read apikey."""
    finding = check_key(
        with_key(
            refused=NO_KEY,
            live=ok(True, PASSED_ON),
            other_headers=[Tried("apikey", ok(True))],
        )
    )
    assert (finding.state, finding.rows) == ("failed", (2,))
    assert "--api-key-header apikey" in finding.advice


def test_wrong_key_is_told_by_its_fingerprint() -> None:
    """The key itself is never shown."""
    finding = check_key(with_key(refused=BAD_KEY, live=BAD_KEY))
    assert finding.state == "failed"
    assert "key abcd1234 is refused in X-API-Key" in finding.says


@pytest.mark.parametrize(
    ("answer", "maybe"),
    [
        (NO_KEY, True),
        (BAD_KEY, False),
        (no(refusal(AuthError, "kong", "UNAUTHENTICATED: Unauthenticated", 16)), True),
        (no(refusal(AuthError, "kong", "You cannot consume this service", 403)), False),
        (ok(True), False),
    ],
)
def test_other_headers_are_tried_only_if_the_key_may_not_have_been_seen(
    answer: Answer, maybe: bool
) -> None:
    """A key that was read and refused is refused anywhere; gRPC does not tell which it was."""
    assert may_be_in_another_header(answer) is maybe


def test_key_for_everything_but_health_is_told() -> None:
    """Probes of the cluster can do without."""
    finding = check_key(
        with_key(
            live=ok(True), metadata=ok(METADATA), live_without_key=ok(True), way_without_key=NO_KEY
        )
    )
    assert finding.state == "passed"
    assert "though not for health" in finding.says


def test_key_over_plain_http_is_a_warning() -> None:
    """Everybody on the way can read it."""
    finding = check_key(with_key("http://asr.example.com", live=ok(True), metadata=ok(METADATA)))
    assert finding.state == "warning"
    assert "plain text" in finding.says


# --- routes ---------------------------------------------------------------------------------------


def test_stripped_prefix_is_told_by_tritons_404_behind_kong() -> None:
    """Discrepancies 3 and 5: passed on by the gateway, unknown to the server."""
    finding = check_route(seen(metadata=TRITONS_404, json_call=TRITONS_404, answers=[TRITONS_404]))
    assert (finding.state, finding.rows) == ("failed", (3, 5))
    assert "strip_path: false" in finding.advice


def test_health_behind_a_stripping_route_is_no_matter_of_patience() -> None:
    """A 404 that will never end is not a server that is starting."""
    finding = check_health(seen(live=TRITONS_404))
    assert (finding.state, finding.rows) == ("failed", (5,))


def test_path_that_works_is_the_url_to_use() -> None:
    """Discrepancy 3: another prefix leads to Triton."""
    finding = check_route(
        seen(
            metadata=KONGS_404,
            json_call=KONGS_404,
            other_paths=[Tried("http://a/x", KONGS_404), Tried("http://a/api/v1/asr", ok(True))],
            answers=[KONGS_404],
        )
    )
    assert finding.state == "failed"
    assert finding.advice == "use --url http://a/api/v1/asr"


def test_grpc_behind_a_gateway_for_http_is_sent_to_the_right_place() -> None:
    """Discrepancy 6: published gateways route HTTP only."""
    finding = check_route(seen("grpcs://asr.example.com", metadata=KONGS_404, answers=[KONGS_404]))
    assert (finding.state, finding.rows) == ("failed", (6,))


def test_documented_call_that_nobody_serves_is_noted_beside_kserve() -> None:
    """Discrepancy 3: it is not needed, and not there."""
    tritons = no(refusal(RouteNotFoundError, "triton", "Not Found", 404))
    finding = check_route(seen(metadata=ok(METADATA), json_call=tritons, answers=[tritons]))
    assert (finding.state, finding.rows) == ("passed", (3,))
    assert "Triton itself has no such path" in finding.says


@pytest.mark.parametrize(
    ("headers", "state", "rows"),
    [
        ({}, "skipped", (15,)),
        ({"access-control-allow-origin": "https://a"}, "skipped", (15,)),
        (
            {
                "access-control-allow-origin": "https://a",
                "access-control-allow-headers": "Content-Type,X-API-Key",
            },
            "passed",
            (),
        ),
    ],
)
def test_browsers_need_cors_and_the_keys_header(
    headers: Mapping[str, str], state: str, rows: tuple[int, ...]
) -> None:
    """Discrepancy 15; never a failure, since no Python program is concerned."""
    finding = check_browser(seen(preflight=ok("", headers), key_header="X-API-Key"))
    assert (finding.state, finding.rows) == (state, rows)


# --- rate limit -----------------------------------------------------------------------------------


def test_windows_are_read_shortest_first_and_nonsense_is_left_out() -> None:
    """Limits by window, whatever else such headers may hold."""
    headers = {**LIMITS, "x-ratelimit-limit-fortnight": "3", "x-ratelimit-limit-day": "many"}
    assert [(w.name, w.limit, w.remaining) for w in read_windows(headers)] == [
        ("minute", 300, 299),
        ("hour", 3000, 2999),
    ]
    assert least_remaining([ok(headers=LIMITS), ok()]) == 299


def test_rate_that_can_go_on_is_that_of_the_tightest_window() -> None:
    """Discrepancy 7: 300 a minute and 3000 an hour are 0.83 a second."""
    finding = check_rate_limit(seen(answers=[ok(headers=LIMITS)]))
    assert (finding.state, finding.rows) == ("passed", (7,))
    assert finding.facts["sustained_rps"] == pytest.approx(3000 / 3600)
    assert "0.833 requests/s (by the hour)" in finding.says


def left(minute: int) -> Answer:
    """Answer with so many requests left this minute."""
    return ok(
        headers={"x-ratelimit-limit-minute": "60", "x-ratelimit-remaining-minute": str(minute)}
    )


@pytest.mark.parametrize(
    ("remaining", "jumps"),
    [((50, 49, 48), False), ((50, 20, 49), True), ((3, 59, 58), False), ((3, 58, 57), True)],
)
def test_several_gateways_show_by_counts_that_grow(remaining: tuple[int, ...], jumps: bool) -> None:
    """A new window begins full; what grows to less than that is another gateway's count."""
    finding = check_rate_limit(seen(answers=[left(each) for each in remaining]))
    assert ("several gateways" in finding.says) is jumps


def test_little_left_is_a_warning() -> None:
    """The next user of the key will wait."""
    assert check_rate_limit(seen(answers=[left(3)])).state == "warning"


def test_limit_that_is_used_up_says_when_to_come_back() -> None:
    """Retry-After, in seconds."""
    fault = Fault("rate_limited", "kong", "no", "yes")
    error = RateLimitedError("exceeded", fault=fault, status=429, retry_after_s=1800)
    answer = no(error, left(0).headers)
    finding = check_rate_limit(seen(live=answer, answers=[answer]))
    assert finding.state == "failed"
    assert "come back in 1800 s" in finding.advice


def test_limit_met_and_waited_for_is_no_failure() -> None:
    """What was asked again in time was done after all."""
    met = no(refusal(RateLimitedError, "kong", "exceeded", 429), KONG)
    finding = check_rate_limit(seen(live=ok(True), answers=[met, ok(True, PASSED_ON)]))
    assert finding.state == "warning"


def test_gateway_that_shows_no_limit_may_hide_it() -> None:
    """Kong without headers: none, or hidden."""
    finding = check_rate_limit(seen(answers=[ok(headers=PASSED_ON)]))
    assert finding.facts == {"hidden": True}


# --- size -----------------------------------------------------------------------------------------

BAD = no(refusal(RejectedInputError, "triton", "expected 3 inputs"))
TOO_LARGE = no(refusal(TooLargeError, "proxy", "413"))


def check_uploads(*uploads: Upload, **fields: object) -> Finding:
    """Judge these uploads."""
    return check_body(seen(uploads=uploads, metadata=ok(METADATA), **fields))


def test_size_is_told_in_seconds_of_audio() -> None:
    """8 MiB are 131 s of float32 and 197 s of 16-bit samples in base64."""
    finding = check_uploads(Upload(8 * MIB, BAD), Upload(12 * MIB, TOO_LARGE))
    assert (finding.state, finding.rows) == ("passed", (8,))
    assert (finding.facts["passed_bytes"], finding.facts["refused_bytes"]) == (8 * MIB, 12 * MIB)
    assert finding.facts["binary_audio_s"] == pytest.approx(8 * MIB / 64_000, abs=0.1)
    assert finding.facts["json_audio_s"] == pytest.approx(8 * MIB * 0.75 / 32_000, abs=0.1)


def test_limit_below_a_minute_of_audio_is_a_warning() -> None:
    """The 1 MiB of nginx stops most recordings."""
    finding = check_uploads(Upload(MIB // 2, BAD), Upload(2 * MIB, TOO_LARGE))
    assert finding.state == "warning"
    assert "client_max_body_size" in finding.advice


def test_connection_that_breaks_under_load_is_not_called_a_limit() -> None:
    """Only a refusal for its size is one."""
    broken = no(refusal(OverloadedError, "proxy", "502"))
    assert "break on the way" in check_uploads(Upload(MIB, BAD), Upload(2 * MIB, broken)).advice


def test_spared_uploads_say_why() -> None:
    """Somebody may wonder."""
    finding = check_body(seen(upload_ended="spared: only 3 requests are left to this key"))
    assert finding.state == "skipped"
    assert "3 requests" in finding.says


# --- the server -----------------------------------------------------------------------------------


def test_ready_server_without_any_model_points_at_the_volume() -> None:
    """Discrepancy 5: readiness of an empty Triton says nothing."""
    finding = check_model(
        seen(
            ready=ok(True),
            model_ready=ok(False),
            models=Outcome(ModelList((), "repository index")),
        )
    )
    assert (finding.state, finding.rows) == ("failed", (5,))
    assert "though the server says that it is" in finding.says
    assert "emptyDir" in finding.advice


def test_missing_model_is_answered_with_those_there_are() -> None:
    """Names to choose from."""
    models = Outcome(ModelList((ModelEntry("asr"), ModelEntry("vad")), "statistics"))
    assert check_model(seen(model_ready=ok(False), models=models)).advice == (
        "choose with --model: asr, vad"
    )


def test_models_are_listed_with_their_source() -> None:
    """Discrepancy 1: GET /v2/models does not exist, so somebody else was asked."""
    finding = check_models(seen(models=Outcome(ModelList((ModelEntry("asr"),), "statistics"))))
    assert (finding.state, finding.rows) == ("passed", (1,))
    assert finding.says == "asr (by the statistics)"


def test_transcription_that_lacks_a_language_is_discrepancy_4() -> None:
    """The documented call has no place for it, and the model no default."""
    error = LanguageError("model 'asr' must be told the language", hint="--language")
    finding = check_transcription(seen(transcript=Outcome(error=error), recording="speech.wav"))
    assert (finding.state, finding.rows) == ("failed", (4,))


# --- all together ---------------------------------------------------------------------------------


def test_nothing_seen_is_nothing_failed() -> None:
    """Every check copes with a step that was never taken."""
    findings = judge(seen())
    assert [finding.check for finding in findings] == list(CHECKS)
    assert {finding.state for finding in findings} == {"skipped"}


def test_every_discrepancy_is_recognised_by_a_check_or_said_to_be_invisible() -> None:
    """Fifteen rows; each names checks that exist, or where else to look."""
    assert [each.row for each in DISCREPANCIES] == list(range(1, 16))
    for each in DISCREPANCIES:
        assert set(each.checks) <= set(CHECKS)
        assert each.advice
    invisible = [each.row for each in DISCREPANCIES if not each.checks]
    assert invisible == [9, 10, 11, 12]


PURE = """
    body_size discrepancies findings identity judge keys network rate_limit rendering routes seen
    service sights
"""


@pytest.mark.parametrize("module", PURE.split())
def test_judgement_does_no_io(module: str) -> None:
    """Checks see values only: no socket, no clock, no file, no transport."""
    path = Path(asr_client.doctor.__file__).with_name(f"{module}.py")
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    roots = {str(each).partition(".")[0] for each in imported}
    assert roots.isdisjoint({"socket", "ssl", "time", "os", "io", "threading", "pathlib"})
    assert not any("transports" in str(each) or "probes" in str(each) for each in imported)


def test_documents_list_every_check_and_discrepancy_as_they_are(docs: Path) -> None:
    """The tables in docs/doctor.md say the same as those that the reports are made of."""
    text = (docs / "doctor.md").read_text()
    for check in CHECKS:
        assert f"\n| {check} | " in text
    for each in DISCREPANCIES:
        seen_by = ", ".join(each.checks) or "cannot be seen from a client"
        row = f"| {each.row} | {each.documented} | {each.real} | {seen_by} | {each.advice} |"
        assert row in text


@pytest.fixture
def docs() -> Path:
    """The folder of documents."""
    return Path(__file__).parents[2] / "docs"
