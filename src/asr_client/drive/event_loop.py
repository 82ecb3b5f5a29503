"""Drives a flow on an event loop; flows that it starts are tasks, blocking work goes to threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, Self, TypeVar

from asr_client.calls.effects import (
    NO_MORE,
    Effect,
    Emit,
    Ended,
    Flow,
    Send,
    Sleep,
    Start,
    Take,
    Wait,
    Work,
)
from asr_client.errors import ASRError
from asr_client.transports.base import AsyncTransport

__all__ = ["run_async", "stream_async"]

Value = TypeVar("Value")
Sources = Iterable[object] | AsyncIterable[object]


async def run_async(flow: Flow[Value], transport: AsyncTransport) -> Value:
    """Drive a flow to its end on this event loop."""
    async with _Hands(transport) as hands:
        return await _run(flow, hands)


async def stream_async(
    flow: Flow[None], transport: AsyncTransport, sources: Sources
) -> AsyncGenerator[Any, None]:
    """
    Drive a flow on this loop, as far as results are asked for; yield what it emits.

    An iterable that blocks holds up the loop; an asynchronous one does not. Whoever stops early
    cancels what was started.
    """
    async with _Hands(transport, sources) as hands:
        try:
            effect = next(flow)
            while True:
                if isinstance(effect, Emit):
                    yield effect.value
                    effect = flow.send(None)
                    continue
                try:
                    done = await hands.do(effect)
                except ASRError as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(done)
        except StopIteration:
            return
        finally:
            flow.close()


async def _run(flow: Flow[Value], hands: _Hands) -> Value:
    try:
        effect = next(flow)
        while True:
            try:
                done = await hands.do(effect)
            except ASRError as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(done)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        flow.close()


class _Hands:
    """What one flow, and the flows that it starts, have done for them."""

    def __init__(self, transport: AsyncTransport, sources: Sources = ()) -> None:
        self._transport = transport
        self._sources = _iterator(sources)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Queue[Ended | BaseException] = asyncio.Queue()

    async def do(self, effect: Effect) -> object:
        match effect:
            case Send(request, deadline, key):
                return await self._transport.send(request, deadline, key)
            case Work():
                return await _work(effect)
            case Sleep(seconds):
                await asyncio.sleep(seconds)
            case Wait(seconds):
                return await self._wait(seconds)
            case Take():
                return await self._take()
            case Start(key, flow):
                self._start(key, flow)
            case Emit():
                raise TypeError("only a stream emits")
        return None

    async def _take(self) -> object:
        if isinstance(self._sources, Iterator):
            return next(self._sources, NO_MORE)
        return await anext(self._sources, NO_MORE)

    def _start(self, key: object, flow: Flow[Any]) -> None:
        task = asyncio.create_task(self._go(key, flow))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go(self, key: object, flow: Flow[Any]) -> None:
        try:
            self._ended.put_nowait(Ended(key, await _run(flow, self)))
        except ASRError as error:
            self._ended.put_nowait(Ended(key, error=error))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the flow that waits raises it
            self._ended.put_nowait(error)

    async def _wait(self, seconds: float | None) -> Ended | None:
        try:
            async with asyncio.timeout(seconds):
                ended = await self._ended.get()
        except TimeoutError:
            return None
        if isinstance(ended, BaseException):
            raise ended
        return ended

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _iterator(sources: Sources) -> Iterator[object] | AsyncIterator[object]:
    return aiter(sources) if isinstance(sources, AsyncIterable) else iter(sources)


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
