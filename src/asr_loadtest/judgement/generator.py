"""Whether the generator was fit to measure: a machine out of breath times itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.units import in_words, percent

__all__ = ["CPU_LIMIT", "UNFIT", "busiest_cpu", "check_generator", "is_unfit"]

# Of one core, in 95 of 100 readings: beyond it, an event loop serves nobody in time.
CPU_LIMIT = 0.85
# Shorter stalls are the everyday of an event loop; the lag tells what they cost.
_STALL_S = 0.1
# Stalled for so much of the time, that much of all arrivals is late: p99 is the generator's own.
_STALLED_SHARE = 0.01
# Names of the findings that speak against the generator itself.
UNFIT = ("lag", "cpu", "stalls")
_MORE_MACHINE = "give the generator more: another process (--processes), or a machine of its own"


def check_generator(case: Case) -> tuple[Finding, ...]:
    """Tell what speaks against the generator itself."""
    return (*_lag(case), *_cpu(case), *_stalls(case))


def is_unfit(findings: tuple[Finding, ...]) -> bool:
    """Whether the generator itself was too slow, by what was found."""
    return any(found.name in UNFIT and found.severity == "invalid" for found in findings)


def busiest_cpu(case: Case) -> float | None:
    """Give the p95 of the busiest worker's CPU, as a share of one core; None without readings."""
    of_workers: dict[int, list[float]] = defaultdict(list)
    for reading in case.judged_readings:
        of_workers[reading.worker].append(reading.cpu_share)
    return max((_p95(shares) for shares in of_workers.values()), default=None)


def _p95(values: list[float]) -> float:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def _lag(case: Case) -> Iterator[Finding]:
    lag_s, limit_s = case.tally.lag.quantile(0.99), case.lag_limit_s
    if lag_s is not None and lag_s > limit_s:
        yield Finding(
            "invalid",
            "lag",
            f"the generator was late: lag p99 {_ms(lag_s)}, at most {_ms(limit_s)} ({_why(case)})",
            _MORE_MACHINE,
            {"lag_p99_s": lag_s, "limit_s": limit_s},
        )


def _why(case: Case) -> str:
    if math.isinf(case.slo.tightest_s):
        return "the default, since the SLO limits no latency"
    return f"5 % of the SLO's {_ms(case.slo.tightest_s)}"


def _cpu(case: Case) -> Iterator[Finding]:
    cpu_share = busiest_cpu(case)
    if cpu_share is None:
        yield Finding(
            "caveat", "no_readings", "how busy the generator was is not known: it left no readings"
        )
    elif cpu_share > CPU_LIMIT:
        yield Finding(
            "invalid",
            "cpu",
            f"the generator was out of CPU: {percent(cpu_share)} of a core in its busiest process"
            f" (p95), at most {percent(CPU_LIMIT)}",
            _MORE_MACHINE,
            {"cpu_p95_share": cpu_share, "limit_share": CPU_LIMIT},
        )


def _stalls(case: Case) -> Iterator[Finding]:
    stalls: dict[int, list[float]] = defaultdict(list)
    for reading in case.judged_readings:
        stalls[reading.worker].append(reading.stall_s if reading.stall_s >= _STALL_S else 0.0)
    worst = max(stalls.values(), key=sum, default=[])
    longest_s = max((max(of_worker) for of_worker in stalls.values()), default=0.0)
    if not longest_s:
        return
    lasted_s = max(case.run.ended_s - case.run.warm_up_s, case.tally.span_s)
    share = sum(worst) / lasted_s if lasted_s else 1.0
    yield Finding(
        "invalid" if share > _STALLED_SHARE else "caveat",
        "stalls",
        f"the generator's event loop stood still for up to {_ms(longest_s)}, and in its worst"
        f" process for {percent(share)} of the time",
        "find what keeps the loop busy: other work on this machine, or too much in one process",
        {"longest_s": longest_s, "stalled_share": share, "limit_share": _STALLED_SHARE},
    )


def _ms(seconds: float) -> str:
    return in_words(seconds * 1000, "ms")
