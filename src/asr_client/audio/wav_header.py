"""
How much audio the header of a WAV, RF64 or W64 file promises, against how much there is.

libsndfile reads what is there and says nothing; a recording that lost its second half on the way
would be transcribed as if it were whole. Pure but for *read_at*.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["DataChunk", "ReadAt", "data_chunk"]

ReadAt = Callable[[int, int], bytes]
"""(offset, size) -> up to *size* bytes from there."""

_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_RIFF = (b"RIFF", b"RIFX", b"RF64", b"BW64")

# Name and size of a chunk; Wave64 has GUIDs for names, of which the first four bytes will do.
_RIFF_HEADER, _RIFX_HEADER = struct.Struct("<4sI"), struct.Struct(">4sI")
_W64_HEADER = struct.Struct("<4s12xQ")

# What writers that cannot go back leave in the size: 0 (GStreamer), the largest number
# (ffmpeg), the largest signed one or a little less (sox, arecord).
_SLACK = 1 << 16
_LARGEST = (2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)

# A damaged file can chain chunks for ever; real ones have a handful.
_MOST_CHUNKS = 1000


@dataclass(frozen=True, slots=True)
class DataChunk:
    """
    Where the samples of a WAV, RF64 or W64 file are said to be.

    Attributes:
        offset: Of the first sample, in bytes.
        size_bytes: As promised by the header.
        size_field: Offset of the 32-bit size in the header; None where it is wider.
    """

    offset: int
    size_bytes: int
    size_field: int | None

    @property
    def is_placeholder(self) -> bool:
        """The writer did not know the size when it wrote the header."""
        size = self.size_bytes
        return not size or any(most - _SLACK <= size <= most for most in _LARGEST)

    def is_cut_short(self, file_bytes: int) -> bool:
        """Whether a file of *file_bytes* holds less than the header promises."""
        return not self.is_placeholder and self.offset + self.size_bytes > file_bytes


def data_chunk(read_at: ReadAt) -> DataChunk | None:
    """
    Find the samples in a WAV, RF64 or W64 file.

    Args:
        read_at: Reads (offset, size); shorter at the end of the file.

    Returns:
        The chunk as its header tells it; None in any other file, or when there is none.

    Source: Microsoft RIFF/WAVE; EBU Tech 3306 (RF64); Sony Wave64 specification.
    """
    head = read_at(0, 16)
    if head == _W64_RIFF:
        return _w64_data(read_at)
    if head[8:12] == b"WAVE" and head[:4] in _RIFF:
        return _riff_data(read_at, _RIFX_HEADER if head[:4] == b"RIFX" else _RIFF_HEADER)
    return None


def _riff_data(read_at: ReadAt, header: struct.Struct) -> DataChunk | None:
    size_64: int | None = None  # RF64 keeps the real size in a chunk of its own
    at = 12
    for _ in range(_MOST_CHUNKS):
        head = read_at(at, header.size)
        if len(head) < header.size:
            return None
        name, size = header.unpack(head)
        at += header.size
        if name == b"ds64":
            size_64 = int.from_bytes(read_at(at + 8, 8), "little")
        if name == b"data" and size_64 is not None:
            return DataChunk(at, size_64, size_field=None)
        if name == b"data":
            return DataChunk(at, size, size_field=at - 4)
        at += size + size % 2  # chunks begin on even offsets
    return None


def _w64_data(read_at: ReadAt) -> DataChunk | None:
    at = 40  # after the GUIDs of riff and wave, and a size
    for _ in range(_MOST_CHUNKS):
        head = read_at(at, _W64_HEADER.size)
        if len(head) < _W64_HEADER.size:
            return None
        name, size = _W64_HEADER.unpack(head)
        size = max(size, _W64_HEADER.size)  # it counts its own header
        if name == b"data":
            return DataChunk(at + _W64_HEADER.size, size - _W64_HEADER.size, size_field=None)
        at += size + -size % 8  # chunks begin on multiples of eight
    return None
