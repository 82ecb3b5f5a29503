"""
`--asr-pad-sweep`: the same load with recordings padded to one length after the other.

Triton's batcher joins only requests of equal shape. Padding makes shapes equal and audio longer:
which of the two weighs more depends on the model, and only a measurement tells.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from asr_loadtest.engine.leading.ending import Ending
from asr_loadtest.engine.leading.parts import Part, check_steady, conclude_parts, measure_part
from asr_loadtest.engine.measuring.conduct import Conductor
from asr_loadtest.engine.planning.plan import Plan
from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.report.line_files import write_whole

__all__ = ["sweep_padding"]

_HEADER = (
    f"{'pad to s':>10}{'padding':>10}{'batch':>8}{'queue ms':>10}{'good/s':>9}{'p50 ms':>9}"
    f"{'p99 ms':>9}  verdict"
)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one padding came to; None where nobody tells."""

    pad_to_s: float
    padding_share: float | None
    batch: float | None
    queue_s: float | None
    good_rps: float | None
    p50_s: float | None
    p99_s: float | None
    result: str


def sweep_padding(conductor: Conductor, plan: Plan) -> Ending:
    """
    Measure each padding, and set them beside each other.

    Raises:
        ConfigError: If the plan has no single rate.
        ASRError: If a part cannot begin.
    """
    check_steady(plan, "a sweep of paddings")
    steps, worst = [], ExitCode.MET
    for pad_to_s in plan.options.paddings_s:
        options = replace(plan.options, pad_to_s=pad_to_s)
        part = measure_part(conductor, plan, f"pad-{pad_to_s:g}", options, plan.options.probe_s)
        if conductor.ended_by:
            break  # half a step is none
        steps.append(_step(pad_to_s, part))
        worst = max(worst, part.assessment.verdict.exit_code)
    if not steps:
        worst = ExitCode.INVALID  # ended before there was one
    path = plan.folder / "padding.json"
    write_whole(path, json.dumps([asdict(step) for step in steps], indent=1) + "\n")
    table = "\n".join([_HEADER, *map(_row, steps)])
    return conclude_parts(plan, "padding", table, _words(steps), worst)


def _step(pad_to_s: float, part: Part) -> _Step:
    document = part.assessment.document
    server = (document["server"] or {}).get("all") or {}
    response = document["latency"]["response"]
    return _Step(
        pad_to_s,
        document["asr"]["padding_share"],
        server.get("batch"),
        server.get("queue_s"),
        document["load"]["good_rps"],
        response["p50_s"],
        response["p99_s"],
        part.assessment.verdict.exit_code.word,
    )


def _words(steps: list[_Step]) -> str:
    """Name the padding that carried most within the SLO, and of equals the fastest."""
    carried = [step for step in steps if step.good_rps is not None and step.p99_s is not None]
    if not carried:
        return "no padding carried anything"
    best = max(carried, key=lambda step: (round(step.good_rps or 0.0, 1), -(step.p99_s or 0.0)))
    padding = f"padding to {best.pad_to_s:g} s" if best.pad_to_s else "no padding"
    return f"{padding} did best here: {best.good_rps:.3g} good/s, p99 {_ms(best.p99_s)} ms"


def _row(step: _Step) -> str:
    share = "-" if step.padding_share is None else f"{step.padding_share:.0%}"
    return (
        f"{step.pad_to_s:>10g}{share:>10}{_plain(step.batch):>8}{_ms(step.queue_s):>10}"
        f"{_plain(step.good_rps):>9}{_ms(step.p50_s):>9}{_ms(step.p99_s):>9}  {step.result}"
    )


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f}"
