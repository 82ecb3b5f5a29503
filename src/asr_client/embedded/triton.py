"""One tritonserver process: start it, ask whether it serves, look after it, stop it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from asr_client.embedded import processes
from asr_client.embedded.command_line import (
    EXIT_TIMEOUT_S,
    backend_links,
    command_line,
    environment,
)
from asr_client.embedded.options import EmbeddedOptions, Ports
from asr_client.embedded.repository import model_processes, write_repository
from asr_client.embedded.requirements import Facts
from asr_client.embedded.served import model_closure
from asr_client.embedded.state import StateDir, remove_leftovers
from asr_client.embedded.triton_log import LoggedError, obstacle, telling_lines

__all__ = ["ServerEndedError", "Triton"]

_POLL_S = 0.05
# From a complaint in the log to the end over it.
_LAST_WORDS_S = 1.0
_REPLY_TIMEOUT_S = 2.0


class ServerEndedError(LoggedError):
    """Tritonserver ended before it was ready."""


@dataclass
class Triton:
    """
    A tritonserver in *state*, started and stopped any number of times.

    Attributes:
        facts: The wheel and its interpreter, checked.
        options: What to serve.
        state: Its folder.
        pause: Called with seconds while waiting; may raise to give up.
    """

    facts: Facts
    options: EmbeddedOptions
    state: StateDir
    pause: Callable[[float], None]
    ports: Ports = field(default_factory=Ports)
    _process: subprocess.Popen[bytes] | None = None
    _stubs: frozenset[int] = frozenset()
    _stubs_wanted: int = 0

    def prepare(self) -> None:
        """Lay out the models and the Python backend."""
        write_repository(self.state.path / "models", self.options)
        self._stubs_wanted = model_processes(self.options)
        backend = self.state.path / "backends" / "python"
        backend.mkdir(parents=True)
        for name, target in backend_links(self.facts).items():
            (backend / name).symlink_to(target)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model of this server, steps included."""
        return model_closure(self.options.models)

    @property
    def pid(self) -> int:
        """Process id; 0 while there is none."""
        return self._process.pid if self._process else 0

    def start(self, ports: Ports) -> None:
        """
        Start the server and wait until every model is ready.

        Raises:
            ServerEndedError: If it ended.
            LoggedError: If it was not ready in time, or never will be.
        """
        self.ports = ports
        command = command_line(self.facts, self.state.server_id, ports)
        with self.state.log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the wheel's own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(os.environ, self.facts),
                cwd=self.state.path,  # which the command line counts on
                # Ctrl-C in a terminal must reach the supervisor only, which stops us in order.
                start_new_session=True,
                preexec_fn=processes.die_with_parent(),  # noqa: PLW1509 - one thread only
            )
        self._wait_until_ready()
        self._stubs = processes.stubs(self.state.server_id)

    def _wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + self.options.start_timeout_s
        while not self._is_ready():
            is_hopeless = obstacle(self.log()) is not None
            if is_hopeless:
                self._let_end(_LAST_WORDS_S)
            if self._has_ended:
                raise self.failure("tritonserver ended while it started", kind=ServerEndedError)
            if is_hopeless:
                raise self.failure("tritonserver cannot start")
            if time.monotonic() > deadline_s:
                raise self.failure(
                    f"tritonserver was not ready within {self.options.start_timeout_s:g} s",
                    hint="raise start_timeout_s on a busy machine",
                )
            self.pause(_POLL_S)

    @property
    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _let_end(self, within_s: float) -> None:
        """Give a server that complained the time to end over it, if it is about to."""
        deadline_s = time.monotonic() + within_s
        while not self._has_ended and time.monotonic() < deadline_s:
            self.pause(_POLL_S)

    def _is_ready(self) -> bool:
        """Ask the port; another server may be answering there, so the name must be ours."""
        status, body = _get(self.ports.http, "/v2")
        try:
            ours = status == HTTPStatus.OK and json.loads(body)["name"] == self.state.server_id
        except (ValueError, LookupError, TypeError):
            return False
        return ours and all(
            _get(self.ports.http, f"/v2/models/{model}/ready")[0] == HTTPStatus.OK
            for model in self.models
        )

    def ailment(self) -> str:
        """Say what is wrong with the running server; empty while it is well."""
        if self._process is None or self._process.poll() is not None:
            return f"tritonserver ended with status {self._process and self._process.returncode}"
        # Triton goes on reporting ready when a model process has died, and fails every request
        # that it would have answered; it never starts another.
        alive = sum(processes.has_id(pid, self.state.server_id) for pid in self._stubs)
        missing = self._stubs_wanted - alive
        return f"{missing} of {self._stubs_wanted} model processes ended" if missing > 0 else ""

    def stop(self) -> None:
        """Let requests finish, then end the server; what is left of it is killed."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=EXIT_TIMEOUT_S + 5)
        self.kill()

    def kill(self) -> None:
        """End the server and its model processes at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=EXIT_TIMEOUT_S)
            self._process = None
        remove_leftovers(self.state.server_id)

    def log(self) -> str:
        """Return what the server has printed since its last start."""
        return self.state.log_path.read_text(errors="replace")

    def failure(
        self, message: str, hint: str = "", kind: type[LoggedError] = LoggedError
    ) -> LoggedError:
        """Make an error that says *message*, the reason if the log tells it, and what it tells."""
        log = self.log()
        known = obstacle(log)
        if known is not None:
            message, hint = f"{message}: {known.reason}", known.hint
        return kind(message, hint=hint, log_lines=telling_lines(log))


def _get(port: int, path: str) -> tuple[int, bytes]:
    """GET from 127.0.0.1; status 0 when no HTTP server answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_REPLY_TIMEOUT_S)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
