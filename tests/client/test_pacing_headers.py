"""What rate-limit headers mean: as recorded from Kong, and as other gateways write them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from asr_client.pacing.headers import Quota, Stamp, Times, read_quotas, read_stamp, read_times
from asr_client.pacing.phase import BoundaryWatch, Phase

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings" / "http.jsonl.gz"
MIXED = {
    "ratelimit-limit": "30",
    "ratelimit-remaining": "3",
    "ratelimit-reset": "21",
    "x-ratelimit-limit-second": "5",
    "x-ratelimit-remaining-second": "4",
    "x-ratelimit-limit-minute": "30",
    "x-ratelimit-remaining-minute": "3",
}


def test_named_windows_are_read_each() -> None:
    """X-RateLimit-* name every window; RateLimit-* repeat one of them."""
    assert read_quotas(MIXED) == (Quota(1, 5, 4), Quota(60, 30, 3))


@pytest.mark.parametrize(
    ("reset_s", "size_s"), [(1, 1), (2, 60), (60, 60), (61, 3600), (3601, 86_400)]
)
def test_unnamed_window_is_the_shortest_that_fits(reset_s: int, size_s: int) -> None:
    """RateLimit-* alone do not say which window they mean."""
    headers = {"ratelimit-limit": "9", "ratelimit-remaining": "2", "ratelimit-reset": str(reset_s)}
    assert read_quotas(headers) == (Quota(size_s, 9, 2),)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-limit-minute": "0", "x-ratelimit-remaining-minute": "0"},
        {"x-ratelimit-limit-minute": "5"},
        {"x-ratelimit-limit-minute": "many", "x-ratelimit-remaining-minute": "5"},
        {"x-ratelimit-limit-audio-minute": "2", "x-ratelimit-remaining-audio-minute": "1"},
        {"ratelimit-limit": "9", "ratelimit-remaining": "2"},
        {"ratelimit-limit": "9", "ratelimit-remaining": "2", "ratelimit-reset": "2000000"},
    ],
    ids=str,
)
def test_what_is_no_limit_is_not_read(headers: dict[str, str]) -> None:
    """Missing, odd and other plugins' headers say nothing about the rate."""
    assert read_quotas(headers) == ()


def test_clock_is_read_from_the_reset_of_a_long_window() -> None:
    """21 s before the end of a minute, within a second: of two clocks, it is Kong's own."""
    times = Times(sent_s=100.0, counted_by_s=100.2, answered_s=100.1, received_s=100.3)
    stamp = read_stamp(MIXED | {"date": "Thu, 01 Jan 1970 00:00:07 GMT"}, read_quotas(MIXED), times)
    assert stamp == Stamp(pytest.approx(-121.205), pytest.approx(-119.995), 60)


def test_clock_is_read_from_date_where_the_reset_tells_nothing() -> None:
    """A window of a second always ends within one."""
    headers = {"ratelimit-limit": "9", "ratelimit-remaining": "2", "ratelimit-reset": "1"}
    times = Times(sent_s=100.0, counted_by_s=100.2, answered_s=100.1, received_s=100.3)
    assert read_stamp(headers, read_quotas(headers), times) is None
    headers["date"] = "Thu, 01 Jan 1970 00:01:50 GMT"
    stamp = read_stamp(headers, read_quotas(headers), times)
    assert stamp == Stamp(pytest.approx(9.695), pytest.approx(10.905), 86_400)


def test_latency_headers_tell_when_a_request_was_counted() -> None:
    """Before the server had it; and the reply began after the server was done."""
    headers = {"x-kong-upstream-latency": "700", "x-kong-proxy-latency": "100"}
    times = read_times(headers, 10.0, 11.0)
    assert times == Times(10.0, pytest.approx(10.3), pytest.approx(10.8), 11.0)
    assert read_times(headers, 10.0, 10.5).counted_by_s == 10.0


def test_every_recorded_limit_is_read() -> None:
    """Each recorded answer of Kong that tells of its limits tells of a window."""
    with gzip.open(RECORDINGS, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    replies = [record["response"].get("headers") or [] for record in records]
    telling = [
        headers
        for pairs in replies
        if "ratelimit-remaining" in (headers := {name.lower(): value for name, value in pairs})
    ]
    assert len(telling) >= 20
    assert all(read_quotas(headers) for headers in telling)


def test_phase_is_narrowed_by_what_agrees_and_given_up_for_what_does_not() -> None:
    """Bounds count modulo the window's length, and widen while nobody speaks."""
    phase = Phase(60, 10.0, 12.0, known_s=0.0)
    narrowed = phase.meet(71.0, 73.0, 0.0)
    assert narrowed == Phase(60, 11.0, 12.0, 0.0)
    assert phase.meet(30.0, 31.0, 0.0) is None
    assert phase.at(5000.0).low_s == pytest.approx(9.0)
    guess = Phase(60, 10.0, 12.0, 0.0, is_guess=True)
    assert guess.meet(30.0, 31.0, 0.0) == Phase(60, 30.0, 31.0, 0.0)


def test_window_is_used_only_where_it_surely_is() -> None:
    """Neither before it has surely begun, nor when a request might arrive in the next one."""
    phase = Phase(60, -2.0, 2.0, known_s=0.0)
    now = phase.turn(30.0)
    assert (now.counted_from_s, now.opens_s, now.closes_s) == (-2.0, 2.0, 57.0)
    assert phase.turn(57.0).opens_s == 62.0


def test_end_of_a_window_is_seen_where_its_count_falls() -> None:
    """Between the last request with a high count and the first one with a low count."""
    watch = BoundaryWatch(1)
    for number in range(10):
        assert watch.see(number + 1, number * 0.03, number * 0.03 + 0.01) is None
    assert watch.see(1, 0.30, 0.31) == pytest.approx((0.27, 0.31))


def test_counts_that_overtake_each_other_end_no_window() -> None:
    """Two requests of the same moment are counted in either order."""
    watch = BoundaryWatch(1)
    assert watch.see(9, 0.000, 0.05) is None
    assert watch.see(1, 0.001, 0.05) is None
