"""
A stand-in for a Kubernetes API server, on loopback: it plays a recording, at any speed.

Read-only, plain HTTP, with threads of its own: one takes connections, each connection has another.
What it answers is decided elsewhere (`api`, `watching`); here are sockets and the clock.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import NamedTuple, Self

from asr_client.errors import ConfigError
from asr_loadtest.replay.api.access import Api
from asr_loadtest.replay.api.answers import Answer
from asr_loadtest.replay.api.questions import Question
from asr_loadtest.replay.api.watching import Step
from asr_loadtest.replay.api.wire import TimeShift
from asr_loadtest.replay.faults import Fault
from asr_loadtest.replay.recording import Recording
from asr_loadtest.replay.serving.clock import ReplayClock
from asr_loadtest.replay.serving.conversation import Conversation
from asr_loadtest.replay.serving.door import LOOPBACK, Door
from asr_loadtest.replay.serving.kubeconfig import write_kubeconfig

__all__ = ["ReplayServer", "SeenRequest"]

# How often the door is looked at, in real seconds.
_LOOK_S = 0.02


class SeenRequest(NamedTuple):
    """
    A request that arrived.

    Attributes:
        time_s: When, in real seconds since the server started.
        at_s: When, in seconds of the recording.
        method: HTTP's.
        path: Without the query.
        verb: As roles name it: list, watch, get.
        status: What was answered; 0 if nothing was, and the connection closed.
    """

    time_s: float
    at_s: float
    method: str
    path: str
    verb: str
    status: int


class ReplayServer:
    """
    Serves *recording* while its `with` block runs.

    Args:
        recording: What to play.
        speed: Seconds of the recording per real second; above 0.
        port: Where on 127.0.0.1; 0 for any that is free.
        token: What clients have to send as bearer token. A throw-away one is made if there is none.
        faults: What is to go wrong, beside what did in the recording.
        from_s: Where in the recording to begin.
        waits: Whether the recording's time begins with the first watch, not at once: who only looks
            around first misses nothing.
        shift_times: Whether times inside objects are moved into the present; they come as recorded
            otherwise, byte for byte.

    Raises:
        ConfigError: If a value makes no sense or the port is taken.
    """

    def __init__(  # noqa: PLR0913 - each has its name
        self,
        recording: Recording,
        *,
        speed: float = 1.0,
        port: int = 0,
        token: str | None = None,
        faults: Iterable[Fault] = (),
        from_s: float = 0.0,
        waits: bool = True,
        shift_times: bool = False,
    ) -> None:
        if not 0 < speed < float("inf"):
            raise ConfigError(f"a speed of {speed:g} cannot be played", hint="give one above 0")
        if not 0 <= from_s < float("inf"):
            raise ConfigError(f"a recording has no second {from_s:g}", hint="give one from 0 on")
        self.recording = recording
        self.clock = ReplayClock(speed, from_s)
        self.token = token or secrets.token_hex(16)
        self.requests: list[SeenRequest] = []
        self._api = Api(recording, faults, self.token, speed)
        self._shift_times = shift_times
        self._door = Door(port)
        self._guests: dict[socket.socket, Thread] = {}
        self._stopping = Event()
        self._porter = Thread(target=self._take_guests, name="replay", daemon=True)
        self._started_s = time.monotonic()
        if not waits:
            self.clock.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._door.port}"

    def write_kubeconfig(self, path: Path | str) -> Path:
        """
        Write the kubeconfig that leads here, with the token in it.

        Raises:
            ConfigError: If another file is there, or it cannot be written.
        """
        write_kubeconfig(Path(path), self.url, self.recording.namespace, self.token)
        return Path(path)

    def ask(self, question: Question) -> Answer | Iterable[Step] | None:
        """Answer a connection's request and keep note of it."""
        at_s, script = self.clock.at_s(), self._api.script
        # What goes wrong at the very beginning must pass, though nobody gets as far as a watch.
        if question.verb == "watch" or not script.is_calm(at_s):
            self.clock.start()
        away = script.has("refuse", at_s) or script.has("hang-up", at_s)
        reply = None if away else self._api.answer(question, at_s)
        seen_s = time.monotonic() - self._started_s
        status = reply.status if reply else 0
        self.requests.append(
            SeenRequest(seen_s, at_s, question.method, question.path, question.verb, status)
        )
        return reply if reply is None or isinstance(reply, Answer) else reply.steps

    def shifted(self, body: bytes) -> bytes:
        """Move the times in *body* if that is wanted."""
        if not self._shift_times:
            return body
        return TimeShift(self.recording.started, self.clock.started, self.clock.speed)(body)

    def _take_guests(self) -> None:
        while not self._stopping.is_set():
            if self._api.script.has("refuse", self.clock.at_s()):
                # Whoever is refused is not seen, so the first request cannot start the clock.
                self.clock.start()
                self._door.close()
                self._stopping.wait(_LOOK_S)
                continue
            self._door.open()
            guest = self._door.next_guest(_LOOK_S)
            if guest is not None:
                self._forget_gone()
                thread = Thread(target=self._serve, args=(guest,), name="replay", daemon=True)
                self._guests[guest] = thread
                thread.start()

    def _serve(self, guest: socket.socket) -> None:
        with suppress(OSError), guest:
            Conversation(guest, (LOOPBACK, 0), self)  # type: ignore[arg-type]  # is all it needs

    def _forget_gone(self) -> None:
        self._guests = {guest: t for guest, t in self._guests.items() if t.is_alive()}

    def __enter__(self) -> Self:
        self._porter.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._porter.join()
        self._door.__exit__(kind, error, trace)
        for guest, thread in self._guests.items():
            # Closing would not wake a thread that waits on it.
            with suppress(OSError):
                guest.shutdown(socket.SHUT_RDWR)
            thread.join()
