"""
The two rules of protobuf's wire format that a request message needs.

Source: protobuf encoding guide. Triton's messages hold only varints and length-delimited fields.
"""

from __future__ import annotations

__all__ = ["delimited", "varint"]


def varint(number: int) -> bytes:
    """Encode an int; negative ones as 64-bit two's complement, as int64 fields want it."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte, the eighth says "more follows"
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def delimited(field: int, payload: bytes) -> bytes:
    """Encode a length-delimited field (wire type 2): string, bytes, message or packed numbers."""
    return varint(field << 3 | 2) + varint(len(payload)) + payload
