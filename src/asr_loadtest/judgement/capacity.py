"""
What was carried: in requests, in speech, by replica, and by money.

It is a capacity if the load was at the edge of the SLO, as after a search; else it is what was
asked for.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from asr_loadtest.load.tally import Group, Tally

__all__ = ["Capacity", "capacity", "capacity_of", "replicas_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """
    What was carried, within the SLO unless said otherwise. None where a divisor is not known.

    Attributes:
        goodput_rps: Good requests a second.
        audio_per_s: Seconds of speech a second in everything that was answered well, however late:
            RTFx in aggregate.
        streams: Seconds of speech a second in good replies: so many people may speak at once.
        replicas: Servers that carried it.
        replica_rps: Good requests a second of each; replica_streams: streams of each.
        cost_per_audio_h: Price of an hour of speech, in the currency of the price.
    """

    goodput_rps: float
    audio_per_s: float
    streams: float
    replicas: int | None = None
    replica_rps: float | None = None
    replica_streams: float | None = None
    cost_per_audio_h: float | None = None

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return asdict(self)


def capacity(
    tally: Tally, replicas: int | None = None, price_per_hour: float | None = None
) -> Capacity | None:
    """
    Give what a run carried; None if nothing was offered.

    Args:
        tally: Counted by the SLO's `is_good`.
        replicas: Servers behind the URL; None if not known.
        price_per_hour: Of all of them together.
    """
    return capacity_of(tally.all, tally.span_s, replicas, price_per_hour)


def capacity_of(
    group: Group, span_s: float, replicas: int | None = None, price_per_hour: float | None = None
) -> Capacity | None:
    """
    Give the same for a group of a run that took *span_s* seconds.

    A price is only for a group that had the servers to itself.
    """
    if span_s <= 0:
        return None
    goodput_rps, streams = group.good / span_s, group.good_audio_s / span_s
    return Capacity(
        goodput_rps=goodput_rps,
        audio_per_s=group.audio_s / span_s,
        streams=streams,
        replicas=replicas,
        replica_rps=goodput_rps / replicas if replicas else None,
        replica_streams=streams / replicas if replicas else None,
        # So many hours of speech are done in one hour as there are streams.
        cost_per_audio_h=price_per_hour / streams if price_per_hour and streams else None,
    )


def replicas_for(streams: float, carried: Capacity, *, headroom: float = 0.0) -> int | None:
    """
    Give how many replicas carry so many live streams, if each does what it did here.

    Args:
        streams: People who speak at once.
        carried: What was measured, of a known number of replicas.
        headroom: Share of each replica to be left free, 0..1; 0.3 uses them up to 70 %.

    Returns:
        None if it is not known what one replica carries. Assumes that replicas do not slow each
        other down, and that the load is spread evenly; keep-alive connections may not do so.
    """
    if not carried.replica_streams:
        return None
    return math.ceil(streams / (carried.replica_streams * (1 - headroom)))
