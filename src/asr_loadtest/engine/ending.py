"""How a test ends: its verdict, its reports, its exit code."""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.engine.conduct import Measured
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.verdict import Verdict, conclude

__all__ = ["Ending", "end_run", "refused"]


@dataclass(frozen=True, slots=True)
class Ending:
    """
    What is told at the end.

    Attributes:
        exit_code: Of the process.
        summary: For the terminal, several lines.
    """

    exit_code: int
    summary: str


def refused(verdict: Verdict) -> Ending:
    """End a test that does not start."""
    return Ending(int(verdict.exit_code), "\n".join([verdict.headline, *verdict.remedies]))


def end_run(measured: Measured, slo: Slo) -> Ending:
    """Judge a measurement and write its reports."""
    verdict = conclude(
        measured.measurement.tally,
        slo,
        measured.info,
        measured.measurement.health,
    )
    return Ending(int(verdict.exit_code), verdict.headline)
