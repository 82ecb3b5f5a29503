"""Measurements, conducted: each plan measured, its folder filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gevent

from asr_client.endpoint import parse_url
from asr_loadtest.cluster.pod_addresses import pod_addresses
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.cluster.triton.scrape import MetricsScraper
from asr_loadtest.cluster.triton.targets import guess_metrics_url
from asr_loadtest.engine.crew import Crew
from asr_loadtest.engine.measuring.console import LiveLines
from asr_loadtest.engine.measuring.measurement import Measurement
from asr_loadtest.engine.measuring.measuring import Measuring
from asr_loadtest.engine.measuring.server_watch import Look
from asr_loadtest.engine.measuring.telling import info_after, info_before
from asr_loadtest.engine.messages import Orders, Report
from asr_loadtest.engine.planning.plan import Plan
from asr_loadtest.engine.planning.start import Start
from asr_loadtest.engine.planning.survey import Survey
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.tally import Tally
from asr_loadtest.report.run_folder import RunWriter

__all__ = ["Conductor", "Measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """
    A measurement that is over.

    Attributes:
        info: What it was.
        measurement: What it brought.
        folder: Where its files are.
    """

    info: RunInfo
    measurement: Measurement
    folder: Path


class Conductor:
    """
    Conducts one test, of one or several measurements.

    Args:
        crew: Who sends.
        start: What was found beforehand.
    """

    def __init__(self, crew: Crew, start: Start) -> None:
        self.start = start
        self.ended_by = ""
        self._crew = crew
        self._measuring: Measuring | None = None

    @property
    def measurement(self) -> Measurement | None:
        """The measurement that runs, or ran last."""
        return self._measuring.measurement if self._measuring else None

    def take(self, report: Report) -> None:
        """Take in what a process reports."""
        if self._measuring is not None:
            self._measuring.measurement.take(report)

    def halt(self, ended_by: str) -> None:
        """End the test early."""
        self.ended_by = ended_by
        if self._measuring is not None:
            self._measuring.halt(ended_by)

    def measure(self, plan: Plan, *, salt: int = 0) -> Measured:
        """
        Measure one plan, and write its folder.

        Args:
            plan: The test's, or that of one of its probes.
            salt: Makes another schedule of the same plan.

        Raises:
            ASRError: If it cannot begin.
        """
        measurement = Measurement(
            plan.run_id,
            self._crew.present(),
            Tally(is_good=plan.slo.is_good, warm_up_s=plan.options.warm_up_s),
        )
        measuring = self._measuring = self._measuring_of(plan, measurement, salt)
        if self.ended_by:  # between two parts of a test
            measuring.halt(self.ended_by)
        measuring.prepare()
        info = info_before(plan, self.start)
        measurement.writer = RunWriter(plan.folder, info)
        if plan.options.slo:
            measurement.writer.keep_slo(Path(plan.options.slo).read_text("utf-8"))
        with LiveLines(measurement):
            measuring.run()
        info = info_after(info, measuring, plan.schedule.arrivals)
        measurement.writer.finish(info)
        return Measured(info, measurement, plan.folder)

    def _measuring_of(self, plan: Plan, measurement: Measurement, salt: int) -> Measuring:
        options = plan.options
        orders = Orders(
            run_id=plan.run_id,
            host=plan.host,
            options=options.to_fields(),
            duration_s=plan.schedule.duration_s,
            workers=len(measurement.seats),
            salt=salt,
            steps=plan.schedule.steps,
        )
        look = _looking(plan, self.start.found, measurement)
        return Measuring(
            self._crew,
            measurement,
            orders,
            look,
            options.scrape_s,
            options.deadline_s,
            ends_by_itself=plan.schedule.arrivals is not None,
            watched=plan.cluster,
        )


def _looking(plan: Plan, found: Survey, measurement: Measurement) -> Look:
    """Find out where the servers tell what they do, and how to look at all of them at once."""
    urls = plan.options.metrics_urls
    # From outside a cluster its pods' addresses lead nowhere.
    follows = not urls and plan.cluster is not None and plan.cluster.access.is_inside
    if not urls and not follows:
        guessed = guess_metrics_url(plan.host)
        urls = (guessed,) if guessed else ()
    # Batch sizes come from the server's own HTTP interface: not from a gateway, which may count.
    is_server = len(urls) == 1 and not parse_url(plan.host).is_grpc and not found.is_gated
    scraper = MetricsScraper(
        urls,
        found.model,
        http_urls=(plan.host,) if is_server else (),
        ca_file=plan.options.tls_ca_file or None,
    )

    def look(at_s: float, *, insist: bool = False) -> Sequence[PodReading]:
        if follows:
            scraper.follow(pod_addresses(measurement.sightings))
        looks = [gevent.spawn(pod.scrape, at_s, insist=insist) for pod in scraper.pods]
        gevent.joinall(looks)
        return [each.value for each in looks if each.value is not None]

    return look
