"""The owner's end of the pipes to a supervisor."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from asr_client.embedded.events import Event, parse_event
from asr_client.embedded.options import SupervisorSettings
from asr_client.embedded.triton_log import LoggedError
from asr_client.errors import EmbeddedError

__all__ = ["SupervisorLink"]

_logger = logging.getLogger(__name__)

# What the supervisor may need beyond the start of the server itself: probing, ports tried again,
# the first request, and at the end Triton's exit timeout and the killing of what is left.
_START_SLACK_S = 120.0
_STOP_TIMEOUT_S = 60.0


class SupervisorLink:
    """
    A supervisor process, its events read by a thread.

    The thread holds this object but not the `EmbeddedTriton` around it, which can therefore be
    collected, and say so, while the server still runs.
    """

    def __init__(
        self, settings: SupervisorSettings, on_event: Callable[[Event], None] | None
    ) -> None:
        self.last = Event("starting")
        self.failure: EmbeddedError | None = None
        self._events: list[Event] = []
        self._on_event = on_event
        self._start_limit_s = settings.options.start_timeout_s + _START_SLACK_S
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._process = _spawn(settings)
        self._listener = threading.Thread(target=self._listen, name="asr-embedded", daemon=True)
        self._listener.start()

    @property
    def alive(self) -> bool:
        """Whether the supervisor still runs."""
        return not self._ended.is_set()

    @property
    def over(self) -> bool:
        """Whether the server is gone for good."""
        return not self.alive or self.last.kind in ("failed", "stopped")

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything heard so far."""
        with self._changed:
            return tuple(self._events)

    def wait_until_ready(self) -> None:
        """
        Block until the server is ready.

        Raises:
            EmbeddedError: If it failed, was stopped, or said nothing for too long.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self.last.kind != "starting" or not self.alive, self._start_limit_s
            )
        if self.last.kind in ("starting", "stopped"):
            raise self.failure or EmbeddedError("the embedded server was stopped while it started")
        if self.failure is not None:
            raise self.failure

    def wait_until_ended(self, timeout_s: float | None) -> bool:
        """
        Block until the supervisor has ended; return whether it has.

        Raises:
            EmbeddedError: If called by `on_event`, whose thread is the one that sees the end.
        """
        if self._in_listener:
            raise EmbeddedError("on_event cannot wait for the end: it would wait for itself")
        return self._ended.wait(timeout_s)

    def release(self) -> None:
        """Order the stop and do not wait for it."""
        stdin = cast("IO[bytes]", self._process.stdin)
        # A word and not only the end of the stream: a fork of this process may hold it open.
        with contextlib.suppress(OSError, ValueError):
            stdin.write(b"stop\n")
            stdin.close()

    def stop(self) -> None:
        """Order the stop and wait for it; within `on_event`, do not wait."""
        self.release()
        if self._in_listener:
            return
        if not self._ended.wait(_STOP_TIMEOUT_S):
            # Triton ends with its supervisor, and the next start sweeps up.
            self._process.kill()
            self._ended.wait(_STOP_TIMEOUT_S)

    @property
    def _in_listener(self) -> bool:
        return threading.current_thread() is self._listener

    def _listen(self) -> None:
        """Run in a thread: note events until the supervisor has ended."""
        last_words = ""
        with cast("IO[bytes]", self._process.stdout) as stdout:
            for line in stdout:
                text = line.decode(errors="replace").rstrip()
                event = parse_event(text)
                if event is not None:
                    self._note(event)
                elif text:
                    # Such as a traceback, of which users are shown the line that names the error.
                    _logger.debug("supervisor: %s", text)
                    last_words = text if "rror" in text else last_words or text
        status = self._process.wait()
        self.release()  # our end of its stdin
        with self._changed:
            if self.last.kind not in ("failed", "stopped"):
                message = f"the supervisor of the embedded server ended with status {status}"
                self.failure = EmbeddedError(": ".join(filter(None, (message, last_words))))
            self._ended.set()
            self._changed.notify_all()

    def _note(self, event: Event) -> None:
        with self._changed:
            self.last = event
            self._events.append(event)
            if event.kind == "failed":
                self.failure = LoggedError(
                    event.message, hint=event.hint, log_lines=event.log_lines
                )
            self._changed.notify_all()
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception:  # the callback's own mistake must not stop the listening
            _logger.exception("on_event failed for %r", event.kind)


def _spawn(settings: SupervisorSettings) -> subprocess.Popen[bytes]:
    package_root = str(Path(__file__).parents[2])
    paths = filter(None, (package_root, os.environ.get("PYTHONPATH")))
    try:
        return subprocess.Popen(  # noqa: S603 - our own module
            # -P: whatever lies in the current folder is not to be imported.
            [sys.executable, "-P", "-m", "asr_client.embedded.supervisor", settings.to_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            # Ctrl-C in a terminal is for the owner, which then stops the server in order.
            start_new_session=True,
        )
    except OSError as error:
        raise EmbeddedError(f"cannot start the embedded server: {error}") from error
