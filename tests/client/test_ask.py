"""One request until it is answered or hopeless: scripted replies, a fake clock, no server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from asr_client import (
    ApiKey,
    AuthError,
    DeadlineError,
    NotSentError,
    OverloadedError,
    RateLimitedError,
    ReplyLostError,
    ServerBugError,
)
from asr_client.calls.ask import ask
from asr_client.calls.effects import Send, Sleep, Work
from asr_client.calls.session import Call, Session
from asr_client.client import open_session
from asr_client.contracts.kserve_http import KServeHTTP
from asr_client.contracts.wire import Reply
from asr_client.errors import ASRError
from asr_client.faults import Attempt
from canaries import new_key

KONG = {"x-kong-response-latency": "1", "content-type": "application/json; charset=utf-8"}
GOOD = Reply(200, {}, b'{"name": "m", "inputs": [], "outputs": []}')
QUEUE_FULL = Reply(503, {}, b'{"error":"Exceeds maximum queue size"}')
NO_PEER = Reply(503, KONG, b'{"message":"failure to get a peer from the ring-balancer"}')
NOT_READ = Reply(408, {}, b"<html>Your browser didn't send a complete request in time.</html>")
TIMED_OUT = Reply(
    504,
    {"via": "1.1 kong/3.9.1", "x-kong-upstream-latency": "60000"},
    b'{"message":"The upstream server is timing out"}',
)
NO_KEY = Reply(401, KONG, b'{"message":"Unauthorized"}')
POISONED = Reply(500, {}, b'{"error":"Failed to process the request(s): KeyError: \'zz\'"}')
LIMITED = Reply(429, KONG | {"retry-after": "7"}, b'{"message":"API rate limit exceeded"}')
QUOTED = Reply(401, KONG, b'{"message":"Invalid key KEY-TO-HIDE"}')
BROKEN = ReplyLostError("the connection broke")


@dataclass
class Play:
    """Plays a flow's world: time passes in sleeps, which end late; answers come from a list."""

    answers: list[Reply | ASRError]
    now_s: float = 1000.0
    late_s: float = 0.0
    slept: list[float] = field(default_factory=list)
    sent: list[Send] = field(default_factory=list)

    def clock(self) -> float:
        """Seconds, as the session sees them."""
        return self.now_s

    def run(self, call: Call) -> object:
        """Answer a request for metadata as the script says."""
        flow = ask(call, KServeHTTP().model_metadata("m"))
        try:
            effect = next(flow)
            while True:
                if isinstance(effect, Send):
                    self.sent.append(effect)
                    self.now_s += 0.001
                    answer = self.answers.pop(0)
                    is_error = isinstance(answer, ASRError)
                    effect = flow.throw(answer) if is_error else flow.send(answer)
                elif isinstance(effect, Sleep):
                    self.slept.append(effect.seconds)
                    self.now_s += effect.seconds + self.late_s
                    effect = flow.send(None)
                else:
                    assert isinstance(effect, Work)
                    effect = flow.send(effect.function())
        except StopIteration as end:
            return end.value


def play(*answers: Reply | ASRError) -> Play:
    """Make a world that answers so, in this order."""
    return Play(list(answers))


def session_of(world: Play, url: str = "http://h.test", **settings: object) -> Session:
    """A session in that world, whose luck is always the middle."""
    opened = open_session(url, {"api_key": new_key(), **settings})
    return replace(opened, clock=world.clock, random=lambda: 0.5)


@pytest.mark.parametrize("refusal", [QUEUE_FULL, NO_PEER, NOT_READ, NotSentError("refused")])
def test_what_never_ran_is_repeated(refusal: Reply | ASRError) -> None:
    """Two refusals, then an answer: the call works, and its log tells of all three tries."""
    world = play(refusal, refusal, GOOD)
    call = session_of(world).call()
    world.run(call)
    assert [attempt.number for attempt in call.log] == [1, 2, 3]
    assert [attempt.fault is None for attempt in call.log] == [False, False, True]
    assert world.slept == [0.125, 0.25]


def test_tries_have_an_end() -> None:
    """The error of the last try is raised, with the record of all of them."""
    world = play(*[QUEUE_FULL] * 9)
    with pytest.raises(OverloadedError) as raised:
        world.run(session_of(world).call())
    assert len(world.sent) == 5
    assert len(raised.value.attempts) == 5
    assert all(isinstance(attempt, Attempt) for attempt in raised.value.attempts)


