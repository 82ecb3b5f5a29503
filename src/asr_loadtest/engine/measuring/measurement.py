"""One measurement: what its processes report, taken in, written down and added up as it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gevent.event import Event

from asr_loadtest.cluster.kubernetes.sightings import DeploymentSeen, Sighting
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.engine.messages import Report, State
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import WorkerInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import Tally
from asr_loadtest.load.timeline import Window
from asr_loadtest.report.run_folder import RunWriter

__all__ = ["Measurement", "Seat"]


@dataclass(slots=True)
class Seat:
    """
    One process that takes part, as the lead knows it.

    Attributes:
        name: Locust's name for it; "local" where it is the lead's own.
        state: What it reported last; None if nothing yet.
        trouble: Why it failed; is_refusal: whether the target was to blame.
        corpus: What it would send.
        samples: Records that arrived; promised: how many it says that it has sent.
        is_lost: Whether it fell silent before it was done.
        was_halted: Whether it was told to end before its plan.
    """

    name: str
    state: State | None = None
    trouble: str = ""
    is_refusal: bool = False
    corpus: Mapping[str, Any] = field(default_factory=dict)
    samples: int = 0
    promised: int = 0
    is_lost: bool = False
    was_halted: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come from it."""
        return self.is_lost or self.state in ("done", "failed")

    def info(self, index: int) -> WorkerInfo:
        """Tell reports what became of it."""
        is_whole = self.state == "done" and self.samples == self.promised
        fate: Literal["done", "lost", "stopped"] = "stopped" if self.was_halted else "done"
        return WorkerInfo(index, self.name, self.samples, fate if is_whole else "lost")


class Measurement:
    """
    Takes reports in.

    Args:
        run_id: Reports of others, late ones of an earlier measurement, are left aside.
        names: Of the processes that take part; their order is their place.
        tally: Adds the records up.
    """

    def __init__(self, run_id: str, names: Sequence[str], tally: Tally) -> None:
        self.run_id = run_id
        self.seats = [Seat(name) for name in names]
        self.tally = tally
        self.health: list[GeneratorReading] = []
        self.pods: list[PodReading] = []
        self.sightings: list[Sighting] = []
        self.deployment: DeploymentSeen | None = None
        self.changed = Event()
        self.writer: RunWriter | None = None
        self._recent = Window()

    def take(self, report: Report) -> None:
        """Take in what one process reports."""
        if report.run_id != self.run_id:
            return
        seat = self.seats[report.worker]
        seat.samples += len(report.rows)
        seat.promised = report.total
        for row in report.rows:
            self._add(Sample.from_row(row))
        for fields in report.health:
            self._add_reading(GeneratorReading.from_fields(fields))
        seat.state, seat.trouble, seat.is_refusal = report.state, report.trouble, report.is_refusal
        seat.corpus = report.corpus or seat.corpus
        self.changed.set()

    def add_pods(self, readings: Sequence[PodReading]) -> None:
        """Take in a look at the servers."""
        self.pods.extend(readings)
        if self.writer is not None:
            for reading in readings:
                self.writer.add_pod(reading)

    def add_sightings(self, sightings: Sequence[Sighting]) -> None:
        """Take in what was seen of the cluster."""
        self.sightings.extend(sightings)
        for sighting in sightings:
            if isinstance(sighting, DeploymentSeen):
                self.deployment = sighting
        if self.writer is not None:
            for sighting in sightings:
                self.writer.add_sighting(sighting)

    def lose(self, names: Sequence[str]) -> None:
        """Give up on processes that are gone."""
        for seat in self.seats:
            if seat.name in names and not seat.is_over:
                seat.is_lost = True
                self.changed.set()

    def note_halt(self) -> None:
        """Remember who was told to end early."""
        for seat in self.seats:
            seat.was_halted = seat.was_halted or not seat.is_over

    @property
    def delivered(self) -> int:
        """Records that arrived."""
        return sum(seat.samples for seat in self.seats)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return all(seat.is_over for seat in self.seats)

    @property
    def is_ready(self) -> bool:
        """Whether everybody has said that it can begin, or that it cannot."""
        return all(seat.state is not None or seat.is_lost for seat in self.seats)

    @property
    def in_flight(self) -> int:
        """Requests on their way, by each process's last reading."""
        latest = {reading.worker: reading.in_flight for reading in self.health}
        return sum(latest.values())

    def recent(self) -> Window:
        """Give what was reported since the last time that this was asked."""
        recent, self._recent = self._recent, Window()
        return recent

    def _add(self, sample: Sample) -> None:
        self.tally.add(sample)
        is_good = sample.outcome == "ok" and self.tally.is_good(sample)
        self._recent.add(sample, is_good=is_good)
        if self.writer is not None:
            self.writer.add_sample(sample)

    def _add_reading(self, reading: GeneratorReading) -> None:
        self.health.append(reading)
        if self.writer is not None:
            self.writer.add_generator(reading)
