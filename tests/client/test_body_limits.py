"""What a route takes at once, learned from what it refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.calls.body_limits import BodyLimits, longest_samples
from speech_models import RECOGNIZERS


def test_limit_is_unknown_until_something_is_refused() -> None:
    """However much has passed."""
    limits = BodyLimits()
    limits.accepted("m", 10_000_000)
    assert limits.limit_bytes("m") is None


def test_limit_is_half_of_what_was_refused_or_what_has_passed() -> None:
    """What lies between is not tried out."""
    limits = BodyLimits()
    limits.refused("m", 1_000)
    assert limits.limit_bytes("m") == 500
    limits.accepted("m", 520)
    limits.accepted("m", 100)
    assert limits.limit_bytes("m") == 520
    limits.refused("m", 900)
    assert limits.limit_bytes("m") == 520


def test_limit_is_known_for_each_route_alone() -> None:
    """Another model may be behind another gateway."""
    limits = BodyLimits()
    limits.refused("m", 1_000)
    assert limits.limit_bytes("other") is None


def test_limit_that_was_raised_is_forgotten() -> None:
    """What was refused has passed."""
    limits = BodyLimits()
    limits.refused("m", 1_000)
    limits.accepted("m", 1_000)
    assert limits.limit_bytes("m") is None


def test_limit_that_was_lowered_is_learned_anew() -> None:
    """What had passed is refused."""
    limits = BodyLimits()
    limits.accepted("m", 1_000)
    limits.refused("m", 800)
    assert limits.limit_bytes("m") == 400
    limits.refused("m", 401)
    assert limits.limit_bytes("m") == 200


@given(st.integers(1, 10**8), st.lists(st.integers(1, 10**8), max_size=20))
def test_limit_is_soon_found_whatever_is_sent(true_limit: int, sizes: list[int]) -> None:
    """Each refusal halves what is sent."""
    limits = BodyLimits()
    for size in sizes:
        (limits.accepted if size <= true_limit else limits.refused)("m", size)
    for _ in range(40):
        size = limits.limit_bytes("m")
        if size is None or size <= true_limit:
            break
        limits.refused("m", size)
    assert size is None or size <= true_limit


@pytest.mark.parametrize("name", RECOGNIZERS)
@given(limit_bytes=st.integers(0, 10**8))
def test_longest_samples_fit_and_one_more_does_not(name: str, limit_bytes: int) -> None:
    """For every encoding; none where not even the envelope fits."""
    recognizer = RECOGNIZERS[name]
    samples = longest_samples(recognizer, limit_bytes)
    assert not samples or recognizer.body_bytes(samples) <= limit_bytes
    assert recognizer.body_bytes(samples + 1) > limit_bytes
