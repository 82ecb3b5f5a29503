"""What -v tells of a transcription: how it was asked, why so, and where the time went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asr_client.results import ModelInfo, Timing, Transcript

__all__ = ["explain", "explain_timing"]

_TOO_SHORT_TO_SHOW_S = 0.0005


def explain(transcript: Transcript, info: ModelInfo) -> Iterator[str]:
    """Tell it line by line."""
    yield f"protocol {info.protocol}: {info.why_protocol}"
    yield f"model {info.name}: {info.why_contract}"
    yield from (str(attempt) for attempt in transcript.attempts if attempt.fault)
    yield (
        f"{transcript.duration_s:.2f} s of audio in {transcript.timing.total_s:.3f} s "
        f"(RTFx {transcript.rtfx:.1f}): {explain_timing(transcript.timing)}; "
        f"request {transcript.request_id}"
    )


def explain_timing(timing: Timing) -> str:
    """List what took at least a millisecond, in seconds, in the order in which it happened."""
    seconds = {
        "decode": timing.decode_s,
        "resample": timing.resample_s,
        "wait": timing.wait_s,
        "encode": timing.encode_s,
        "connect": timing.connect_s,
        "send": timing.send_s,
        # Where the wire does not tell its phases: all of them, and the waiting before them.
        "exchange": timing.exchange_s if timing.server_s is None else None,
        "server": timing.server_s,
        "receive": timing.receive_s,
        "parse": timing.parse_s,
        "gateway": timing.gateway_s,
        "upstream": timing.upstream_s,
    }
    return ", ".join(
        f"{name} {spent:.3f}"
        for name, spent in seconds.items()
        if spent is not None and spent >= _TOO_SHORT_TO_SHOW_S
    )
