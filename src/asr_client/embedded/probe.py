"""Find out what a machine and an interpreter offer; `requirements` judges it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from asr_client.embedded import shared_memory
from asr_client.embedded.requirements import Facts
from asr_client.errors import EmbeddedError

__all__ = ["probe"]

_PROBE_TIMEOUT_S = 60.0


def probe(python: str, packages: Sequence[str], pause: Callable[[float], None]) -> Facts:
    """
    Ask interpreter *python* about itself, and this machine about the rest.

    Args:
        python: Path or name of the interpreter that will run the models.
        packages: What the models import: it is tried whether *python* can.
        pause: Called with seconds while waiting; may raise to give up.

    Raises:
        EmbeddedError: If *python* cannot be run at all.
    """
    script = Path(__file__).with_name("interpreter_report.py")
    # -I: as the models will run, without the caller's PYTHON* variables and user packages.
    answer = _output_of([python, "-I", str(script), *packages], pause)
    try:
        report = json.loads(answer)
        version = report.pop("python_version")
    except (ValueError, LookupError, AttributeError) as error:
        raise EmbeddedError(f"{python} does not seem to be a Python interpreter") from error
    facts = Facts(
        **report, python_version=(version[0], version[1]), shm_free_bytes=shared_memory.free_bytes()
    )
    return replace(facts, unresolved=_unresolved_libraries(facts, pause))


def _unresolved_libraries(facts: Facts, pause: Callable[[float], None]) -> tuple[str, ...]:
    """Name the shared libraries that Triton's programs would not find on this machine."""
    programs = [path for path in (facts.tritonserver, facts.stub) if path.is_file()]
    if not programs or not shutil.which("ldd"):
        return ()
    environment = {**os.environ, "LD_LIBRARY_PATH": facts.library_path}
    listing = _output_of(["ldd", *map(str, programs)], pause, environment)
    return tuple(
        sorted({line.split()[0] for line in listing.splitlines() if line.endswith("not found")})
    )


def _output_of(
    command: list[str], pause: Callable[[float], None], environment: dict[str, str] | None = None
) -> str:
    """Run a short program; it is killed when it takes too long or *pause* raises."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the caller's interpreter, and ldd
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
    except OSError as error:
        raise EmbeddedError(f"cannot run {command[0]}: {error.strerror}") from error
    with process:
        try:
            output, complaint = _communicate(process, pause)
        finally:
            process.kill()
    if process.returncode:
        raise EmbeddedError(f"{command[0]} failed: {complaint.strip()[-500:]}")
    return output


def _communicate(process: subprocess.Popen[str], pause: Callable[[float], None]) -> tuple[str, str]:
    deadline_s = time.monotonic() + _PROBE_TIMEOUT_S
    while time.monotonic() < deadline_s:
        try:
            return process.communicate(timeout=0.1)
        except subprocess.TimeoutExpired:
            pause(0.0)
    raise EmbeddedError(f"{process.args!r} gave no answer within {_PROBE_TIMEOUT_S:.0f} s")
