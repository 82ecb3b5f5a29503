"""
One place in an encoded body where every request differs, so that no cache can answer it.

24 samples near the start go up or down by the least that 16 bits can tell, 1/32768 (-90 dB),
according to the 24 lowest bits of the request's number. Nothing is encoded again: what these
samples may become is kept in four tables of six samples each, and put between what is before and
what comes after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_client.audio import Waveform, encode_wav
from asr_client.contracts.json_dialect import base64_of
from asr_client.contracts.wire import Buffer

__all__ = ["DISTINCT", "LEAST_SAMPLES", "Template", "make_template"]

_GROUPS = 4
_GROUP_SAMPLES = 6
_VALUES = 1 << _GROUP_SAMPLES
_LOWEST = _VALUES - 1

DISTINCT = 1 << _GROUPS * _GROUP_SAMPLES
"""So many numbers give different bodies; then they repeat."""

# Sample 2 is at byte 48 of a WAV file, 44 of which are its header: a multiple of three, so that it
# begins a group of four characters in base64, and so do all groups of six samples after it.
_FIRST = 2
_WAV_HEADER_BYTES = 44
LEAST_SAMPLES = _FIRST + _GROUPS * _GROUP_SAMPLES
"""A shorter recording has no room for this."""

_STEP = 1 / 32768

# Every choice of six bits, the lowest first.
_BITS = np.arange(_VALUES)[:, np.newaxis] >> np.arange(_GROUP_SAMPLES) & 1


@dataclass(frozen=True, slots=True)
class Template:
    """
    A body with one place to be filled.

    Attributes:
        head: All that is before it.
        tables: What may stand in it: for each six bits of a number, the bytes of six samples.
        tail: All that comes after it, not copied.
    """

    head: bytes
    tables: tuple[tuple[bytes, ...], ...]
    tail: tuple[Buffer, ...]

    def fill(self, number: int) -> tuple[Buffer, ...]:
        """Give the body of request *number*; number 0 has the recording as it is."""
        first, second, third, fourth = self.tables
        start = b"".join(
            (
                self.head,
                first[number & _LOWEST],
                second[number >> 6 & _LOWEST],
                third[number >> 12 & _LOWEST],
                fourth[number >> 18 & _LOWEST],
            )
        )
        return (start, *self.tail)


def make_template(body: Sequence[Buffer], wave: Waveform) -> Template | None:
    """
    Find the recording's samples in an encoded body, as floats or as base64 of a WAV file.

    Args:
        body: The request's parts.
        wave: All samples that were encoded, at least `LEAST_SAMPLES`.

    Returns:
        The body with its place; None if the samples are not in it, or not just once.
    """
    for encode in (_as_base64_wav, *(_as_floats(dtype) for dtype in ("<f4", "<f2", "<f8"))):
        encoded = encode(wave)
        found = [
            (number, place)
            for number, part in enumerate(body)
            for place in _places(bytes(part), encoded.whole)
        ]
        if len(found) == 1:
            return _cut(body, *found[0], encoded)
    return None


@dataclass(frozen=True, slots=True)
class _Encoded:
    """All samples as they are in the body, where the place begins in them, what it may hold."""

    whole: bytes
    offset: int
    tables: tuple[tuple[bytes, ...], ...]


def _as_base64_wav(wave: Waveform) -> _Encoded:
    file = encode_wav(wave)
    offset = _WAV_HEADER_BYTES + 2 * _FIRST
    place = np.frombuffer(file, "<i2", _GROUPS * _GROUP_SAMPLES, offset)
    # The lowest bit toggled never leaves the range of 16 bits.
    return _Encoded(base64_of(file), offset // 3 * 4, _tables(place, place ^ 1, base64_of))


def _as_floats(dtype: str) -> Callable[[Waveform], _Encoded]:
    def encode(wave: Waveform) -> _Encoded:
        samples = wave.samples.astype(dtype)
        place = samples[_FIRST:LEAST_SAMPLES]
        tables = _tables(place, _moved(place), bytes)
        return _Encoded(samples.tobytes(), _FIRST * samples.itemsize, tables)

    return encode


def _moved(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Move each sample by one step towards the other side, so that none leaves [-1, 1]."""
    moved = np.where(samples > 0, samples - _STEP, samples + _STEP).astype(samples.dtype)
    # Half precision cannot tell so small a step where it is loud: the next value that it has.
    return np.where(moved == samples, np.nextafter(samples, np.zeros_like(samples)), moved)


def _tables(
    plain: npt.NDArray[np.generic],
    moved: npt.NDArray[np.generic],
    encode: Callable[[bytes], bytes],
) -> tuple[tuple[bytes, ...], ...]:
    groups = zip(
        plain.reshape(_GROUPS, _GROUP_SAMPLES),
        moved.reshape(_GROUPS, _GROUP_SAMPLES),
        strict=True,
    )
    return tuple(
        tuple(encode(row.tobytes()) for row in np.where(_BITS, group_moved, group_plain))
        for group_plain, group_moved in groups
    )


def _places(part: bytes, wanted: bytes) -> list[int]:
    """Find all places, overlapping ones included."""
    places, at = [], part.find(wanted)
    while at >= 0:
        places.append(at)
        at = part.find(wanted, at + 1)
    return places


def _cut(body: Sequence[Buffer], number: int, place: int, encoded: _Encoded) -> Template:
    """Cut part *number* of the body, where the samples begin at *place*."""
    part = memoryview(body[number])
    start = place + encoded.offset
    end = start + sum(len(table[0]) for table in encoded.tables)
    head = b"".join((*body[:number], part[:start]))
    return Template(head, encoded.tables, (part[end:], *body[number + 1 :]))
