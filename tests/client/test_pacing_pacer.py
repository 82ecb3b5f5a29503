"""One pacer, asked step by step: tickets, refusals, places given back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.pacing import Pacer, Ticket

NOW_S = 1000.0
LUCK = 0.5


def pacer_at_minute_start(second: float = 5.0) -> Pacer:
    """A pacer whose gateway's clock is *second* seconds into a minute at NOW_S."""
    return Pacer(random=lambda: LUCK, wall_clock_s=6e8 + second - NOW_S)


def per_minute(limit: int, used: int, **others: str) -> dict[str, str]:
    """Kong's headers about a minute's limit."""
    return {
        "x-ratelimit-limit-minute": str(limit),
        "x-ratelimit-remaining-minute": str(max(0, limit - used)),
        **others,
    }


def settle(pacer: Pacer, ticket: Ticket, headers: dict[str, str], **facts: object) -> None:
    """Answer a request a moment after it was sent."""
    pacer.settle(ticket, headers=headers, **{"sent_s": NOW_S, "now_s": NOW_S + 0.01, **facts})


def learned(limit: int = 100, used: int = 1) -> Pacer:
    """A pacer that has seen one reply."""
    pacer = pacer_at_minute_start()
    settle(pacer, pacer.book(NOW_S), per_minute(limit, used))
    return pacer


def refused(pacer: Pacer, now_s: float, retry_after_s: float | None = None) -> None:
    """Have a request refused."""
    ticket = pacer.book(now_s)
    facts = {"is_limited": True, "consumed": False, "retry_after_s": retry_after_s}
    settle(pacer, ticket, {}, sent_s=now_s, now_s=now_s, **facts)


def going(pacer: Pacer, callers: int, now_s: float = NOW_S) -> int:
    """How many of so many callers may go at once."""
    return sum(pacer.book(now_s).at_s <= now_s for _ in range(callers))


def test_four_go_before_the_first_reply() -> None:
    """Nobody knows the limit yet, and the fifth caller may be one too many."""
    assert going(pacer_at_minute_start(), 9) == 4


def test_others_ask_again_ever_more_rarely_until_a_reply_comes() -> None:
    """From 2 ms to 50 ms; and where replies take long, four more go each second."""
    pacer = pacer_at_minute_start()
    going(pacer, 4)
    ticket, now_s, delays_s = pacer.book(NOW_S), NOW_S, []
    while ticket.at_s > now_s:
        delays_s.append(ticket.at_s - now_s)
        now_s = ticket.at_s
        ticket = pacer.renew(ticket, now_s)
    assert delays_s[:3] == pytest.approx([0.002, 0.004, 0.008])
    assert max(delays_s) == pytest.approx(0.05)
    assert 1.0 <= now_s - NOW_S <= 1.06


def test_reply_without_headers_ends_all_pacing() -> None:
    """Triton itself, or a gateway that hides its limits."""
    pacer = pacer_at_minute_start()
    settle(pacer, pacer.book(NOW_S), {"content-type": "application/json"})
    assert going(pacer, 1000) == 1000


def test_uncounted_reply_without_headers_says_nothing() -> None:
    """Kong's 401 comes before its rate limiter has had a word; its place is free again."""
    pacer = pacer_at_minute_start()
    for _ in range(20):
        ticket = pacer.book(NOW_S)
        assert ticket.at_s == NOW_S
        settle(pacer, ticket, {}, consumed=False)
    assert going(pacer, 9) == 4


def test_headers_that_appear_later_count() -> None:
    """A health check without limits came first; the calls have one."""
    pacer = pacer_at_minute_start()
    settle(pacer, pacer.book(NOW_S), {})
    settle(pacer, pacer.book(NOW_S), per_minute(100, 80))
    assert going(pacer, 30) == 0


def test_used_up_window_is_waited_out() -> None:
    """With 55 s of a minute left, the next turn is in 55 s, and a little later for others' sake."""
    pacer = learned(limit=10, used=10)
    delay_s = pacer.book(NOW_S + 0.01).at_s - NOW_S
    assert 55.0 <= delay_s <= 60.0


def test_retry_after_holds_up_everybody() -> None:
    """Nobody goes before the time that was named; jitter adds a fifth, and a second at most."""
    pacer = learned()
    refused(pacer, NOW_S, retry_after_s=3.0)
    assert pacer.book(NOW_S + 0.1).at_s == pytest.approx(NOW_S + 3.0 + LUCK * 0.6)
    refused(pacer, NOW_S, retry_after_s=30.0)
    assert pacer.book(NOW_S + 0.1).at_s == pytest.approx(NOW_S + 30.0 + LUCK * 1.0)


def test_absurd_retry_after_is_asked_about_again_in_an_hour() -> None:
    """One reply cannot put a key out of use for a year."""
    pacer = Pacer(random=lambda: 0.5, wall_clock_s=0.0)
    ticket = pacer.book(100.0)
    pacer.settle(ticket, headers={}, sent_s=100.0, now_s=100.1, is_limited=True, retry_after_s=3e7)
    assert pacer.book(101.0).at_s == pytest.approx(100.1 + 3600, abs=2.0)


