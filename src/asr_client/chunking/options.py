"""How long recordings are cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from asr_client.errors import ConfigError

__all__ = ["DEFAULT_CHUNKING", "Chunking", "SpeechDetection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechDetection:
    """
    When a stretch of audio counts as speech, and when as a pause.

    Attributes:
        threshold_db: How far above the noise floor, in dB, a frame has to be at least. More is
            asked for by itself where speech is far above it, or the noise is unsteady.
        min_speech_s: Speech shorter than this is none (a click).
        min_pause_s: A pause shorter than this is part of the speech around it.
        pad_s: What is added to speech on either side, since words begin and end softly.
    """

    threshold_db: float = 5.5
    min_speech_s: float = 0.1
    min_pause_s: float = 0.3
    pad_s: float = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """
    How long recordings are cut into chunks, each of which is one request.

    Every sample is sent, pauses too. A cut lies in the middle of a pause; where none is found
    early enough, or noise leaves it in doubt, in the quietest place, and the next chunk begins
    *overlap_s* earlier, so that the word which is cut is whole in one of the two; what both have
    heard is then told once.

    Attributes:
        longest_s: Length of a chunk at most, in seconds; less where the model listens for less, or
            the gateway takes less.
        whole_s: Recordings up to this length are sent whole.
        shortest_s: A chunk is no shorter than this, if that can be helped; what is left at the end
            goes with the chunk before it if it is shorter.
        overlap_s: How much of a chunk the next one hears again, where no pause is between them.
        speech: What counts as speech.
    """

    longest_s: float = 28.0
    whole_s: float = 30.0
    shortest_s: float = 3.0
    overlap_s: float = 1.0
    speech: SpeechDetection = field(default_factory=SpeechDetection)

    def __post_init__(self) -> None:
        if not 0 < self.shortest_s < self.longest_s <= self.whole_s:
            raise ConfigError(
                f"chunks from {self.shortest_s:g} to {self.longest_s:g} s, recordings up to "
                f"{self.whole_s:g} s whole: that cannot be kept",
                hint="0 < shortest_s < longest_s <= whole_s",
            )
        if not 0 <= self.overlap_s <= self.longest_s / 4:
            raise ConfigError(
                f"an overlap of {self.overlap_s:g} s does not fit chunks of {self.longest_s:g} s",
                hint="from 0 to a quarter of longest_s",
            )

    @classmethod
    def dhruva(cls) -> Self:
        """
        Cut as the model's origin does: at most 7 s, and 3 s more for what is left at the end.

        Source: docs/servers.md, Sources: "Dhruva"; its pauses are of 0.4 s, its padding 0.2 s. It
        sends no pauses and this does.
        """
        return cls(
            longest_s=7.0,
            whole_s=10.0,
            shortest_s=3.0,
            overlap_s=0.5,
            speech=SpeechDetection(min_speech_s=0.1, min_pause_s=0.4, pad_s=0.2),
        )


DEFAULT_CHUNKING = Chunking()
