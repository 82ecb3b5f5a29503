"""Lengths that recordings are padded to: few, near, and within what is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.chunking.buckets import bucket_samples

RATES = st.sampled_from([8_000, 11_025, 16_000, 44_100])


@pytest.mark.parametrize(
    ("audio_s", "padded_s"),
    [(0.01, 0.5), (0.5, 0.5), (0.7, 0.8), (1, 1), (1.01, 1.25), (3.3, 4), (29, 32), (101, 125)],
)
def test_bucket_is_the_next_round_length(audio_s: float, padded_s: float) -> None:
    """Ten lengths a decade, the same in each."""
    assert bucket_samples(round(audio_s * 16_000), 16_000) == padded_s * 16_000


@given(st.integers(1, 10**9), RATES)
def test_bucket_wastes_less_than_was_said(samples: int, rate_hz: int) -> None:
    """Never shorter than the recording, and its own bucket; at most 1.28 times as long."""
    padded = bucket_samples(samples, rate_hz)
    assert padded >= samples
    assert bucket_samples(padded, rate_hz) == padded
    assert padded < 1.2801 * samples + 2 or padded <= 0.5 * rate_hz + 1


def test_bucket_wastes_an_eighth_in_the_mean() -> None:
    """Over lengths from 1 to 10 s, of which there are ten."""
    lengths = range(16_000, 160_001)
    padded = [bucket_samples(each, 16_000) for each in lengths]
    assert sum(padded) / sum(lengths) == pytest.approx(1.12, abs=0.02)
    assert len(set(padded)) == 11


@given(st.integers(1, 10**7), st.integers(1, 10**7), RATES)
def test_bucket_stays_within_what_is_taken(samples: int, longest: int, rate_hz: int) -> None:
    """The longest that is taken is a bucket as well; what is longer already is left as it is."""
    padded = bucket_samples(samples, rate_hz, longest)
    assert padded == max(samples, min(bucket_samples(samples, rate_hz), longest))
