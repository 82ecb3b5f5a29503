"""Bytes from one connection to another, in both directions, unread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

__all__ = ["Counter", "relay"]

_PIECE_BYTES = 64 * 2**10

Counter = Callable[[int], None]


async def relay(
    here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    count: Counter = lambda _: None,
) -> None:
    """
    Carry bytes both ways until both sides have ended, or one has broken; who came is left open.

    Args:
        here: The side that came.
        there: The side that was called.
        count: Told of each piece's size.
    """
    ways = [
        asyncio.create_task(_carry(here[0], there[1], count)),
        asyncio.create_task(_carry(there[0], here[1], count)),
    ]
    try:
        with suppress(OSError):
            await asyncio.gather(*ways)
    finally:
        for way in ways:
            way.cancel()
        there[1].transport.abort()
    with suppress(OSError):
        await there[1].wait_closed()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Counter
) -> None:
    while piece := await reader.read(_PIECE_BYTES):
        count(len(piece))
        writer.write(piece)
        await writer.drain()
    if not writer.can_write_eof():  # TLS has no half-closed connection: this is the end of both
        raise ConnectionAbortedError
    writer.write_eof()
