"""A pytest plugin: servers that speak TCP and nothing else, for what no real server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

__all__ = ["Conversation", "RawServer", "raw_server"]

Conversation = Callable[[socket.socket, threading.Event], None]
RawServer = Callable[[Conversation], str]


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """Start a TCP server that holds one conversation with each who connects; gives its URL."""
    over = threading.Event()
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(converse: Conversation) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        thread = threading.Thread(target=accept, args=(listener, converse), daemon=True)
        thread.start()
        threads.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def accept(listener: socket.socket, converse: Conversation) -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    converse(connection, over)
                except OSError:
                    continue  # the client has had enough, which is what some tests are about

    yield start
    over.set()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)
