"""A recording, and what is to be said of it alone where many are handed in."""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.audio import AudioSource

__all__ = ["Recording"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Recording:
    """
    One of many recordings, where they differ in more than their audio.

    Attributes:
        audio: Whatever `transcribe` takes.
        language: Its language; None takes that of the others.
        sample_rate_hz: The rate of an array, in Hz; None takes that of the others.
    """

    audio: AudioSource
    language: str | None = None
    sample_rate_hz: int | None = None

    def __repr__(self) -> str:
        audio = repr(self.audio) if isinstance(self.audio, str) else type(self.audio).__name__
        return f"Recording({audio}, language={self.language!r})"
