"""How many recordings are gone through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from asr_client.errors import ConfigError
from asr_client.pacing.concurrency import AdaptiveConcurrency, Concurrency, FixedConcurrency

__all__ = ["Jobs", "ManyOptions", "check_several", "never"]

Jobs = int | Literal["auto"]

_MOST_JOBS = 512


def never() -> bool:
    """Go on."""
    return False


def check_several(recordings: object) -> None:
    """Refuse what is one recording, though it can be gone through: letter by letter, say."""
    if isinstance(recordings, str | bytes | bytearray | memoryview) or hasattr(recordings, "ndim"):
        raise ConfigError(
            f"several recordings are wanted, and this is one: a {type(recordings).__name__}",
            hint="put it in a list",
        )


@dataclass(frozen=True, slots=True)
class ManyOptions:
    """
    How many recordings are gone through.

    Attributes:
        jobs: Requests under way at a time; "auto" finds out what the server can take.
        ordered: Hand out results in the order of the recordings, not as they are ready.
        patience_s: How long a server that is away or full is waited for, in seconds.
        stopping: Asked before anything new is begun; once it says yes, nothing is.
    """

    jobs: Jobs = "auto"
    ordered: bool = False
    patience_s: float = 60.0
    stopping: Callable[[], bool] = never

    def __post_init__(self) -> None:
        whole = isinstance(self.jobs, int) and not isinstance(self.jobs, bool)
        if self.jobs != "auto" and not (whole and 1 <= self.jobs <= _MOST_JOBS):
            raise ConfigError(f"jobs must be 'auto' or 1 to {_MOST_JOBS}, not {self.jobs!r}")
        if not self.patience_s >= 0:
            raise ConfigError(f"patience_s must not be negative, and is {self.patience_s!r}")

    def concurrency(self) -> Concurrency:
        """Begin to say how many may be under way."""
        return AdaptiveConcurrency() if self.jobs == "auto" else FixedConcurrency(self.jobs)
