"""One connection: requests in, answers out, and a watch's lines when their time has come."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Protocol

from asr_loadtest.replay.api.answers import JSON, Answer
from asr_loadtest.replay.api.questions import Question, read_question
from asr_loadtest.replay.api.watching import Step
from asr_loadtest.replay.faults import Ending
from asr_loadtest.replay.serving.clock import ReplayClock

__all__ = ["Conversation", "Host"]

_HALF_A_LINE = b'{"type":"MODIFIED","object":{"kind":"'


class Host(Protocol):
    """Whom a conversation asks."""

    clock: ReplayClock

    def ask(self, question: Question) -> Answer | Iterable[Step] | None:
        """Answer; None means to hang up. Steps are a watch's."""

    def shifted(self, body: bytes) -> bytes:
        """Move the times in *body*, if that is wanted."""


class Conversation(BaseHTTPRequestHandler):
    """Serves one connection until its end; to be made in a thread of its own."""

    protocol_version = "HTTP/1.1"
    # Small writes go out at once.
    disable_nagle_algorithm = True
    server: Host  # type: ignore[assignment]  # all that is used of it

    def handle_one_request(self) -> None:
        """As the base does, but a client that goes away is no error."""
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _talk(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.title(): value for name, value in self.headers.items()}
        reply = self.server.ask(read_question(self.command, self.path, headers, body))
        if reply is None:
            _reset(self.connection)
            self.close_connection = True
        elif isinstance(reply, Answer):
            self._send(reply)
        else:
            self._stream(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _talk  # noqa: N815 - the base's names

    def _send(self, answer: Answer) -> None:
        body = self.server.shifted(answer.body)
        self._begin(answer.status, {**answer.headers, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        # Not send_response: an API server names no product.
        self.send_response_only(status)
        for name, value in {"Date": self.date_time_string(), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _stream(self, steps: Iterable[Step]) -> None:
        self._begin(200, {**JSON, "Transfer-Encoding": "chunked"})
        for step in steps:
            if not self._wait_until(step.at_s):
                self.close_connection = True
                return
            if step.ending:
                self._end(step.ending)
                return
            line = self.server.shifted(step.line)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def _end(self, ending: Ending) -> None:
        if ending == "close":
            self.wfile.write(b"0\r\n\r\n")
            return
        self.close_connection = True
        if ending == "reset":
            _reset(self.connection)
        else:
            self.wfile.write(b"%x\r\n%s" % (2 * len(_HALF_A_LINE), _HALF_A_LINE))

    def _wait_until(self, at_s: float) -> bool:
        """Wait for the recording's second *at_s*; false if the client went away before."""
        while (wait_s := self.server.clock.wait_s(at_s)) > 0:
            if select.select([self.connection], [], [], wait_s)[0]:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    return False
                # It sent the next request already, which has to wait.
                time.sleep(min(wait_s, 0.01))
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the server keeps its own list."""


def _reset(connection: socket.socket) -> None:
    """Close *connection* so that its peer sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
