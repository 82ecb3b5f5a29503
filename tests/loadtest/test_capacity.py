"""What was carried: requests, speech, by replica, and by money."""

from __future__ import annotations

import pytest

from asr_loadtest.judgement.capacity import Capacity, capacity, capacity_of, replicas_for
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.load.tally import Tally, tally_of
from simulated_load import evenly

SLO = Slo(Limits(p99_s=0.2))


def carried(**known: float) -> Capacity:
    """Give ten seconds of 50 requests a second of 2 s each, of which every second one is late."""
    fast, slow = evenly(250, 25.0, 0.1, audio_s=2.0), evenly(250, 25.0, 0.5, audio_s=2.0)
    tally = tally_of([*fast, *slow], is_good=SLO.is_good)
    found = capacity(tally, **known)
    assert found is not None
    return found


def test_capacity_counts_what_was_good() -> None:
    """25 good requests a second are 50 live streams of speech; late ones are throughput."""
    found = carried()
    assert found.goodput_rps == pytest.approx(25, rel=0.06)
    assert found.streams == pytest.approx(50, rel=0.06)
    assert found.audio_per_s == pytest.approx(100, rel=0.06)
    assert (found.replicas, found.replica_rps, found.cost_per_audio_h) == (None, None, None)


def test_capacity_by_replica_and_by_money() -> None:
    """Half of it each; at 10 an hour for all, 50 streams cost 0.2 an hour of speech."""
    found = carried(replicas=2, price_per_hour=10.0)
    assert found.replica_rps == found.goodput_rps / 2
    assert found.replica_streams == found.streams / 2
    assert found.cost_per_audio_h == pytest.approx(0.2, rel=0.06)


def test_capacity_of_nothing_is_none() -> None:
    """No samples, no rate; nothing good, no price."""
    assert capacity(Tally()) is None
    late = capacity(tally_of(evenly(10, response_s=9.0), is_good=SLO.is_good), 1, 10.0)
    assert late is not None
    assert (late.streams, late.cost_per_audio_h) == (0.0, None)


def test_capacity_of_a_group_is_its_share() -> None:
    """Languages add up to the whole."""
    samples = [*evenly(100, language="hi"), *evenly(300, language="ta")]
    tally = tally_of(samples, is_good=SLO.is_good)
    whole = capacity(tally)
    parts = [capacity_of(group, tally.span_s) for group in tally.languages.values()]
    assert whole is not None
    assert sum(part.streams for part in parts if part) == pytest.approx(whole.streams)


@pytest.mark.parametrize(
    ("streams", "headroom", "expected"), [(50, 0.0, 5), (51, 0.0, 6), (50, 0.5, 10), (0, 0.0, 0)]
)
def test_replicas_for_a_load_are_rounded_up(streams: float, headroom: float, expected: int) -> None:
    """Ten streams a replica."""
    one = Capacity(
        goodput_rps=5.0, audio_per_s=20.0, streams=20.0, replicas=2, replica_streams=10.0
    )
    assert replicas_for(streams, one, headroom=headroom) == expected


def test_replicas_are_unknown_without_a_replica_s_share() -> None:
    """Who does not know how many there were cannot say how many it takes."""
    assert replicas_for(50, carried()) is None
