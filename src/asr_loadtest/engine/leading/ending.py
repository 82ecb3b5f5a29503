"""How a test ends: its verdict, its reports, its exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asr_loadtest.engine.leading.summary import summarize
from asr_loadtest.engine.measuring.conduct import Measured
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.verdict import Verdict
from asr_loadtest.report.assessment import Assessment, assess
from asr_loadtest.report.written import write_reports

__all__ = ["Ending", "assess_and_write", "end_run", "refused"]


@dataclass(frozen=True, slots=True)
class Ending:
    """
    What is told at the end.

    Attributes:
        exit_code: Of the process.
        summary: For the terminal, several lines.
        report: The HTML report; None if there is none.
    """

    exit_code: int
    summary: str
    report: Path | None = None


def refused(verdict: Verdict) -> Ending:
    """End a test that does not start."""
    return Ending(int(verdict.exit_code), "\n".join([verdict.headline, *verdict.remedies]))


def end_run(measured: Measured, slo: Slo) -> Ending:
    """Judge a measurement and write its reports."""
    assessment = assess_and_write(measured, slo)
    report = measured.folder / "report.html"
    summary = summarize(
        assessment.verdict,
        measured.measurement.tally,
        report,
        assessment.document["autoscaler"],
    )
    return Ending(int(assessment.verdict.exit_code), summary, report)


def assess_and_write(measured: Measured, slo: Slo) -> Assessment:
    """Judge a measurement, and write its reports into its folder."""
    measurement = measured.measurement
    assessment = assess(
        measured.info,
        measurement.tally,
        slo,
        measurement.health,
        measurement.pods,
        sightings=measurement.sightings,
    )
    write_reports(measured.folder, assessment.document)
    return assessment
