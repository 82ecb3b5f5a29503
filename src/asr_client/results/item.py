"""One of many recordings: its transcript, or what went wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.errors import ASRError
from asr_client.results.transcript import Transcript

__all__ = ["Item"]


@dataclass(frozen=True, slots=True)
class Item:
    """
    What came of one of many recordings.

    Attributes:
        index: Its place among them, from 0.
        source: What was handed in: a Recording, or any audio source.
        transcript: Its text; None if it failed.
        error: Why it failed; None if it did not.
    """

    index: int
    source: object
    transcript: Transcript | None = None
    error: ASRError | None = None

    @property
    def ok(self) -> bool:
        """Whether there is a transcript."""
        return self.transcript is not None

    def get(self) -> Transcript:
        """
        Give the transcript.

        Raises:
            ASRError: What the recording failed with.
        """
        if self.transcript is None:
            raise self.error or ASRError("there is neither a transcript nor an error")
        return self.transcript