def test_refusals_without_a_time_double_the_wait_until_a_good_reply() -> None:
    """From a quarter of a second to a minute; refusals of one moment count once."""
    pacer = pacer_at_minute_start()
    settle(pacer, pacer.book(NOW_S), {})
    now_s, waits_s = NOW_S, []
    for _ in range(10):
        for _ in range(20):
            refused(pacer, now_s)
        ticket = pacer.book(now_s)
        waits_s.append(ticket.at_s - now_s)
        now_s = ticket.at_s
        assert pacer.renew(ticket, now_s).at_s <= now_s
    assert waits_s[:4] == pytest.approx([0.25, 0.5, 1.0, 2.0])
    assert waits_s[-1] == pytest.approx(60.0)
    settle(pacer, pacer.book(now_s + 60), {}, sent_s=now_s + 60, now_s=now_s + 61)
    refused(pacer, now_s + 62)
    assert pacer.book(now_s + 62).at_s - now_s - 62 == pytest.approx(0.25)


def test_first_come_first_served() -> None:
    """Places follow the order of booking, whoever is woken first."""
    pacer = learned(limit=100, used=50)
    tickets = [pacer.book(NOW_S) for _ in range(30)]
    assert [ticket.at_s for ticket in tickets] == sorted(ticket.at_s for ticket in tickets)
    late_s = tickets[3].at_s
    assert pacer.renew(tickets[9], late_s).at_s > late_s
    assert pacer.renew(tickets[0], late_s).at_s == late_s


def test_renewed_ticket_moves_when_less_is_left_than_was_thought() -> None:
    """While a ticket waited, others used up the minute: it goes in the next one."""
    pacer = learned(limit=100, used=50)
    first, second = pacer.book(NOW_S), pacer.book(NOW_S)
    gone = pacer.renew(first, first.at_s)
    settle(pacer, gone, per_minute(100, 100), sent_s=gone.at_s, now_s=gone.at_s + 0.01)
    assert pacer.renew(second, second.at_s).at_s >= NOW_S + 55.0


def test_ticket_that_went_without_renewal_is_counted() -> None:
    """Its time had come by the time its holder looked; that is as good as a renewal."""
    pacer = learned(limit=10, used=4)
    hasty = pacer.book(NOW_S)
    for end in (pacer.lose, lambda ticket: settle(pacer, ticket, {})):
        before = pacer.book(NOW_S)
        end(hasty)
        assert pacer.renew(before, NOW_S).at_s > NOW_S


@given(st.lists(st.sampled_from(["cancel", "unsent", "uncounted"]), max_size=40))
def test_place_that_is_given_back_is_free_again(ends: list[str]) -> None:
    """Whether its holder never went, never got there, or was not counted."""
    pacer, fresh = learned(limit=100), learned(limit=100)
    for end in ends:
        ticket = pacer.book(NOW_S)
        if end == "uncounted":
            settle(pacer, ticket, {}, consumed=False)
        else:
            pacer.cancel(ticket)
    assert [pacer.book(NOW_S).at_s for _ in range(90)] == pytest.approx(
        [fresh.book(NOW_S).at_s for _ in range(90)]
    )


def test_lost_request_stays_counted() -> None:
    """It was sent, and the gateway may have seen it."""
    pacer = learned(limit=10, used=1)
    free = 0
    while (ticket := pacer.book(NOW_S)).at_s <= NOW_S:
        pacer.lose(ticket)
        free += 1
    assert free == 5


def test_limit_of_which_nobody_speaks_any_more_is_forgotten() -> None:
    """After two of its windows the pacer begins anew, with four requests."""
    pacer = learned(limit=10, used=10)
    assert going(pacer, 9, NOW_S + 300.0) == 4


@given(
    st.dictionaries(
        st.sampled_from(
            ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "date"]
            + [
                f"x-ratelimit-{what}-{window}"
                for what in ("limit", "remaining")
                for window in ("second", "minute", "hour", "day")
            ]
            + ["x-kong-upstream-latency", "x-kong-proxy-latency"]
        ),
        st.one_of(
            st.integers(-5, 10**20).map(str), st.text(max_size=6), st.just("٣"), st.just("4, 5")
        ),
    )
)
def test_no_header_can_break_it(headers: dict[str, str]) -> None:
    """Whatever a reply says, the next caller gets a ticket that comes some day."""
    pacer = pacer_at_minute_start()
    settle(pacer, pacer.book(NOW_S), headers)
    ticket, now_s = pacer.book(NOW_S), NOW_S
    while ticket.at_s > now_s and ticket.asked < 100:
        now_s = ticket.at_s
        ticket = pacer.renew(ticket, now_s)
    assert ticket.at_s <= now_s < math.inf