def test_gateway_timeout_is_not_repeated() -> None:
    """The server may still be at work: asking again would double its load."""
    world = play(TIMED_OUT)
    with pytest.raises(OverloadedError) as raised:
        world.run(session_of(world).call())
    assert raised.value.code == "gateway_timeout"
    assert len(world.sent) == 1


def test_poisoned_batch_is_repeated_once() -> None:
    """Another caller's value spoilt the batch; if it happens again it is no accident."""
    world = play(POISONED, GOOD)
    world.run(session_of(world).call())
    again = play(POISONED, POISONED)
    with pytest.raises(ServerBugError):
        again.run(session_of(again).call())


def test_repetition_of_what_may_have_run_is_budgeted() -> None:
    """Connections that break under every request: N calls cost N requests and the reserve."""
    world = play(*[BROKEN] * 400)
    session = session_of(world)
    for _ in range(300):
        with pytest.raises(ReplyLostError):
            world.run(session.call())
    assert len(world.sent) == 320


def test_retry_after_is_waited_for() -> None:
    """Not a moment earlier than the gateway says, and then the call goes on."""
    world = play(LIMITED, GOOD)
    world.run(session_of(world, "http://limited-1.test").call())
    assert sum(world.slept) >= 7


def test_rate_limit_beyond_the_deadline_fails_at_once() -> None:
    """Waiting in vain helps nobody: the error says when to come back."""
    world = play(LIMITED)
    with pytest.raises(RateLimitedError) as raised:
        world.run(session_of(world, "http://limited-2.test").call(5.0))
    assert raised.value.retry_after_s == 7
    assert world.slept == []


def test_calls_with_a_used_up_limit_are_not_sent() -> None:
    """After one refusal the next call knows: it waits, or fails without a request."""
    world = play(LIMITED, GOOD)
    session = session_of(world, "http://limited-3.test")
    with pytest.raises(RateLimitedError):
        world.run(session.call(5.0))
    with pytest.raises(RateLimitedError) as raised:
        world.run(session.call(5.0))
    assert raised.value.origin == "client"
    assert raised.value.retry_after_s is not None
    assert len(world.sent) == 1


def test_refused_key_is_replaced_once() -> None:
    """Two keys of one source: a 401 brings the other one in, and it stays."""
    world = play(NO_KEY, GOOD, GOOD)
    session = session_of(world, api_key=("OLD-KEY-1", "NEW-KEY-2"))
    world.run(session.call())
    world.run(session.call())
    keys = [sent.key.reveal() for sent in world.sent if sent.key]
    assert keys == ["OLD-KEY-1", "NEW-KEY-2", "NEW-KEY-2"]


def test_refusal_of_every_key_ends() -> None:
    """One replacement a call: keys that are all wrong cost two requests."""
    world = play(*[NO_KEY] * 9)
    with pytest.raises(AuthError):
        world.run(session_of(world, api_key=("OLD-KEY-1", "NEW-KEY-2")).call())
    assert len(world.sent) == 2


def test_key_that_was_good_is_replaced_by_one_that_was_not() -> None:
    """The gateway did not know the new key yet, and between two tries it changed to it."""
    world = play(GOOD, NO_KEY, NO_KEY, GOOD)
    session = session_of(world, api_key=("OLD-KEY-1", "NEW-KEY-2"))
    world.run(session.call())
    session.keys.replacement(ApiKey("OLD-KEY-1"))
    world.run(session.call())
    sent = [each.key.reveal() for each in world.sent if each.key]
    assert sent == ["OLD-KEY-1", "NEW-KEY-2", "OLD-KEY-1", "NEW-KEY-2"]


def test_keys_that_are_good_no_more_end_as_well() -> None:
    """A gateway that takes none of them any more is asked three times."""
    world = play(GOOD, *[NO_KEY] * 9)
    session = session_of(world, api_key=("OLD-KEY-1", "NEW-KEY-2"))
    world.run(session.call())
    with pytest.raises(AuthError):
        world.run(session.call())
    assert len(world.sent) <= 1 + 3


def test_deadline_ends_the_repeating() -> None:
    """No try is begun when the wait before it would outlast the call."""
    world = play(*[QUEUE_FULL] * 9)
    with pytest.raises(OverloadedError) as raised:
        world.run(session_of(world).call(0.2))
    assert len(raised.value.attempts) == 2


def test_deadline_error_is_never_repeated() -> None:
    """The caller's time is up, whatever the policy."""
    world = play(DeadlineError("the deadline passed"))
    with pytest.raises(DeadlineError):
        world.run(session_of(world).call())


