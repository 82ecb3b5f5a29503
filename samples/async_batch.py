"""
Many recordings at once, on one event loop; a bad one spoils nothing.

    .venv/bin/python samples/async_batch.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from asr_client import ASRError, AsyncASRClient
from asr_client.embedded import EmbeddedTriton

SPEECH = Path(__file__).parent / "speech"
RECORDINGS = [*sorted(SPEECH.glob("en-rms-*.flac")), SPEECH / "SOURCES.md"]


async def transcribe_all(url: str) -> None:
    """Send everything at once, and show results in order."""
    async with AsyncASRClient(url) as client:
        calls = [client.transcribe(recording, language="en") for recording in RECORDINGS]
        results = await asyncio.gather(*calls, return_exceptions=True)
    for recording, result in zip(RECORDINGS, results, strict=True):
        if isinstance(result, ASRError):
            print(f"{recording.name}: failed: {result}")
        elif isinstance(result, BaseException):
            raise result
        else:
            print(f"{recording.name}: {result.text}")


if __name__ == "__main__":
    with EmbeddedTriton() as server:
        asyncio.run(transcribe_all(server.grpc_url))
