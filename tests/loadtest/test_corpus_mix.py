"""Shares of requests, by language and length."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform
from asr_client.errors import ConfigError
from asr_loadtest.load.corpus import Clip
from asr_loadtest.load.corpus.mix import LengthRange, parse_mix, weights_of
from asr_loadtest.load.lengths import LENGTH_BUCKETS, length_bucket

RATE_HZ = 1_000


def clip_of(language: str, seconds: float) -> Clip:
    """Make a silent recording."""
    silence = np.zeros(round(seconds * RATE_HZ), np.float32)
    return Clip(f"{language}-{seconds}", language, "", Waveform(silence, RATE_HZ))


CLIPS = [clip_of("hi", 1), clip_of("hi", 3), clip_of("hi", 12), clip_of("ta", 1), clip_of("en", 3)]


@pytest.mark.parametrize(
    ("mix", "expected"),
    [
        ("", [1 / 5, 1 / 5, 1 / 5, 1 / 5, 1 / 5]),
        ("hi=3,ta=1", [1 / 4, 1 / 4, 1 / 4, 1 / 4, 0]),
        (" Hindi = 3, தமிழ்=3 ", [1 / 6, 1 / 6, 1 / 6, 1 / 2, 0]),
        ("0-2 s=1,2-5=3", [1 / 8, 3 / 8, 0, 1 / 8, 3 / 8]),
        ("10+=1", [0, 0, 1, 0, 0]),
        ("hi=1,0-2=0.5,2-20=0.5", [1 / 2, 1 / 4, 1 / 4, 0, 0]),
        ("hi=1,ta=1,0-2=2", [1 / 2, 0, 0, 1 / 2, 0]),
    ],
)
def test_weights_follow_the_mix(mix, expected) -> None:
    """Clips of one combination share what it gets; the others get nothing."""
    assert expected == pytest.approx(weights_of(parse_mix(mix), CLIPS))


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ("gu=1", "asks for gu, and"),
        ("ta=1,hi=1,2-5=1", "asks for ta of 2-5 s, and"),
        ("60+ s=1", r"asks for 60\+ s, and"),
    ],
)
def test_weights_are_refused_when_no_clip_is_what_the_mix_asks_for(mix, message) -> None:
    """Otherwise the shares would not be those that were asked for."""
    with pytest.raises(ConfigError, match=message):
        weights_of(parse_mix(mix), CLIPS)


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ("hi", "'hi' is no share"),
        ("=3", "'=3' is no share"),
        ("hi=", "'hi=' is no share"),
        ("hi=much", "'hi=much' is no share"),
        ("hi=0", "'hi=0' is no share"),
        ("hi=-1", "'hi=-1' is no share"),
        ("hi=inf", "'hi=inf' is no share"),
        ("hi=nan", "'hi=nan' is no share"),
        ("hi=1,Hindi=2", "names hi twice"),
        ("0-5=1,0-5 s=2", "names 0-5 s twice"),
        ("0-5=1,4-6=1", "0-5 s and 4-6 s of the mix overlap"),
        ("5-5=1", "5-5 s, which ends before it begins"),
        ("5-2=1", "5-2 s, which ends before it begins"),
    ],
)
def test_mix_is_refused_when_it_means_nothing(mix, message) -> None:
    """The entry is quoted."""
    with pytest.raises(ConfigError, match=message):
        parse_mix(mix)


@pytest.mark.parametrize("bucket", LENGTH_BUCKETS)
def test_mix_takes_the_names_that_reports_use(bucket) -> None:
    """A bucket's name is read as its edges."""
    (length,) = parse_mix(f"{bucket}=1").lengths
    assert bucket == str(length) == length_bucket(length.low_s)


def test_length_range_holds_its_lower_edge_alone() -> None:
    """So that neighbours share no clip."""
    assert [seconds in LengthRange(2, 5) for seconds in (2, 4.999, 5)] == [True, True, False]
    assert 1e9 in LengthRange(60, math.inf)


@given(shares=st.dictionaries(st.sampled_from(["hi", "ta", "en"]), st.floats(1e-3, 1e3)))
def test_weights_add_up_to_one_whatever_the_shares(shares) -> None:
    """They are shares of all requests."""
    mix = ",".join(f"{language}={share!r}" for language, share in shares.items())
    assert pytest.approx(1) == sum(weights_of(parse_mix(mix), CLIPS))
