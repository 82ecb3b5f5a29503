"""The text of one recording, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.faults import Attempt
from asr_client.results.coverage import Coverage

__all__ = ["GAP_TEXT", "AudioFacts", "Segment", "Timing", "Transcript"]

# What stands in the text of a recording where a chunk of it failed.
GAP_TEXT = "[...]"


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """
    What was seen in a recording while it was decoded.

    Attributes:
        duration_s: Seconds of audio, as decoded.
        sample_rate_hz: Rate of the source, before any resampling.
        channels: Channels of the source, before the downmix.
        format: Container and encoding, such as "WAV/PCM_16"; "array" for samples in memory.
        resampled_from_hz: The source's rate where it differed from the model's, else None.
        peak: Largest absolute sample of the source, 1.0 being full scale.
        clipped_ratio: Share of source samples at or beyond full scale, 0..1.
        silent_ratio: Share of 20 ms frames below -60 dBFS, 0..1.
        dc_offset: Mean of the source's samples, full scale being 1.0.
        truncated: The header promises more audio than the data holds.
    """

    duration_s: float
    sample_rate_hz: int
    channels: int
    format: str
    resampled_from_hz: int | None
    peak: float
    clipped_ratio: float
    silent_ratio: float
    dc_offset: float
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """
    A stretch of the recording and its words.

    Attributes:
        start_s: Where it begins, in seconds from the recording's start.
        end_s: Where it ends.
        text: What was heard there; empty for a gap as well.
        is_gap: No text came back for it, and why is told by the chunk in `Transcript.coverage`.
    """

    start_s: float
    end_s: float
    text: str
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """
    Where a call's time went, in seconds; None where the wire or the gateway does not tell.

    Attributes:
        prepare_s: Making the recording ready: `decode_s`, `resample_s`, and looking at it.
        exchange_s: From the ready recording until the text, waiting and further tries included.
        total_s: The whole call, discovery included.
        decode_s: Reading and decoding the source, and the downmix.
        resample_s: Bringing it to the model's rate.
        wait_s: Waiting for a turn under the rate limit, and between tries; all of them.
        encode_s: Making the request's bytes. From here on, of the last try.
        connect_s: Name, TCP and TLS of a new connection; 0 on a kept one.
        send_s: Handing the request to the system.
        server_s: From then until the first bytes of the reply: network, gateway and server.
        receive_s: From there to the reply's end.
        parse_s: Reading the reply's bytes.
        gateway_s: Kong's own share of it (X-Kong-Proxy-Latency); includes a slow upload.
        upstream_s: The server's share, as Kong saw it (X-Kong-Upstream-Latency).
    """

    prepare_s: float
    exchange_s: float
    total_s: float
    decode_s: float = 0.0
    resample_s: float = 0.0
    wait_s: float = 0.0
    encode_s: float = 0.0
    connect_s: float | None = None
    send_s: float | None = None
    server_s: float | None = None
    receive_s: float | None = None
    parse_s: float = 0.0
    gateway_s: float | None = None
    upstream_s: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """
    The text of one recording, and how it came about.

    Attributes:
        text: The words, as the model gave them, surrounding white space removed. Where a chunk
            of a long recording failed, "[...]" stands in its place.
        language: The model's code for the language asked for; None where the model takes none.
        duration_s: Seconds of audio sent.
        segments: The text with its times, which are those of the requests: one segment each.
        model: Name of the model asked.
        model_version: Version that answered; empty where the protocol does not tell.
        protocol: How it was asked: "http", "grpc", "generate", "asr-infer", "ulca" or "ai4i".
        request_id: The id sent along; the server's and the gateway's logs carry it.
        timing: Where the time went.
        audio: Facts of the recording.
        attempts: Every try of every request that the call took, the last one being the answer.
        warnings: What a careful listener would want to know, a sentence each.
        coverage: Which stretch of the recording went out in which request; None where it was one
            request for all of it.
    """

    text: str
    language: str | None
    duration_s: float
    segments: tuple[Segment, ...]
    model: str
    model_version: str
    protocol: str
    request_id: str
    timing: Timing
    audio: AudioFacts
    attempts: tuple[Attempt, ...] = ()
    warnings: tuple[str, ...] = ()
    coverage: Coverage | None = None

    @property
    def is_complete(self) -> bool:
        """Whether there is text for all of the recording; what is missing is in `coverage.gaps`."""
        return self.coverage is None or self.coverage.is_complete

    @property
    def rtfx(self) -> float:
        """Audio seconds per wall second of the whole call (inverse real-time factor)."""
        return self.duration_s / self.timing.total_s if self.timing.total_s > 0 else 0.0
