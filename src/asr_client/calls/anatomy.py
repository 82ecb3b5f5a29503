"""A call's record, added up: where its time went."""

from __future__ import annotations

from collections.abc import Sequence

from asr_client.faults import Attempt
from asr_client.results import Timing

__all__ = ["measure"]


def measure(  # noqa: PLR0913 - times of one call, each with its name
    attempts: Sequence[Attempt],
    *,
    decode_s: float,
    resample_s: float,
    prepare_s: float,
    exchange_s: float,
    total_s: float,
) -> Timing:
    """Add up what the attempts of one call took; the last one was answered."""
    last = attempts[-1]
    return Timing(
        prepare_s=prepare_s,
        exchange_s=exchange_s,
        total_s=total_s,
        decode_s=decode_s,
        resample_s=resample_s,
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
