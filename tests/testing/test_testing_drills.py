"""Failures on demand over HTTP: what the client sees, and what the records say."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
import pytest

from asr_client import ASRClient, Waveform
from asr_client.auth import ApiKey
from asr_client.errors import ConfigError
from asr_client.testing import EchoUpstream, Gateway, ManualClock, UpstreamReply, UpstreamRequest

READY = "/v2/health/ready"
MODEL = "/v2/models/asr"
SHORT = Waveform(np.zeros(1600, np.float32), 16_000)


def test_drill_strikes_as_often_as_it_says_and_ends(asr_gateway: Any, ask: Any) -> None:
    """Two calls fail, the third does not, and the drill knows."""
    gateway = asr_gateway()
    drill = gateway.upstream_fails(times=2)
    statuses = [ask(gateway.port, "GET", MODEL).status for _ in range(3)]
    assert statuses == [502, 502, 200]
    assert (drill.struck, drill.left) == (2, 0)
    assert gateway.counts_by_status() == {502: 2, 200: 1}


def test_drill_waits_for_the_path_it_is_about(asr_gateway: Any, ask: Any) -> None:
    """Looking at health leaves a drill for inference alone."""
    gateway = asr_gateway()
    gateway.times_out(path="*/generate")
    assert ask(gateway.port, "GET", READY).status == 200
    assert ask(gateway.port, "POST", f"{MODEL}/generate", body=b"{}").status == 504
    assert [call.drill for call in gateway.calls] == ["", "TimesOut"]


def test_drill_leaves_calls_that_the_rules_refuse_alone(asr_gateway: Any, ask: Any) -> None:
    """Whoever has no key gets a 401; the drill is for the next who has one."""
    gateway = asr_gateway(api_keys=(ApiKey("another"),))
    drill = gateway.upstream_fails()
    assert ask(gateway.port, "GET", READY).status == 401
    assert drill.left == 1


def test_stopped_drill_strikes_nobody(asr_gateway: Any, ask: Any) -> None:
    """A drill can be ended before its count."""
    gateway = asr_gateway()
    gateway.upstream_fails(times=5).stop()
    assert ask(gateway.port, "GET", READY).status == 200


def test_refused_connection_is_reset_before_a_word(asr_gateway: Any, ask: Any) -> None:
    """A kept connection ends, too, so that the drill is met; then all is well."""
    gateway = asr_gateway()
    ask(gateway.port, "GET", READY, kept=True)
    drill = gateway.refuses()
    with (
        pytest.raises(ConnectionError),
        socket.create_connection(("127.0.0.1", gateway.port), 30) as connection,
    ):
        read_until_reset(connection)
    assert drill.left == 0
    assert ask(gateway.port, "GET", READY).status == 200


@pytest.mark.parametrize(("when", "runs"), [("before", 0), ("after", 1)])
def test_reset_comes_before_or_after_the_upstream_ran(
    when: Any, runs: int, asr_gateway: Any, ask: Any
) -> None:
    """The client cannot tell the two apart; the records can."""
    seen: list[UpstreamRequest] = []

    def upstream(request: UpstreamRequest) -> UpstreamReply:
        seen.append(request)
        return UpstreamReply(b"{}")

    gateway = asr_gateway(upstream)
    gateway.resets(when=when)
    with pytest.raises(ConnectionError):
        ask(gateway.port, "POST", f"{MODEL}/generate", body=b"{}")
    assert len(seen) == runs
    assert [(call.status, call.tries) for call in gateway.calls] == [(None, runs)]


def test_truncated_answer_keeps_its_status(asr_gateway: Any, ask: Any) -> None:
    """The upstream ran and said 200, and its text does not come to an end."""
    gateway = asr_gateway(lambda _: UpstreamReply(b"0123456789"))
    gateway.truncates()
    answered = ask(gateway.port, "GET", MODEL)
    assert (answered.status, answered.body, answered.complete) == (200, b"01234", False)
    assert [call.status for call in gateway.calls] == [200]


def test_hanging_call_ends_without_an_answer(asr_gateway: Any, ask: Any) -> None:
    """After its time the connection is closed; nothing was said."""
    gateway = asr_gateway()
    gateway.hangs(seconds=0.01)
    with pytest.raises(ConnectionError):
        ask(gateway.port, "GET", READY)
    assert [call.status for call in gateway.calls] == [None]


def test_hanging_call_does_not_hold_the_gateway_up(asr_gateway: Any, ask: Any) -> None:
    """Others are served meanwhile, and stopping does not wait for it."""
    gateway = asr_gateway()
    gateway.hangs(seconds=3600)
    with socket.create_connection(("127.0.0.1", gateway.port), 30) as connection:
        connection.sendall(f"GET {READY} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        assert gateway.waits_for_calls(1)
        assert ask(gateway.port, "GET", READY).status == 200
        gateway.stop()


def test_limiter_drill_tells_when_to_come_back(asr_gateway: Any, ask: Any) -> None:
    """The 429 is the limiter's, and nothing of the real limit is said to be left."""
    gateway = asr_gateway(limits={"minute": 5}, clock=ManualClock())
    gateway.rate_limits(retry_after_s=9)
    answered = ask(gateway.port, "GET", READY)
    assert (answered.status, answered.get("Retry-After")) == (429, "9")
    assert answered.get("RateLimit-Remaining") == "0"
    assert answered.get("X-Kong-Response-Latency")
    assert gateway.calls[0].tries == 0


