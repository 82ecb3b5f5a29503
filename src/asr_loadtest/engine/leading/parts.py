"""One measurement of several in a test, in a folder below the test's own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from asr_client.errors import ConfigError
from asr_loadtest.engine.leading.ending import Ending, assess_and_write
from asr_loadtest.engine.measuring.conduct import Conductor, Measured
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.planning.plan import Plan
from asr_loadtest.engine.planning.schedule import plain_schedule
from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.report.assessment import Assessment
from asr_loadtest.report.line_files import write_whole

__all__ = ["Part", "check_steady", "conclude_parts", "measure_part"]


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part that is over.

    Attributes:
        measured: What it brought.
        assessment: What was made of it.
    """

    measured: Measured
    assessment: Assessment


def check_steady(plan: Plan, whose: str) -> None:
    """Refuse a plan without a single rate (ConfigError); *whose* begins the message."""
    if plan.schedule.profile or plan.schedule.arrivals is None:
        raise ConfigError(
            f"{whose} sets the load of its parts itself",
            hint="give --asr-rate, and neither a profile nor a closed loop",
        )


def conclude_parts(plan: Plan, name: str, table: str, words: str, code: ExitCode) -> Ending:
    """End a test of several parts: its table on the terminal, and as Markdown in its folder."""
    path = plan.folder / f"{name}.md"
    write_whole(path, f"## {words}\n\n```\n{table}\n```\n")
    return Ending(int(code), f"{table}\n\n{words}\nreport: {path}")


def measure_part(  # noqa: PLR0913 - six is our limit
    conductor: Conductor,
    plan: Plan,
    name: str,
    options: LoadOptions,
    duration_s: float,
    *,
    salt: int = 0,
) -> Part:
    """
    Measure a part of a test, and write its reports.

    Args:
        conductor: The test's.
        plan: The test's.
        name: Of the part, and its folder.
        options: In which the part differs from the plan's.
        duration_s: Seconds of load that are judged; the warm-up comes before them.
        salt: Makes another schedule of the same load.

    Raises:
        ASRError: If it cannot begin.
    """
    lasts_s = duration_s + options.warm_up_s
    schedule = plain_schedule(replace(options, seed=options.seed + salt), lasts_s)
    of_part = replace(
        plan, run_id=f"{plan.run_id}/{name}", schedule=replace(schedule, options=options)
    )
    print(f"\n{name}: {schedule.describe()} for {lasts_s:.0f} s", flush=True)
    measured = conductor.measure(of_part, salt=salt)
    assessment = assess_and_write(measured, plan.slo)
    print(f"{name}: {assessment.verdict.headline}", flush=True)
    return Part(measured, assessment)
