"""What Triton's log tells of a failure. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asr_client.errors import EmbeddedError

__all__ = ["LoggedError", "Obstacle", "obstacle", "port_was_taken", "telling_lines"]

# Printed on every machine without a GPU, some of it marked as an error; none of it matters.
# Nor do the tables of settings and of models, whose errors have lines of their own, and the
# addresses of a crash.
_NOISE = re.compile(
    r"^[|+]|^\d+# 0x|CudaDriverHelper has not been initialized|Failed to initialize NVML"
    r"|DCGM unable to start|unable to create stream|pinned system memory|CUDA memory pool disabled"
)
_ERROR = re.compile(
    r"^[EF]\d{4} |^bash: |\[err\]|error|fail|exception|terminate called", re.IGNORECASE
)
_REPORT = re.compile(r"^[IW]\d{4} ")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_LONGEST_LINE = 300
_REPORTS_SHOWN = 2


class LoggedError(EmbeddedError):
    """
    A failure, and what Triton's log says of it: shown below the sentence, indented.

    Attributes:
        log_lines: Lines of the log that matter; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "", log_lines: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.log_lines = tuple(log_lines)

    def __str__(self) -> str:
        return "\n    ".join((super().__str__(), *self.log_lines))


@dataclass(frozen=True)
class Obstacle:
    """A reason for which a start cannot succeed, however long one waits; and what to do."""

    reason: str
    hint: str


# But for the first, Triton waits for ever for a model process that never was (measured).
_OBSTACLES: tuple[tuple[re.Pattern[str], Obstacle], ...] = (
    (
        re.compile("Too many open files"),
        Obstacle("it may not open enough files", "raise the limit, as with ulimit -n 1024"),
    ),
    (
        re.compile("error while loading shared libraries"),
        Obstacle(
            "its model processes lack a shared library",
            "install it with the system's package manager",
        ),
    ),
    (
        # What bash says after the path is in the user's language.
        re.compile(
            "Failed to run python backend stub|^bash: .*triton_python_backend_stub: ", re.MULTILINE
        ),
        Obstacle(
            "it cannot start its model processes",
            "it needs bash on PATH, and a virtual environment whose programs may be run",
        ),
    ),
)


def obstacle(log: str) -> Obstacle | None:
    """Return why the server that printed *log* will never be ready; None while it may be."""
    return next((told for pattern, told in _OBSTACLES if pattern.search(log)), None)


def port_was_taken(log: str) -> bool:
    """Tell whether the server ended because somebody else listens on one of its ports."""
    # Without file descriptors it cannot listen either, and gives the same reason.
    return "already in use" in log and obstacle(log) is None


def telling_lines(log: str, limit: int = 8) -> list[str]:
    """
    Return at most *limit* lines of *log*, those that tell most of a failure.

    The last errors come first, then what no severity was given; reports of progress are shown only
    where there is nothing else.
    """
    stripped = (line.strip()[:_LONGEST_LINE] for line in _COLOUR.sub("", log).splitlines())
    # Each line once: a limit that is hit is complained of again and again.
    lines = list(dict.fromkeys(line for line in stripped if line and not _NOISE.search(line)))
    reports = [line for line in lines if _REPORT.search(line)]
    errors = [line for line in lines if _ERROR.search(line) and line not in reports][-limit:]
    others = [line for line in lines if line not in reports and not _ERROR.search(line)]
    unmarked = others[max(0, len(others) - (limit - len(errors))) :]
    return errors + unmarked or reports[-_REPORTS_SHOWN:]