def test_any_answer_can_be_given(asr_gateway: Any, ask: Any) -> None:
    """A load balancer's page, say, with none of Kong's headers."""
    gateway = asr_gateway()
    gateway.answers(503, body=b"<html>", headers=(("Content-Type", "text/html"),))
    answered = ask(gateway.port, "GET", READY)
    assert (answered.status, answered.body) == (503, b"<html>")
    assert answered.headers == [("Content-Type", "text/html"), ("Content-Length", "6")]


def test_slow_call_is_answered_all_the_same(asr_gateway: Any, ask: Any) -> None:
    """Only its latency shows it."""
    gateway = asr_gateway()
    gateway.slow(seconds=0.02)
    answered = ask(gateway.port, "GET", READY)
    assert answered.status == 200
    assert int(answered.get("X-Kong-Proxy-Latency")) >= 10


def test_rotated_key_opens_at_once_and_the_old_one_for_a_while(asr_gateway: Any, ask: Any) -> None:
    """Both open during the overlap, with one limit for both; then only the new one."""
    clock = ManualClock()
    old, new = ApiKey("old"), ApiKey("new")
    gateway = asr_gateway(api_keys=(old,), limits={"hour": 9}, clock=clock)
    gateway.rotates_key(new, overlap_s=60)

    def remaining(key: ApiKey) -> tuple[int, str]:
        headers = [("Host", "h"), ("X-API-Key", key.reveal())]
        answered = ask(gateway.port, "GET", READY, headers, kept=True)
        return answered.status, answered.get("RateLimit-Remaining")

    assert [remaining(old), remaining(new)] == [(200, "8"), (200, "7")]
    clock.advance(61)
    assert [remaining(old), remaining(new)] == [(401, ""), (200, "6")]
    fingerprints = [call.key_fingerprint for call in gateway.calls]
    assert fingerprints == [each.fingerprint for each in (old, new, old, new)]
    assert {call.consumer for call in gateway.calls} == {"consumer-1", ""}


def test_key_that_is_not_there_cannot_be_replaced(asr_gateway: Any) -> None:
    """A typing error in a test shows as one."""
    gateway = asr_gateway(api_keys=(ApiKey("old"),))
    with pytest.raises(ConfigError, match="no such key"):
        gateway.rotates_key(ApiKey("new"), old_key=ApiKey("other"))


def test_records_and_options_show_no_key(asr_gateway: Any, ask: Any) -> None:
    """What a failing test prints holds fingerprints at most."""
    gateway = asr_gateway(api_keys=(ApiKey("KEY-FOR-TESTS"),))
    ask(gateway.port, "GET", READY)
    shown = repr((gateway, gateway.options, gateway.calls))
    assert "KEY-FOR-TESTS" not in shown
    assert ApiKey("KEY-FOR-TESTS").fingerprint in shown


def test_upstream_never_sees_the_key_unless_it_should(asr_gateway: Any, ask: Any) -> None:
    """Kong hides credentials where it is told to, and always says who asked."""
    seen: list[UpstreamRequest] = []

    def upstream(request: UpstreamRequest) -> UpstreamReply:
        seen.append(request)
        return UpstreamReply(b"{}")

    for hide in (True, False):
        gateway = asr_gateway(upstream, api_keys=(ApiKey("KEY-FOR-TESTS"),), hide_credentials=hide)
        ask(gateway.port, "GET", MODEL)
    assert ["x-api-key" in request.headers for request in seen] == [False, True]
    assert seen[0].headers["x-consumer-username"] == "consumer-1"
    assert seen[0].headers["x-forwarded-prefix"] == "/v2/models/"
    assert seen[0].headers["via"] == "1.1 kong/3.9.1"


def test_windows_pass_with_the_clock(asr_gateway: Any, ask: Any) -> None:
    """What is used up in one minute is whole again in the next, without waiting."""
    clock = ManualClock()
    gateway = asr_gateway(EchoUpstream(), limits={"minute": 1}, clock=clock)
    statuses = []
    for _ in range(2):
        statuses += [ask(gateway.port, "GET", READY, kept=True).status for _ in range(2)]
        clock.advance(60)
    assert statuses == [200, 429, 200, 429]


def read_until_reset(connection: socket.socket) -> None:
    """Say something to a server that does not listen, until that shows."""
    connection.sendall(b"GET / HTTP/1.1\r\n")
    while connection.recv(100):
        pass
    raise ConnectionError("the server has gone")


def test_rotation_takes_no_plain_text() -> None:
    """Text would show in every repr: it is refused at once, not by the calls that follow."""
    with Gateway(EchoUpstream()) as gateway, pytest.raises(ConfigError, match="ApiKey"):
        gateway.rotates_key("plain")  # type: ignore[arg-type]


@pytest.mark.parametrize("limits", [{"minute": 600}, {"hour": 100}])
def test_client_comes_back_when_a_drill_says_though_limits_say_otherwise(limits) -> None:
    """What a refusal says is left is void once its Retry-After is over."""
    with Gateway(EchoUpstream("heard"), limits=limits) as gateway:
        gateway.rate_limits(retry_after_s=1, times=1)
        with ASRClient(gateway.url, language="hi") as client:
            assert client.transcribe(SHORT).text == "heard"
        assert gateway.counts_by_status()[429] == 1
