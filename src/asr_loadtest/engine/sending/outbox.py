"""What a process has measured, on its way to the lead in messages of bounded size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asr_loadtest.engine.messages import Report, State
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.samples import Sample

__all__ = ["Outbox"]

# Taking in a message holds up the process by some 30 µs a record: all of it must stay far below
# the lag that makes a measurement invalid.
_MOST_SAMPLES = 50


class Outbox:
    """
    Collects records and readings, and sends them.

    Args:
        run_id: The measurement's.
        worker: This process's place.
        send: Sends one report.
        observe: Is told of each record, for Locust's own statistics.
    """

    def __init__(
        self,
        run_id: str,
        worker: int,
        send: Callable[[Report], None],
        observe: Callable[[Sample], None],
    ) -> None:
        self._run_id = run_id
        self._worker = worker
        self._send = send
        self._observe = observe
        self._samples: list[Sample] = []
        self._health: list[dict[str, Any]] = []
        self._total = 0

    def add(self, sample: Sample) -> None:
        """Take one record."""
        self._total += 1
        self._samples.append(sample)
        if len(self._samples) >= _MOST_SAMPLES:
            self.flush()

    def add_reading(self, reading: GeneratorReading) -> None:
        """Take one look at this process."""
        self._health.append(reading.to_fields())

    def flush(self, state: State = "running") -> None:
        """Send what has come together; and, with "done", that this was all."""
        if not (self._samples or self._health or state == "done"):
            return
        samples, self._samples = self._samples, []
        health, self._health = self._health, []
        report = Report(
            run_id=self._run_id,
            worker=self._worker,
            state=state,
            rows=[sample.to_row() for sample in samples],
            health=health,
            total=self._total,
        )
        self._send(report)
        for sample in samples:  # all at once: what is repeated at once is done in half of its time
            self._observe(sample)
