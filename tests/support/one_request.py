"""One request through a transport of its own, in either colour."""

from __future__ import annotations

import asyncio

import pytest

from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.settings.config import ClientConfig
from asr_client.transports import open_async_transport, open_transport

__all__ = ["PATIENCE_S", "TINY", "ask_async", "ask_sync", "both_colours"]

PATIENCE_S = 30.0
# A path for both wires.
TINY = Request("POST", "/pkg.Service/Echo", body=(b"tiny",))


def ask_sync(url: str, request: Request = TINY, limit_s: float = PATIENCE_S, **settings) -> Reply:
    """Send one request, and close the transport again."""
    transport = open_transport(ClientConfig.resolve(url, **settings))
    try:
        return transport.send(request, Deadline.after(limit_s))
    finally:
        transport.close()


def ask_async(url: str, request: Request = TINY, limit_s: float = PATIENCE_S, **settings) -> Reply:
    """Do the same asynchronously."""

    async def call() -> Reply:
        transport = open_async_transport(ClientConfig.resolve(url, **settings))
        try:
            return await transport.send(request, Deadline.after(limit_s))
        finally:
            await transport.close()

    return asyncio.run(call())


both_colours = pytest.mark.parametrize("ask", [ask_sync, ask_async])
