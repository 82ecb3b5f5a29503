"""
Shares of requests, by language and by seconds: "hi=3,ta=1,0-5=0.7,5-15=0.3".

Shares are of requests, not of seconds of audio, and need not add up to 1. Where both kinds are
given they multiply: here 3/4 of the requests are Hindi, and 7/10 of those are shorter than 5 s.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from asr_client.errors import ConfigError
from asr_loadtest.load.corpus.clips import Clip
from asr_loadtest.load.corpus.languages import canonical_language

__all__ = ["LengthRange", "Mix", "parse_mix", "weights_of"]

Key = TypeVar("Key", bound=Hashable)

# Names of load.lengths, such as "0-2 s" and "60+ s", and whatever else is meant by them.
_RANGE = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?)|\+)(?: ?s)?")

_EXAMPLE = "such as hi=3,ta=1 or 0-5=0.7,5-15=0.3"


@dataclass(frozen=True, slots=True, order=True)
class LengthRange:
    """Seconds of speech from *low_s*, which is in it, to *high_s*, which is not."""

    low_s: float
    high_s: float

    def __contains__(self, audio_s: float) -> bool:
        return self.low_s <= audio_s < self.high_s

    def __str__(self) -> str:
        end = "+" if math.isinf(self.high_s) else f"-{self.high_s:g}"
        return f"{self.low_s:g}{end} s"


# Language and length; None where that does not matter.
Cell = tuple[str | None, LengthRange | None]


@dataclass(frozen=True, slots=True)
class Mix:
    """
    Shares, each kind adding up to 1.

    Attributes:
        languages: By our code; empty where the language does not matter.
        lengths: By range; empty where the length does not matter.
    """

    languages: Mapping[str, float]
    lengths: Mapping[LengthRange, float]

    def cells(self) -> Iterator[tuple[Cell, float]]:
        """Go through all combinations, with the share of each."""
        languages: list[tuple[str | None, float]] = [*self.languages.items()] or [(None, 1.0)]
        lengths: list[tuple[LengthRange | None, float]] = [*self.lengths.items()] or [(None, 1.0)]
        for (language, part), (length, share) in itertools.product(languages, lengths):
            yield (language, length), part * share

    def cell_of(self, clip: Clip) -> Cell | None:
        """Find the combination that a clip belongs to; None if the mix leaves it out."""
        if self.languages and clip.language not in self.languages:
            return None
        length = next((each for each in self.lengths if clip.audio_s in each), None)
        if self.lengths and length is None:
            return None
        return clip.language if self.languages else None, length


def parse_mix(text: str) -> Mix:
    """
    Read a mix; an empty one takes everything.

    Raises:
        ConfigError: If an entry is no language or range with a share above 0, or ranges overlap.
    """
    languages: dict[str, float] = {}
    lengths: dict[LengthRange, float] = {}
    for entry in filter(str.strip, text.split(",")):
        key, share = _entry(entry.strip())
        if found := _RANGE.fullmatch(key):
            _add(lengths, LengthRange(float(found[1]), float(found[2] or math.inf)), share)
        else:
            _add(languages, canonical_language(key), share)
    _check_ranges(sorted(lengths))
    return Mix(_shares(languages), _shares(lengths))


def _entry(entry: str) -> tuple[str, float]:
    key, _, number = entry.rpartition("=")
    try:
        share = float(number)
    except ValueError:
        share = math.nan
    if not key.strip() or not 0 < share < math.inf:
        raise ConfigError(
            f"{entry!r} is no share of a mix", hint=f"a name and a number above 0, {_EXAMPLE}"
        )
    return key.strip(), share


def _add(shares: dict[Key, float], key: Key, share: float) -> None:
    if key in shares:
        raise ConfigError(f"the mix names {key} twice")
    shares[key] = share


def _check_ranges(lengths: Sequence[LengthRange]) -> None:
    for length in lengths:
        if length.low_s >= length.high_s:
            raise ConfigError(f"the mix asks for {length}, which ends before it begins")
    for before, after in itertools.pairwise(lengths):
        if after.low_s < before.high_s:
            raise ConfigError(f"{before} and {after} of the mix overlap")


def _shares(parts: Mapping[Key, float]) -> dict[Key, float]:
    whole = sum(parts.values())
    return {key: part / whole for key, part in parts.items()}


def weights_of(mix: Mix, clips: Sequence[Clip]) -> list[float]:
    """
    Share the requests out to the clips; those of one combination get the same.

    Returns:
        One weight a clip, adding up to 1; 0 for those that the mix leaves out.

    Raises:
        ConfigError: If the mix asks for a combination that no clip has.
    """
    cells = [mix.cell_of(clip) for clip in clips]
    counts = Counter(cells)
    shares = dict(mix.cells())
    for cell in shares:
        if not counts[cell]:
            wanted = " of ".join(str(each) for each in cell if each is not None)
            raise ConfigError(
                f"the mix asks for {wanted}, and no recording is that",
                hint="leave it out of the mix, or have recordings of that length made",
            )
    return [0.0 if cell is None else shares[cell] / counts[cell] for cell in cells]
