"""
Subtitles from samples in memory: what a program does that records or makes its audio itself.

    .venv/bin/python samples/subtitles.py
"""

from __future__ import annotations

from pathlib import Path

from asr_client import ASRClient, format_transcript, load_audio
from asr_client.embedded import EmbeddedTriton

SPEECH = Path(__file__).parent / "speech"


def main() -> None:
    """Leave out the first tenth of a second of a recording, and write the rest as WebVTT."""
    wave = load_audio(SPEECH / "en-rms-library.flac")
    samples = wave.samples[wave.sample_rate_hz // 10 :]
    with EmbeddedTriton() as server, ASRClient(server.http_url, language="en") as client:
        transcript = client.transcribe(samples, sample_rate_hz=wave.sample_rate_hz)
    # Twelve seconds of speech are too much for one cue: the note at the top says which times are
    # estimated.
    print(format_transcript(transcript, "vtt"), end="")


if __name__ == "__main__":
    main()
