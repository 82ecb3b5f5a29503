"""What the user asks for: which recordings, in which shares, made how."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asr_client.errors import ConfigError
from asr_loadtest.load.corpus.mix import parse_mix

__all__ = ["SHIPPED", "CorpusSpec"]

SHIPPED = "samples"
"""The source that stands for the recordings of this project's repository."""

# A word lasts 0.2 s; beyond an hour nobody waits for one answer.
_SHORTEST_S, _LONGEST_S = 0.2, 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusSpec:
    """
    The corpus of a run.

    Attributes:
        source: A folder, a manifest (.tsv, .csv, .jsonl), or "samples" for the recordings that are
            shipped in the repository; "./samples" is a folder of that name.
        languages: Only recordings in these; empty takes all.
        default_language: What is spoken in recordings whose language is not told.
        mix: Shares of all requests, by language ("hi=3,ta=1"), by seconds ("0-5=0.7,5-15=0.3"), or
            both; empty gives each recording the same share.
        lengths_s: Seconds of the recordings to be made of the others by cutting and joining, 0.2 to
            3600; empty sends the recordings as they are.
        pad_to_s: Silence fills each recording up to a multiple of so many seconds, so that more of
            them have equal shapes and a dynamic batcher can join them; 0 pads nothing.
        perturb: Every request differs in the lowest bit of some samples, so that a cache cannot
            answer it.
        seed: Chooses the recording of each request, and where synthetic ones are cut.

    Raises:
        ConfigError: If a value is out of its range, or *mix* is none.
    """

    source: str = SHIPPED
    languages: tuple[str, ...] = ()
    default_language: str = ""
    mix: str = ""
    lengths_s: tuple[float, ...] = ()
    pad_to_s: float = 0.0
    perturb: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise ConfigError(
                "the corpus has no source", hint=f"a folder, a manifest, or {SHIPPED!r}"
            )
        for length_s in self.lengths_s:
            if not _SHORTEST_S <= length_s <= _LONGEST_S:
                raise ConfigError(
                    f"recordings of {length_s:g} s cannot be made",
                    hint=f"{_SHORTEST_S:g} to {_LONGEST_S:g} s",
                )
        if len(set(self.lengths_s)) != len(self.lengths_s):
            raise ConfigError("a synthetic length is named twice", hint="shares are for the mix")
        if not 0 <= self.pad_to_s <= _LONGEST_S or not math.isfinite(self.pad_to_s):
            raise ConfigError(
                f"padding to {self.pad_to_s:g} s is not possible",
                hint=f"0 (off) to {_LONGEST_S:g} s",
            )
        parse_mix(self.mix)
