"""
The public API as users write it. Never run: mypy --strict checks it (scripts/check).

Each line would be an error if a public name lost its type.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import assert_type

import numpy as np

from asr_client import (
    ApiKey,
    ASRClient,
    ASRError,
    AsyncASRClient,
    Chunking,
    Connections,
    RateLimitedError,
    Recording,
    RetryPolicy,
    ServerError,
    Transcript,
    Waveform,
    format_transcript,
    load_audio,
)
from asr_client.embedded import EmbeddedTriton
from asr_client.faults import Attempt, Origin
from asr_client.results import Coverage, Health, Item, ModelInfo, ModelList


def sync_client() -> None:
    with ASRClient("http://localhost:8000", language="hi", api_key=ApiKey("k")) as client:
        assert_type(client, ASRClient)
        assert_type(client.transcribe("a.wav"), Transcript)
        assert_type(client.transcribe(Path("a.wav"), language="ta", deadline_s=5.0), Transcript)
        assert_type(client.transcribe(b"RIFF"), Transcript)
        assert_type(client.transcribe(io.BytesIO()), Transcript)
        assert_type(client.transcribe(np.zeros(10), sample_rate_hz=8000), Transcript)
        assert_type(client.transcribe_batch(["a.wav", b"RIFF"]), tuple[Transcript, ...])
        for item in client.transcribe_many(["a.wav", Recording(b"RIFF", language="ta")], jobs=4):
            assert_type(item, Item)
            assert_type(item.get().coverage, Coverage | None)
        assert_type(client.health(), Health)
        assert_type(client.models(), ModelList)
        assert_type(client.model("asr"), ModelInfo)
        assert_type(client.transcribe("a.wav").segments[0].start_s, float)
        assert_type(client.transcribe("a.wav").audio.resampled_from_hz, int | None)


def behind_a_gateway() -> None:
    ASRClient(api_key=("the new one", "the old one"))
    ASRClient(api_key=lambda: "k")
    ASRClient(api_key_file=Path("key"))
    ASRClient(api_key_command=["print-key", "asr"])
    ASRClient(chunking=Chunking(longest_s=20.0))
    ASRClient(chunking=Chunking.dhruva())
    ASRClient(retry=RetryPolicy(max_attempts=2), connections=Connections(max_age_s=None))
    with ASRClient(on_attempt=print, pacing=False, proxy="environment") as client:
        assert_type(client.warm(8), ModelInfo)
        assert_type(client.transcribe("a.wav").attempts, tuple[Attempt, ...])
        assert_type(client.transcribe("a.wav").timing.gateway_s, float | None)


async def async_client() -> None:
    async with AsyncASRClient(protocol="grpc", model="asr", languages=["en"]) as client:
        assert_type(client, AsyncASRClient)
        assert_type(await client.transcribe("a.wav"), Transcript)
        assert_type(await client.transcribe_batch([]), tuple[Transcript, ...])
        assert_type(await client.health(), Health)


def values(transcript: Transcript) -> None:
    assert_type(format_transcript(transcript, "srt"), str)
    assert_type(load_audio("a.wav"), Waveform)
    assert_type(load_audio("a.wav").duration_s, float)


def errors(error: ASRError) -> None:
    assert_type(error.hint, str)
    assert_type(error.attempts, tuple[Attempt, ...])
    if isinstance(error, RateLimitedError):
        assert_type(error.retry_after_s, float | None)
    if isinstance(error, ServerError):
        assert_type(error.origin, Origin)


def embedded() -> None:
    with EmbeddedTriton() as server:
        assert_type(server, EmbeddedTriton)
        assert_type(server.http_url, str)


def mistakes() -> None:
    ASRClient(protocol="htpt")  # type: ignore[arg-type]
    ASRClient(timeout=3)  # type: ignore[call-arg]
    ASRClient().transcribe(3)  # type: ignore[arg-type]
