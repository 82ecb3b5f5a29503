"""An event loop in a thread of its own, so that servers run beside blocking tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["LoopThread", "close_server", "each_in_a_task"]

Value = TypeVar("Value")

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


class LoopThread:
    """
    Runs coroutines while the caller's threads do other things.

    Args:
        name: Of the thread, for those who look at a hanging process.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Do *work* on the loop, and wait for what comes of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def soon(self, callback: Any, *arguments: Any) -> None:
        """Have *callback* called on the loop; returns at once."""
        self._loop.call_soon_threadsafe(callback, *arguments)

    def stop(self) -> None:
        """Cancel what still runs, and end the thread."""
        self.run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


def each_in_a_task(serve: Serve) -> Accept:
    """
    Make what `asyncio.start_server` calls for each connection, which ends when *serve* does.

    asyncio's own tasks for that would complain of being cancelled (Python 3.11).
    """
    running: set[asyncio.Task[None]] = set()  # a loop alone does not keep its tasks alive

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def end(task: asyncio.Task[None]) -> None:
            running.discard(task)
            if task.cancelled():  # told here: one cancelled before its first step takes none
                writer.transport.abort()

        task = asyncio.get_running_loop().create_task(_to_its_end(serve, reader, writer))
        running.add(task)
        task.add_done_callback(end)

    return accept


async def close_server(server: asyncio.Server) -> None:
    """
    Accept no more connections.

    asyncio loses a connection that was accepted just before (Python 3.11): it has no transport yet,
    and a closed server gives it none. So the door is shut first, and whoever is in gets through.
    """
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    await asyncio.sleep(0)
    server.close()


async def _to_its_end(
    serve: Serve, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        await serve(reader, writer)
    finally:
        writer.close()
    with suppress(OSError):  # heard here, or asyncio would tell of it when nobody listens
        await writer.wait_closed()


async def _cancel_all() -> None:
    me = asyncio.current_task()
    while tasks := asyncio.all_tasks() - {me}:  # a connection accepted just now makes new ones
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports that were closed meanwhile say goodbye
