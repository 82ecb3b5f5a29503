"""
Text from one recording, with a real server started for the purpose.

    .venv/bin/python samples/quickstart.py

With a server of your own, leave EmbeddedTriton out and give its URL to ASRClient.
"""

from __future__ import annotations

from pathlib import Path

from asr_client import ASRClient
from asr_client.embedded import EmbeddedTriton

RECORDING = Path(__file__).parent / "speech" / "en-rms-weather.flac"


def main() -> None:
    """Transcribe, and show what else there is to know."""
    with EmbeddedTriton() as server, ASRClient(server.http_url, language="en") as client:
        transcript = client.transcribe(RECORDING)
        print(transcript.text)
        print(f"{transcript.duration_s:.1f} s of {transcript.audio.format} audio")
        print(client.model().why_contract)


if __name__ == "__main__":
    main()
