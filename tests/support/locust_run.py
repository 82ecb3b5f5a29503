"""Load tests as users start them: the real command in a process of its own, and what it left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from asr_loadtest.judgement.generator import UNFIT
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.report.run_folder import RunReader

__all__ = ["FinishedRun", "LocustRun"]

PROJECT = Path(__file__).parents[2]
_PATIENCE_S = 90.0
_TRIES = 3
# When it is printed records have come.
_FIRST_LIVE_LINE = "     2 s"

During = Callable[[subprocess.Popen[str]], object]


@dataclass
class FinishedRun:
    """
    A load test that has ended.

    Attributes:
        code: Exit code.
        output: All that it printed.
        out: Where its folder is.
    """

    code: int
    output: str
    out: Path

    @cached_property
    def folder(self) -> Path:
        """The run's folder; there must be one."""
        (folder,) = (path for path in self.out.iterdir() if path.is_dir())
        return folder

    @cached_property
    def info(self) -> RunInfo:
        """What the run was."""
        return RunReader(self.folder).info

    @cached_property
    def samples(self) -> list[Sample]:
        """Its records, in the order of the schedule."""
        samples = RunReader(self.folder).samples()
        return sorted(samples, key=lambda sample: sample.index)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """Its report."""
        report: Mapping[str, Any] = json.loads((self.folder / "report.json").read_text())
        return report

    @property
    def was_busy(self) -> bool:
        """Whether this machine had too little time for the generator: no fault of its own."""
        reports = (json.loads(path.read_text()) for path in self.out.rglob("report.json"))
        found = [each for report in reports for each in report["verdict"]["findings"]]
        return any(each["name"] in UNFIT and each["severity"] == "invalid" for each in found)

    @property
    def outcomes(self) -> Counter[str]:
        """How many records of each class."""
        return Counter(sample.outcome for sample in self.samples)


class LocustRun:
    """
    Runs `locust -f loadtest --headless`, and ends it if it does not end.

    Args:
        out: Folder for the run's folder.
    """

    def __init__(self, out: Path) -> None:
        self.out = out

    def __call__(
        self,
        host: str,
        *options: str,
        during: During | None = None,
        at: str = _FIRST_LIVE_LINE,
        environ: Mapping[str, str] | None = None,
    ) -> FinishedRun:
        """
        Run to the end.

        Args:
            host: The URL under test; empty names none.
            options: Further words of the command line.
            during: Is called with the process once it has begun to offer load.
            at: Another text that the line has in which it is called.
            environ: Further variables.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "locust", "-f", "loadtest", "--headless"]
        command += [*(["--host", host] if host else []), "--asr-out", str(self.out), *options]
        with subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output = self._follow(process, during, at)
            finally:
                _end(process)
        return FinishedRun(process.returncode, output, self.out)

    def judged(self, host: str, *options: str, **how: Any) -> FinishedRun:
        """Run until the verdict is about the target: again where this machine was too busy."""
        for number in range(_TRIES):
            run = LocustRun(self.out / f"try-{number}")(host, *options, **how)
            if not run.was_busy:
                break
        return run

    def _follow(
        self,
        process: subprocess.Popen[str],
        during: During | None,
        at: str,
    ) -> str:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if during is not None and at in line:
                during(process)
                during = None
        process.wait(_PATIENCE_S)
        return "".join(lines)


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and its workers, should they still be there."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