def test_tries_share_their_id_and_trace() -> None:
    """The servers' logs find all tries of a call; each is a span of its own."""
    world = play(QUEUE_FULL, GOOD)
    call = session_of(world).call()
    world.run(call)
    headers = [dict(sent.request.headers) for sent in world.sent]
    assert {each["X-Request-ID"] for each in headers} == {call.request_id}
    traces = [each["traceparent"].split("-") for each in headers]
    assert {trace[1] for trace in traces} == {call.request_id}
    assert len({trace[2] for trace in traces}) == 2


def test_hook_sees_each_try_and_cannot_break_it() -> None:
    """Whoever watches gets every record; an error of theirs stays theirs."""
    seen: list[Attempt] = []

    def watch(attempt: Attempt) -> None:
        seen.append(attempt)
        raise RuntimeError("a bug of the watcher")

    world = play(QUEUE_FULL, GOOD)
    with session_of(world, on_attempt=watch).observed_call("transcribe") as call:
        world.run(call)
    assert [attempt.status for attempt in seen] == [503, 200]


def test_rate_limits_do_not_use_up_the_tries() -> None:
    """Five refusals by a limit, then a full queue: that is the first try that counts."""
    world = play(*[LIMITED] * 5, QUEUE_FULL, GOOD)
    call = session_of(world, pacing=False).call(100.0)
    world.run(call)
    assert [attempt.status for attempt in call.log] == [429] * 5 + [503, 200]


def test_error_does_not_answer_for_an_earlier_request() -> None:
    """A request that may have run says nothing of the next one, which was never sent."""
    world = play(TIMED_OUT)
    session = session_of(world)
    call = session.call()
    with pytest.raises(OverloadedError):
        world.run(call)
    world.now_s += 100
    with pytest.raises(DeadlineError) as raised:
        world.run(call)
    assert raised.value.executed == "no"
    assert len(raised.value.attempts) == 1


@pytest.mark.parametrize("name", ["x-kong-proxy-latency", "x-kong-upstream-latency", "date"])
@pytest.mark.parametrize("value", ["9" * 400, "9" * 5000, "Mon, 01 Jan 99999 00:00:00 GMT"])
def test_absurd_headers_do_not_spoil_an_answer(name: str, value: str) -> None:
    """What a header says besides is nothing to lose an answer for."""
    quota = {"x-ratelimit-limit-minute": "9", "x-ratelimit-remaining-minute": "8"}
    world = play(replace(GOOD, headers=quota | {name: value}))
    call = session_of(world, "http://absurd.test").call()
    world.run(call)
    assert call.log[0].gateway_s is None


def test_deadline_while_limits_are_unknown_is_no_rate_limit() -> None:
    """Others' first replies are still awaited: there is no limit yet to be blamed."""
    world = play()
    session = session_of(world, "http://unknown.test")
    assert session.pacer_of is not None
    pacer = session.pacer_of(session.keys.current().fingerprint)  # type: ignore[union-attr]
    for _ in range(4):
        pacer.book(world.now_s)
    with pytest.raises(DeadlineError) as raised:
        world.run(session.call(0.5))
    assert raised.value.executed == "no"
    assert sum(world.slept) == pytest.approx(0.5)


def test_key_that_a_gateway_quotes_is_not_quoted_again() -> None:
    """Some answer with the very key that they refuse; errors end in logs and tickets."""
    world = play(QUOTED)
    with pytest.raises(AuthError, match=r"Invalid key \*\*\*") as raised:
        world.run(session_of(world, api_key="KEY-TO-HIDE").call())
    assert "KEY-TO-HIDE" not in repr(vars(raised.value))


def test_time_that_runs_out_before_a_further_try_hides_no_failure() -> None:
    """The back-off just fitted, and ended a little late: the error says what went wrong."""
    world = play(BROKEN, GOOD)
    world.late_s = 0.01
    with pytest.raises(ReplyLostError) as raised:
        world.run(session_of(world).call(0.13))
    assert [attempt.number for attempt in raised.value.attempts] == [1]


def test_wrong_key_is_told_by_its_fingerprint() -> None:
    """Whoever has several keys must know which one was refused, and where it went."""
    world, key = play(NO_KEY), new_key()
    with pytest.raises(AuthError) as raised:
        world.run(session_of(world, api_key=key, api_key_header="apikey").call())
    fingerprint = ApiKey(key).fingerprint
    assert raised.value.hint.startswith(f"the key sha256:{fingerprint} went in apikey")
