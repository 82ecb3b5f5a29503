"""The flow of many, driven by hand: scripted answers, a clock that is set, no server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from asr_client import (
    ASRError,
    NotSentError,
    OverloadedError,
    RateLimitedError,
    ReplyLostError,
    TooLargeError,
)
from asr_client.calls.effects import NO_MORE, Emit, Ended, Flow, Send, Sleep, Start, Take, Wait
from asr_client.calls.many.flow import transcribe_many
from asr_client.calls.many.options import ManyOptions
from asr_client.calls.session import Session
from asr_client.calls.terms import Options
from asr_client.client import open_session
from asr_client.contracts.wire import Reply, Request
from asr_client.faults import Fault
from asr_client.results import Item
from asr_client.retry import NO_RETRY
from spelled_speech import RATE_HZ, speak

CLIP = speak([1])
LONG = speak(range(300), pause_after=10)  # 2 minutes: five pieces or so
AWAY = NotSentError("refused", fault=Fault("connect", origin="tcp", executed="no", retryable="yes"))
FULL = OverloadedError("full", fault=Fault("overloaded", "triton", executed="no", retryable="yes"))
UNREACHED = OverloadedError(
    "502", fault=Fault("gateway_upstream_unreachable", "kong", executed="maybe", retryable="yes")
)
BROKEN = ReplyLostError("broke", fault=Fault("connect", "tcp", executed="maybe", retryable="yes"))
HEARD = Reply(200, {}, b'{"text": "heard"}')

Answer = Callable[[int, float], Reply | ASRError | None]


class Hand:
    """
    Does what a flow yields, at once; time passes only where nothing else is left to be done.

    Args:
        answer: Gives what the n-th request (from 0) at an instant meets; None leaves it hanging.
    """

    def __init__(self, answer: Answer, *, first_s: float = 1000.0) -> None:
        self.now_s = first_s
        self.asked_at_s: list[float] = []
        self.items: list[Item] = []
        self._first_s = first_s
        self._answer = answer
        self._ended: deque[Ended] = deque()

    def session(self, **settings: Any) -> Session:
        url = "http://127.0.0.1:1/api/v1/asr/infer"
        known = {"language": "hi", "retry": NO_RETRY, "pacing": False, **settings}
        return replace(open_session(url, known), clock=lambda: self.now_s)

    @property
    def passed_s(self) -> float:
        return self.now_s - self._first_s

    def drive(self, flow: Flow[None], sources: Iterable[object], *, steps: int = 20_000) -> None:
        left = iter(sources)
        effect = next(flow, None)
        while effect is not None and (steps := steps - 1):
            done: object = None
            if isinstance(effect, Take):
                done = next(left, NO_MORE)
            elif isinstance(effect, Emit):
                self.items.append(effect.value)
            elif isinstance(effect, Start):
                self._ended.extend(self._go(effect))
            elif isinstance(effect, Wait):
                done = self._wait(effect.seconds)
            try:
                effect = flow.send(done)
            except StopIteration:
                return
        flow.close()
        raise AssertionError("it goes on and on")

    def _wait(self, seconds: float | None) -> Ended | None:
        if self._ended:
            return self._ended.popleft()
        if seconds is None:
            raise AssertionError("it waits for nothing, for ever")
        self.now_s += seconds
        return None

    def _go(self, start: Start) -> Iterable[Ended]:
        flow, thrown, done = start.flow, None, None
        try:
            while True:
                effect = flow.throw(thrown) if thrown else flow.send(done)
                thrown = done = None
                if isinstance(effect, Send):
                    met = self._met(effect.request)
                    if met is None:
                        return
                    done, thrown = (None, met) if isinstance(met, ASRError) else (met, None)
                elif isinstance(effect, Sleep):
                    self.now_s += effect.seconds
                elif effect.deadline.remaining_s() <= 0:  # type: ignore[union-attr]
                    thrown = effect.deadline.error(effect.doing, executed="no")  # type: ignore[union-attr]
                else:
                    done = effect.function()  # type: ignore[union-attr]
        except StopIteration as end:
            yield Ended(start.key, end.value)
        except ASRError as error:
            yield Ended(start.key, error=error)

    def _met(self, _request: Request) -> Reply | ASRError | None:
        self.asked_at_s.append(self.now_s)
        return self._answer(len(self.asked_at_s) - 1, self.passed_s)


def limited(retry_after_s: float) -> RateLimitedError:
    """Kong's refusal."""
    fault = Fault("rate_limited", origin="kong", executed="no", retryable="yes")
    return RateLimitedError("too many", fault=fault, retry_after_s=retry_after_s)


def many(hand: Hand, recordings: Iterable[object], **options: Any) -> list[Item]:
    """Drive all of them through."""
    asked = Options(sample_rate_hz=RATE_HZ, deadline_s=options.pop("deadline_s", None))
    hand.drive(transcribe_many(hand.session(), asked, ManyOptions(**options)), recordings)
    return hand.items


