"""The embedded server as its users see it."""

from __future__ import annotations

import os
import platform
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Self

from asr_client.embedded.events import Event
from asr_client.embedded.link import SupervisorLink
from asr_client.embedded.options import EmbeddedOptions, Ports, SupervisorSettings
from asr_client.embedded.requirements import check_platform
from asr_client.errors import EmbeddedError

__all__ = ["EmbeddedTriton"]


class EmbeddedTriton:
    """
    A real Triton with a real recogniser on this machine, for development and tests.

    Serves English with the tensors of AI4Bharat's `asr_am_ensemble`, the same behind a base64
    interface (`asr`), and a model with a known service time (`asr_slow`). Listens on 127.0.0.1
    only. Usable from any thread; ends with this process, however that ends.

        with EmbeddedTriton() as server:
            ASRClient(server.http_url, protocol="http").transcribe("speech.wav", language="en")

    A server that breaks is restarted on the same ports; `on_event` hears of it. Nothing starts
    before `start` or `with`.

    Args:
        python: Interpreter with the embedded extra installed, which runs the models; None: what
            ASR_EMBEDDED_PYTHON names, or else this one.
        http_port: 0 for any free one.
        grpc_port: 0 for any free one.
        metrics_port: 0 for any free one.
        options: Models, instances, limits.
        on_event: Called from another thread with each event; it may call `stop`, but not `wait`.

    Raises:
        ConfigError: If a value cannot work.
    """

    def __init__(  # noqa: PLR0913 - six is our limit
        self,
        *,
        python: str | None = None,
        http_port: int = 0,
        grpc_port: int = 0,
        metrics_port: int = 0,
        options: EmbeddedOptions | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self._settings = SupervisorSettings(
            python=python or os.environ.get("ASR_EMBEDDED_PYTHON") or sys.executable,
            ports=Ports(http_port, grpc_port, metrics_port),
            options=options or EmbeddedOptions(),
        )
        self._on_event = on_event
        self._link: SupervisorLink | None = None
        self._starting = threading.Lock()

    def start(self) -> Self:
        """
        Start the server and wait until it has transcribed a known sentence.

        Raises:
            EmbeddedError: If it cannot run here; says what is missing and what to install. Also if
                it starts or runs already.
        """
        check_platform(platform.system(), platform.machine(), "".join(platform.libc_ver()[1:]))
        with self._starting:
            if self._link is not None and not self._link.over:
                raise EmbeddedError("this embedded server is already starting or running")
            self._link = link = SupervisorLink(self._settings, self._on_event)
        try:
            link.wait_until_ready()
        except BaseException:  # KeyboardInterrupt too: with the start undone, nobody calls stop
            link.stop()
            raise
        return self

    def stop(self) -> None:
        """
        Stop the server, letting requests finish for some seconds; harmless when it is not up.

        Within `on_event` it returns at once, and the server ends soon.
        """
        if self._link is not None:
            self._link.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __del__(self) -> None:
        link = getattr(self, "_link", None)
        if link is not None and link.alive:
            warnings.warn(f"{self!r} was never stopped", ResourceWarning, source=self, stacklevel=2)
            link.release()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.http_url if self.running else 'not running'}>"

    @property
    def running(self) -> bool:
        """Whether it serves, or is on the way back to serving after it broke."""
        return self._link is not None and self._link.alive and self._link.last.pid > 0

    @property
    def failure(self) -> EmbeddedError | None:
        """Why it could not be kept running; None as long as it could."""
        return self._link.failure if self._link else None

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until the server has stopped or failed; return whether it has."""
        return self._link.wait_until_ended(timeout_s) if self._link else True

    @property
    def events(self) -> tuple[Event, ...]:
        """What has happened so far, oldest first."""
        return self._link.events if self._link else ()

    @property
    def http_url(self) -> str:
        """Base URL of the HTTP interface."""
        return f"http://127.0.0.1:{self._last_known.ports.http}"

    @property
    def grpc_url(self) -> str:
        """URL of the gRPC interface."""
        return f"grpc://127.0.0.1:{self._last_known.ports.grpc}"

    @property
    def metrics_url(self) -> str:
        """URL of the Prometheus metrics."""
        return f"http://127.0.0.1:{self._last_known.ports.metrics}/metrics"

    @property
    def pid(self) -> int:
        """Process id of tritonserver; another one after a restart."""
        return self._last_known.pid

    @property
    def log_path(self) -> str:
        """Triton's log; removed when the server stops."""
        return self._last_known.log_path

    @property
    def _last_known(self) -> Event:
        if self._link is None or not self._link.last.pid:
            raise EmbeddedError("the embedded server is not running", hint="call start() first")
        return self._link.last
