"""A call's record, added up: where its time went."""

from __future__ import annotations

from collections.abc import Sequence

from asr_client.audio import Prepared
from asr_client.faults import Attempt
from asr_client.results import Timing

__all__ = ["measure"]


def measure(
    prepared: Sequence[Prepared],
    attempts: Sequence[Attempt],
    *,
    prepare_s: float,
    exchange_s: float,
    total_s: float,
) -> Timing:
    """Add up what the recordings and the attempts of one call took; the last one was answered."""
    last = attempts[-1]
    return Timing(
        prepare_s=prepare_s,
        exchange_s=exchange_s,
        total_s=total_s,
        decode_s=sum(one.decode_s for one in prepared),
        resample_s=sum(one.resample_s for one in prepared),
        wait_s=sum(attempt.waited_s for attempt in attempts),
        encode_s=last.encode_s,
        connect_s=last.phases.connect_s,
        send_s=last.phases.send_s,
        server_s=last.phases.server_s,
        receive_s=last.phases.receive_s,
        parse_s=last.parse_s,
        gateway_s=last.gateway_s,
        upstream_s=last.upstream_s,
    )
