"""What is to be expected of a run: how much, what limits it, how long it takes. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asr_client.chunking.options import Chunking

__all__ = ["Bound", "Expectation", "bytes_to_send", "expect", "histogram", "requests_for"]

# Bytes for each sample, as each protocol sends it: float32; a WAV file's int16 in base64.
_BINARY, _BASE64 = 4.0, 8 / 3
_BYTES = {"http": _BINARY, "grpc": _BINARY, "asr-infer": _BASE64, "ulca": _BASE64, "ai4i": _BASE64}

_EDGES_S = (1.0, 3.0, 10.0, 30.0, 120.0, 600.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Bound:
    """Something that keeps a run from being faster, and the seconds that it takes at least."""

    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """
    What is to be expected.

    Attributes:
        requests: How many there will be at least.
        audio_s: Seconds of audio that are to be transcribed.
        bounds: What is known to limit the speed; the slowest, which decides, first.
    """

    requests: int
    audio_s: float
    bounds: tuple[Bound, ...]


def expect(
    durations_s: Sequence[float],
    unknown: int,
    chunking: Chunking,
    limits: Mapping[int, int],
    rtfx: float | None,
) -> Expectation:
    """
    Tell what is to be expected.

    Args:
        durations_s: Of the recordings that are to be transcribed, as far as they are known.
        unknown: How many others there are; each is taken for one request, and for no audio.
        chunking: How long ones are cut.
        limits: Requests that may be made, by the window's length in seconds.
        rtfx: Seconds of audio that the server transcribes a second; None if that is not known.
    """
    requests = sum(requests_for(each, chunking) for each in durations_s) + unknown
    audio_s = math.fsum(durations_s)
    bounds = [
        Bound(
            f"the rate limit of {limit} requests in {size_s} s", _limited_s(requests, size_s, limit)
        )
        for size_s, limit in limits.items()
    ]
    bounds += [] if rtfx is None else [Bound("the server's speed", audio_s / rtfx)]
    return Expectation(
        requests, audio_s, tuple(sorted(bounds, key=lambda bound: bound.seconds, reverse=True))
    )


def _limited_s(requests: int, size_s: int, limit: int) -> float:
    """Seconds until the last of so many may go: the first window's worth may go at once."""
    return max(0, math.ceil(requests / limit) - 1) * float(size_s)


def requests_for(duration_s: float, chunking: Chunking) -> int:
    """Tell how many requests a recording is at least; pauses may lie so that it is some more."""
    if duration_s <= chunking.whole_s:
        return 1
    return math.ceil(duration_s / chunking.longest_s)


def bytes_to_send(audio_s: float, protocol: str, sample_rate_hz: int) -> float | None:
    """Tell the bytes of audio, as a protocol sends it; None where it depends on the model."""
    per_sample = _BYTES.get(protocol)
    return None if per_sample is None else audio_s * sample_rate_hz * per_sample


def histogram(durations_s: Sequence[float]) -> list[tuple[float, float, int]]:
    """Count recordings by length: from, below, how many; empty rows at either end are left out."""
    edges = (0.0, *_EDGES_S, math.inf)
    rows = [
        (low, high, sum(low <= each < high for each in durations_s))
        for low, high in itertools.pairwise(edges)
    ]
    while rows and not rows[-1][2]:
        rows.pop()
    while rows and not rows[0][2]:
        rows.pop(0)
    return rows
