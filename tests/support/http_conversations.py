"""What a raw server says in HTTP, byte by byte: whole replies, and what is none."""

from __future__ import annotations

import socket
import threading

from raw_servers import Conversation

__all__ = ["DONE", "HEAD", "read_request", "say"]

HEAD = b"HTTP/1.1 200 OK\r\n"
DONE = HEAD + b"Content-Length: 4\r\n\r\ndone"


def say(*parts: bytes) -> Conversation:
    """Read one request, answer with these parts one after the other, and hang up."""

    def converse(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)

    return converse


def read_request(connection: socket.socket) -> bytes:
    """Read one request to its end; gives its body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _read_some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < size:
        body += _read_some(connection)
    return body


def _read_some(connection: socket.socket) -> bytes:
    """Read; the end of the conversation is an OSError, too."""
    received = connection.recv(2**16)
    if not received:
        raise ConnectionError
    return received
