"""
Many recordings on one event loop, several requests at a time; a bad one spoils nothing.

    .venv/bin/python samples/async_batch.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from asr_client import AsyncASRClient
from asr_client.embedded import EmbeddedTriton

SPEECH = Path(__file__).parent / "speech"
RECORDINGS = [*sorted(SPEECH.glob("en-rms-*.flac")), SPEECH / "SOURCES.md"]


async def transcribe_all(url: str) -> None:
    """Send as many at a time as the server can use, and show results as they are ready."""
    async with AsyncASRClient(url) as client:
        async for item in client.transcribe_many(RECORDINGS, language="en"):
            name = RECORDINGS[item.index].name
            if item.transcript is not None:
                print(f"{name}: {item.transcript.text}")
            else:
                print(f"{name}: failed: {item.error}")


if __name__ == "__main__":
    with EmbeddedTriton() as server:
        asyncio.run(transcribe_all(server.grpc_url))
