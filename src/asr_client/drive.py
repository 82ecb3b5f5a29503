"""The two drivers of a flow: they do what it yields, and hand it what came of that."""

from __future__ import annotations

import asyncio
import time
from typing import TypeVar

from asr_client.calls.effects import Effect, Flow, Send, Work
from asr_client.errors import ASRError
from asr_client.transports.base import AsyncTransport, Transport

__all__ = ["run", "run_async"]

Value = TypeVar("Value")


def run(flow: Flow[Value], transport: Transport) -> Value:
    """Drive a flow to its end in this thread."""
    try:
        effect = next(flow)
        while True:
            try:
                done = _do(effect, transport)
            except ASRError as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(done)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        flow.close()


def _do(effect: Effect, transport: Transport) -> object:
    if isinstance(effect, Send):
        return transport.send(effect.request, effect.deadline, effect.key)
    if isinstance(effect, Work):
        return effect.function()
    time.sleep(effect.seconds)
    return None


async def run_async(flow: Flow[Value], transport: AsyncTransport) -> Value:
    """Drive a flow to its end on this event loop; blocking work goes to a thread."""
    try:
        effect = next(flow)
        while True:
            try:
                done = await _do_async(effect, transport)
            except ASRError as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(done)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        flow.close()


async def _do_async(effect: Effect, transport: AsyncTransport) -> object:
    if isinstance(effect, Send):
        return await transport.send(effect.request, effect.deadline, effect.key)
    if isinstance(effect, Work):
        return await _work(effect)
    await asyncio.sleep(effect.seconds)
    return None


async def _work(effect: Work) -> object:
    """Wait for blocking work while there is time; a thread that is late ends by itself."""
    limit = asyncio.timeout(effect.deadline.remaining_s())
    try:
        async with limit:
            return await asyncio.to_thread(effect.function)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise effect.deadline.error(effect.doing, executed="no") from error