@pytest.mark.parametrize("error", [AWAY, FULL, limited(1800)], ids=["away", "full", "rate limit"])
@pytest.mark.parametrize("recording", [CLIP, LONG], ids=["clip", "long"])
def test_a_deadline_is_kept_whatever_is_waited_for(error: ASRError, recording: Any) -> None:
    """Neither patience nor a gateway's own time goes beyond what the caller gave."""
    hand = Hand(lambda _number, _at_s: error)
    (item,) = many(hand, [recording], deadline_s=5.0, patience_s=600.0, jobs=1)
    assert hand.passed_s <= 5
    assert item.error is not None
    assert item.error.code == error.code


def test_what_is_late_tells_nothing_of_the_server() -> None:
    """A recording whose time is up does not hold up others by a delay for each of its pieces."""
    hand = Hand(lambda number, _at_s: FULL if number == 0 else HEARD)
    hand_out = many(hand, [LONG, CLIP], deadline_s=0.1, patience_s=600.0, jobs=1)
    assert hand.passed_s <= 1
    assert [item.index for item in hand_out if item.ok] == [1]


def test_stopping_is_noticed_while_a_rate_limit_is_waited_for() -> None:
    """A signal comes in the midst of half an hour in which nothing may be sent."""
    hand = Hand(lambda _number, _at_s: limited(1800))
    assert many(hand, [CLIP], stopping=lambda: hand.passed_s > 2) == []
    assert hand.passed_s <= 10


def test_what_was_finished_when_all_was_stopped_comes_all_the_same() -> None:
    """In order, though an earlier recording was not finished."""
    hand = Hand(lambda number, _at_s: HEARD if number else FULL)
    items = many(
        hand, [LONG, *[CLIP] * 5], ordered=True, jobs=1, stopping=lambda: len(hand.asked_at_s) > 4
    )
    assert items
    assert [item.index for item in items] == sorted(item.index for item in items)


def test_a_gateway_that_takes_nothing_gets_no_ever_smaller_pieces() -> None:
    """A piece is not cut shorter than a word is long, however often it is refused."""
    fault = Fault("too_large", origin="kong", executed="no", retryable="no")
    hand = Hand(lambda _number, _at_s: TooLargeError("too large", fault=fault))
    items = many(hand, [LONG, LONG])
    assert [type(item.error) for item in items] == [TooLargeError] * 2
    assert len(hand.asked_at_s) < 2 * 4 * len(LONG) / RATE_HZ


def test_every_request_is_told_of_those_too_large_too() -> None:
    """What was halved has been tried all the same."""
    fault = Fault("too_large", origin="kong", executed="no", retryable="no")
    refused = TooLargeError("too large", fault=fault)
    hand = Hand(lambda number, _at_s: refused if number < 4 else HEARD)
    (item,) = many(hand, [LONG])
    assert len(item.get().attempts) == len(hand.asked_at_s)


def test_what_was_answered_is_kept_when_time_is_up_before_all_was_read() -> None:
    """Reading goes on, on an event loop as in threads, so that the result tells of all of it."""

    def answer(_number: int, _at_s: float) -> Reply | ASRError:
        hand.now_s += 0.3
        return HEARD

    hand = Hand(answer)
    long = speak([*range(300)] * 4)
    (item,) = many(hand, [long], deadline_s=2.0, jobs=1)
    coverage = item.get().coverage
    assert coverage is not None
    assert coverage.samples == len(long)
    assert coverage.unsent == ()
    assert 0 < len(coverage.gaps) < len(coverage.chunks)


@pytest.mark.parametrize("jobs", [1, 4])
def test_gateway_whose_server_is_away_fails_nothing_that_asks_for_it(jobs: int) -> None:
    """Kong cannot say that a request did not run; whoever asks whether it is back is not failed."""
    hand = Hand(lambda _number, at_s: UNREACHED if at_s < 40 else HEARD)
    items = many(hand, [CLIP] * 2, jobs=jobs)
    assert [item.error for item in items] == [None] * 2


def test_what_a_server_breaks_at_is_told_from_a_server_that_is_away() -> None:
    """Patience is left, but it is not sent any more; and who asks by turns finds out."""
    hand = Hand(lambda number, _at_s: BROKEN if number % 2 == 0 else HEARD)
    items = many(hand, [CLIP] * 3, jobs=1)
    assert [item.error for item in items] == [None] * 3
    hand = Hand(lambda _number, _at_s: BROKEN)
    (item,) = many(hand, [CLIP], jobs=1, patience_s=1e6)
    assert item.error is not None
    assert item.error.retryable == "no"
    assert len(hand.asked_at_s) == 4
