"""Drives a flow in the caller's thread; flows that it starts have threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from queue import Empty, SimpleQueue
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
from asr_client.transports.base import Transport

__all__ = ["run", "stream"]

Value = TypeVar("Value")

# As many flows as one flow may have beside it; pacing/concurrency decides how many it has.
_MOST_THREADS = 512


def run(flow: Flow[Value], transport: Transport) -> Value:
    """Drive a flow to its end in this thread."""
    with _Hands(transport) as hands:
        return _run(flow, hands)


def stream(
    flow: Flow[None], transport: Transport, sources: Iterable[object]
) -> Generator[Any, None, None]:
    """
    Drive a flow in this thread, as far as results are asked for; yield what it emits.

    *sources* is iterated in this thread, too. Whoever stops early stops what was started: requests
    under way end in their own time, and no more are made.
    """
    with _Hands(transport, sources) as hands:
        try:
            effect = next(flow)
            while True:
                if isinstance(effect, Emit):
                    yield effect.value
                    effect = flow.send(None)
                    continue
                try:
                    done = hands.do(effect)
                except ASRError as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(done)
        except StopIteration:
            return
        finally:
            flow.close()


def _run(flow: Flow[Value], hands: _Hands) -> Value:
    try:
        effect = next(flow)
        while True:
            try:
                done = hands.do(effect)
            except ASRError as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(done)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        flow.close()


class _GivenUpError(BaseException):
    """Ends a started flow whose starter has gone; no flow catches it."""


class _Hands:
    """What one flow, and the flows that it starts, have done for them."""

    def __init__(self, transport: Transport, sources: Iterable[object] = ()) -> None:
        self._transport = transport
        self._sources: Iterator[object] = iter(sources)
        self._threads: ThreadPoolExecutor | None = None
        self._ended: SimpleQueue[Ended | BaseException] = SimpleQueue()
        self._leaving = threading.Event()

    def do(self, effect: Effect) -> object:
        match effect:
            case Send(request, deadline, key):
                return self._transport.send(request, deadline, key)
            case Work(function):
                return function()
            case Sleep(seconds):
                self._sleep(seconds)
            case Wait(seconds):
                return self._wait(seconds)
            case Take():
                return next(self._sources, NO_MORE)
            case Start(key, flow):
                self._start(key, flow)
            case Emit():
                raise TypeError("only a stream emits")
        return None

    def _sleep(self, seconds: float) -> None:
        if self._leaving.wait(max(0.0, seconds)):
            raise _GivenUpError

    def _start(self, key: object, flow: Flow[Any]) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_MOST_THREADS, "asr-client")
        # Traces of what is started belong below the caller's own.
        self._threads.submit(copy_context().run, self._go, key, flow)

    def _go(self, key: object, flow: Flow[Any]) -> None:
        try:
            self._ended.put(Ended(key, _run(flow, self)))
        except ASRError as error:
            self._ended.put(Ended(key, error=error))
        except _GivenUpError:
            return
        except BaseException as error:  # noqa: BLE001 - the flow that waits raises it
            self._ended.put(error)

    def _wait(self, seconds: float | None) -> Ended | None:
        try:
            ended = self._ended.get(timeout=None if seconds is None else max(0.0, seconds))
        except Empty:
            return None
        if isinstance(ended, BaseException):
            raise ended
        return ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads is not None:
            self._leaving.set()
            self._threads.shutdown(wait=False, cancel_futures=True)
