"""What a transcription returns: frozen values, free of I/O and of numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asr_client.faults import Attempt

__all__ = [
    "AudioFacts",
    "Health",
    "ModelEntry",
    "ModelInfo",
    "ModelList",
    "ModelSource",
    "Segment",
    "Timing",
    "Transcript",
]


ModelSource = Literal["repository index", "statistics", "configuration"]


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
    """A stretch of the recording and its words; times in seconds from the recording's start."""

    start_s: float
    end_s: float
    text: str


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
        text: The words, as the model gave them, surrounding white space removed.
        language: The model's code for the language asked for; None where the model takes none.
        duration_s: Seconds of audio sent.
        segments: The text with its times; one segment a request.
        model: Name of the model asked.
        model_version: Version that answered; empty where the protocol does not tell.
        protocol: How it was asked: "http", "grpc", "generate", "asr-infer", "ulca" or "ai4i".
        request_id: The id sent along; the server's and the gateway's logs carry it.
        timing: Where the time went.
        audio: Facts of the recording.
        attempts: Every try of every request that the call took, the last one being the answer.
        warnings: What a careful listener would want to know, a sentence each.
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

    @property
    def rtfx(self) -> float:
        """Audio seconds per wall second of the whole call (inverse real-time factor)."""
        return self.duration_s / self.timing.total_s if self.timing.total_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """
    What a server says of itself, and of the one model that matters.

    Attributes:
        live: The process runs.
        ready: The server accepts requests; a Triton without any model says so, too.
        model_ready: The named model can be asked.
        model: Its name.
    """

    live: bool
    ready: bool
    model_ready: bool
    model: str

    @property
    def ok(self) -> bool:
        """Whether a transcription can be expected to work."""
        return self.live and self.ready and self.model_ready

    def explain(self) -> str:
        """Say in one sentence how things stand."""
        if self.ok:
            return f"the server is ready and so is model {self.model!r}"
        if not self.live:
            return "the server is not live"
        if self.model_ready:
            return f"the server is not ready, though model {self.model!r} is: is it stopping?"
        if self.ready:
            return f"the server is ready, but model {self.model!r} is not: is it loaded there?"
        return f"neither the server nor model {self.model!r} is ready"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model, as the server lists it; *state* is Triton's, "" when unknown."""

    name: str
    version: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ModelList:
    """The models of a server, and who named them: a gateway may close the better sources."""

    models: tuple[ModelEntry, ...]
    source: ModelSource


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """
    One model, and how this client talks to it.

    Attributes:
        name: The model's name.
        protocol: How it is asked.
        why_protocol: What decided that.
        contract: The family of tensors or fields it speaks.
        why_contract: What gave the family away.
        sample_rate_hz: The rate that audio is resampled to.
        languages: Codes that it takes; empty when nothing tells.
        max_batch_size: Recordings that fit in one request.
    """

    name: str
    protocol: str
    why_protocol: str
    contract: str
    why_contract: str
    sample_rate_hz: int
    languages: tuple[str, ...]
    max_batch_size: int
