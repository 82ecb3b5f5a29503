"""What is expected of a run: arithmetic that can be done by hand."""

from __future__ import annotations

import math

import pytest

from asr_client.bulk.plan import bytes_to_send, expect, histogram, requests_for
from asr_client.chunking.options import DEFAULT_CHUNKING, Chunking


@pytest.mark.parametrize(
    ("seconds", "default", "dhruva"),
    [(0.0, 1, 1), (10.0, 1, 1), (10.1, 1, 2), (30.0, 1, 5), (30.1, 2, 5), (7200.0, 258, 1029)],
)
def test_requests_follow_the_chunking(seconds: float, default: int, dhruva: int) -> None:
    """Whole up to a length, then in chunks that are no longer than another one."""
    assert requests_for(seconds, DEFAULT_CHUNKING) == default
    assert requests_for(seconds, Chunking.dhruva()) == dhruva


def test_slowest_bound_decides() -> None:
    """The first window's worth goes at once; the server takes audio by the second."""
    plan = expect([5.0] * 100, 20, DEFAULT_CHUNKING, {60: 30, 3600: 1000}, rtfx=10.0)
    assert (plan.requests, plan.audio_s) == (120, 500.0)
    assert [(bound.what, bound.seconds) for bound in plan.bounds] == [
        ("the rate limit of 30 requests in 60 s", 180.0),
        ("the server's speed", 50.0),
        ("the rate limit of 1000 requests in 3600 s", 0.0),
    ]
    assert expect([5.0], 0, DEFAULT_CHUNKING, {}, None).bounds == ()
    assert expect([], 0, DEFAULT_CHUNKING, {60: 5}, None).bounds[0].seconds == 0


def test_bytes_are_those_of_the_protocol() -> None:
    """Four bytes a sample as a tensor, two in base64 as a file; JSON numbers are not guessed."""
    assert bytes_to_send(1.0, "http", 16_000) == 64_000
    assert bytes_to_send(3.0, "asr-infer", 16_000) == pytest.approx(128_000)
    assert bytes_to_send(1.0, "generate", 16_000) is None


def test_histogram_counts_each_once() -> None:
    """Rows with nothing before or after the rest are left out."""
    assert histogram([1.0, 2.9, 12.0, 29.9, 130.0]) == [
        (1.0, 3.0, 2),
        (3.0, 10.0, 0),
        (10.0, 30.0, 2),
        (30.0, 120.0, 0),
        (120.0, 600.0, 1),
    ]
    assert histogram([]) == []
    assert histogram([1e9]) == [(3600.0, math.inf, 1)]
