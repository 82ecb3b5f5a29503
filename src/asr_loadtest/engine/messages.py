"""
What the lead and the processes that send say to each other, over Locust's own messages.

    lead                          each process
     ── prepare(what, which share) ──▶   find the model, encode the requests
     ◀─ report("ready", digest) ──
     ── go(in so many seconds) ────▶   zero of the run's clock
     ◀─ report(rows, health) ──────    twice a second
     ── halt(at an instant) ───────▶   only if the run is to end before its plan
     ◀─ report("done", how many) ──    nothing is on its way any more

In a run on one machine both are one process, and Locust's local runner hands messages over. No key
is ever in them: each process has its own, from its environment or a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

__all__ = ["GO", "HALT", "PREPARE", "REPORT", "Orders", "Report", "State"]

PREPARE = "asr-prepare"
GO = "asr-go"
HALT = "asr-halt"
REPORT = "asr-report"

State = Literal["ready", "failed", "running", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """
    What one process is to do in one measurement.

    Attributes:
        run_id: The measurement's.
        host: URL under test.
        options: LoadOptions, as fields.
        duration_s: When the schedule is cut; None: it is not.
        worker: Its place, from 0.
        workers: How many share the schedule.
        salt: Makes another schedule of the same plan, for a probe that is repeated.
        steps: Requests per second and seconds of a load that was made for an autoscaler: only the
            lead has to know that.
    """

    run_id: str
    host: str
    options: Mapping[str, Any]
    duration_s: float | None
    worker: int = 0
    workers: int = 1
    salt: int = 0
    steps: Sequence[Sequence[float]] = ()

    def to_fields(self) -> dict[str, Any]:
        """Give what MessagePack can carry."""
        return asdict(self)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `to_fields` gave."""
        return cls(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What one process has to tell.

    Attributes:
        run_id: The measurement's.
        worker: Its place.
        state: Where it stands.
        trouble: Why it failed, for people; empty otherwise.
        is_refusal: Whether it failed at the target, and not in its own settings.
        corpus: What `Corpus.describe` gave, and its notes, with "ready".
        rows: Samples, as `Sample.to_row` gives them.
        health: GeneratorReadings, as fields.
        total: Samples sent so far, these included.
    """

    run_id: str
    worker: int
    state: State
    trouble: str = ""
    is_refusal: bool = False
    corpus: Mapping[str, Any] = field(default_factory=dict)
    rows: list[list[Any]] = field(default_factory=list)
    health: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0

    def to_fields(self) -> dict[str, Any]:
        """Give what MessagePack can carry, without copying the rows."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `to_fields` gave."""
        return cls(**fields)
