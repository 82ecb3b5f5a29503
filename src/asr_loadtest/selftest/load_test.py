"""One real load test, from its start to its end, as a user would run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asr_client.errors import ASRError
from asr_loadtest.selftest.scenario import Happening, Place, Trial

__all__ = ["LoadTest"]

_STARTS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 60.0
_LEAVES_WITHIN_S = 15.0
_LOOK_S = 0.02
# The user's own settings are for the user's own load tests.
_NOT_OURS = ("ASR_", "LOCUST_")
_FOR_SERVERS = ("ASR_EMBEDDED_PYTHON",)


@dataclass(frozen=True, slots=True)
class LoadTest:
    """
    A load test that is to be made.

    Attributes:
        suite: Folder for `locust -f`.
        trial: What is to be run.
        place: What it is run against.
        folder: New and empty; takes its output (locust.log) and its run's folder (in runs/).
    """

    suite: Path
    trial: Trial
    place: Place
    folder: Path

    def run(self) -> int:
        """
        Run it, let happen what is to happen meanwhile, and give its exit code.

        Raises:
            ASRError: If it does not start or end in time; it is ended then, as after Ctrl-C.
        """
        with self.output.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - the project's own suite
                self._command(),
                cwd=self.folder,  # no locust.conf of anybody's
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we tell it
            )
        try:
            self._let_happen(process)
            return process.wait(self.trial.lasts_s + _ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise ASRError(f"the load test did not end within {_ENDS_WITHIN_S:g} s") from None
        finally:
            _end(process)

    @property
    def output(self) -> Path:
        """Everything that it prints."""
        return self.folder / "locust.log"

    @property
    def runs(self) -> Path:
        """Where its run's folder is."""
        return self.folder / "runs"

    def _command(self) -> list[str]:
        options = [*self.trial.options, *self.place.options]
        if self.trial.slo:
            slo = self.folder / "slo.toml"
            slo.write_text(self.trial.slo, encoding="utf-8")
            options += ["--asr-slo", str(slo)]
        suite = ["-f", str(self.suite), "--headless", "--host", self.place.url]
        ends = ["--run-time", f"{self.trial.lasts_s:g}s", "--asr-out", str(self.runs)]
        return [sys.executable, "-m", "locust", *suite, *ends, *options]

    def _let_happen(self, process: subprocess.Popen[bytes]) -> None:
        happenings: Sequence[Happening] = self.place.happenings
        if not happenings or not self._has_begun(process):
            return
        began_s = time.monotonic()
        for happening in happenings:
            time.sleep(max(began_s + happening.at_s - time.monotonic(), 0.0))
            happening.do()

    def _has_begun(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait for the run's folder, which is made as its first request may go."""
        until_s = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < until_s:
            if any(self.runs.glob("*/run.json")):
                return True
            if process.poll() is not None:
                return False
            time.sleep(_LOOK_S)
        raise ASRError(f"the load test did not begin within {_STARTS_WITHIN_S:g} s")


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _FOR_SERVERS
        or not (name.startswith(_NOT_OURS) or name.lower().endswith("_proxy"))
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started; harmless when it has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LEAVES_WITHIN_S)
