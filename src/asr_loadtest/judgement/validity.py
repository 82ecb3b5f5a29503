"""
Whether a run measured what it was to measure, in the manner of MLPerf LoadGen.

An invalid run never passes and never fails: its figures are about something else. What merely must
be known beside the figures is a caveat.
"""

from __future__ import annotations

from collections.abc import Iterator

from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.generator import check_generator, is_unfit
from asr_loadtest.judgement.units import percent
from asr_loadtest.judgement.warm_up import check_warm_up

__all__ = ["check_validity"]

_NOT_SENT_LIMIT = 0.01
_MISSING_LIMIT = 0.01
# A run that lasted less than this much of its plan did not carry it out.
_LEAST_LASTED = 0.9


def check_validity(case: Case) -> tuple[Finding, ...]:
    """Tell everything that speaks against the figures of a run; the gravest first."""
    of_generator = check_generator(case)
    findings = (
        *of_generator,
        *_not_sent(case, of_generator),
        *_workers(case),
        *_missing(case),
        *_cut_short(case),
        *_samples(case),
        *check_warm_up(case),
        *_loop(case),
    )
    return tuple(sorted(findings, key=lambda found: found.severity != "invalid"))


def _not_sent(case: Case, of_generator: tuple[Finding, ...]) -> Iterator[Finding]:
    """
    Less was offered than planned. A system that missed its SLO even so has missed it.

    That holds if the generator itself was fit: then it did not send because everything that it may
    have under way was under way, waiting for the system.
    """
    share = case.not_sent_share
    if share <= _NOT_SENT_LIMIT:
        return
    held_up = bool(case.missed) and not is_unfit(of_generator)
    words = f"{percent(share)} of the arrivals were not sent, at most {percent(_NOT_SENT_LIMIT)}"
    if held_up:
        words += "; the SLO was missed even with less load than planned"
    yield Finding(
        "caveat" if held_up else "invalid",
        "not_sent",
        words,
        "let more requests be under way at once (--asr-max-in-flight), or offer less",
        {"not_sent_share": share, "limit_share": _NOT_SENT_LIMIT},
    )


def _workers(case: Case) -> Iterator[Finding]:
    lost = [worker.name for worker in case.run.workers if worker.fate == "lost"]
    if lost:
        count = len(case.run.workers)
        yield Finding(
            "invalid",
            "workers_lost",
            f"{len(lost)} of {count} workers were lost ({', '.join(lost)}): a part of the load was"
            " not offered, or what came of it is not known",
            "look into the lost workers' logs, and run again",
            {"lost": len(lost), "workers": count},
        )


def _missing(case: Case) -> Iterator[Finding]:
    offered, recorded = case.run.offered, case.tally.all.count + case.tally.warm_up.count
    if offered is None or recorded == offered:
        return
    share = abs(offered - recorded) / max(offered, 1)
    what = "missing" if recorded < offered else "more than there should be"
    yield Finding(
        "invalid" if share > _MISSING_LIMIT else "caveat",
        "records_missing" if recorded < offered else "records_in_excess",
        f"{abs(offered - recorded)} records are {what}: {recorded} of {offered} arrivals",
        "run again; if it stays so, it is a bug of the load tester",
        {"offered": offered, "recorded": recorded, "limit_share": _MISSING_LIMIT},
    )


def _cut_short(case: Case) -> Iterator[Finding]:
    planned_s, lasted_s = case.run.duration_s, case.run.ended_s
    # A slow schedule's last arrival may be long before the plan's end.
    if planned_s is None or case.run.ended_by == "plan" or lasted_s >= planned_s * _LEAST_LASTED:
        return
    yield Finding(
        "invalid",
        "cut_short",
        f"the run lasted {lasted_s:.0f} s of the planned {planned_s:.0f} s"
        f" (ended by: {case.run.ended_by})",
        "let it run to its end, or plan a shorter one",
        {"lasted_s": lasted_s, "planned_s": planned_s},
    )


def _samples(case: Case) -> Iterator[Finding]:
    """Too few samples keep a run from passing; what was missed for certain stays missed."""
    if not case.tally.all.count:
        yield Finding(
            "invalid",
            "no_samples",
            "nothing was offered after the warm-up",
            "run longer than the warm-up, at a higher rate",
        )
    elif case.undecided:
        first, *others = case.undecided
        more = f", and {len(others)} more" if others else ""
        yield Finding(
            "caveat" if case.missed else "invalid",
            "too_few_samples",
            f"too few samples to judge by: {first.words}{more}",
            "run longer, or at a higher rate",
            {"undecided": len(case.undecided)},
        )


def _loop(case: Case) -> Iterator[Finding]:
    if case.run.loop == "closed":
        yield Finding(
            "caveat",
            "closed_loop",
            "a closed loop is prone to coordinated omission: while the system is slow, users wait"
            " and send less, so that the slow time is hardly in the figures",
            "use the open loop (the default) for figures that others rely on",
        )
