"""What a run was, told in two parts: what is known before it, and what came of it."""

from __future__ import annotations

import itertools
import math
import platform
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal, cast

from asr_client import __version__
from asr_loadtest.engine.measuring.measuring import Measuring
from asr_loadtest.engine.planning.plan import Plan
from asr_loadtest.engine.planning.start import Start
from asr_loadtest.judgement.preflight import sustained_rps
from asr_loadtest.load.arrivals import Arrivals
from asr_loadtest.load.run_info import RunInfo

__all__ = ["info_after", "info_before"]

# Of this machine: no reader of a report needs to know where keys are kept.
_FILES = ("corpus", "profile", "slo")
_PRIVATE = ("api_key_file", "hpa_file", "kubeconfig", "tls_ca_file", "out", "unsaid")


def info_before(plan: Plan, start: Start) -> RunInfo:
    """Tell what is known before the start."""
    options, schedule = plan.options, plan.schedule
    arrivals = schedule.arrivals
    settings = {
        name: _plain(name, value)
        for name, value in options.to_fields().items()
        if name not in _PRIVATE
    }
    return RunInfo(
        run_id=plan.run_id,
        started_unix_s=round(time.time(), 3),
        host=start.found.host,
        route=start.found.route,
        loop="closed" if arrivals is None else "open",
        arrivals=schedule.describe(),
        profile=schedule.profile,
        rate_rps=None if arrivals is None else arrivals.mean_rate_rps,
        duration_s=schedule.duration_s,
        seed=options.seed,
        warm_up_s=options.warm_up_s,
        deadline_s=options.deadline_s,
        settings=settings,
        versions=_versions(),
        preflight=tuple(finding.words for finding in start.findings),
        price_per_hour=options.price_per_hour or None,
        replicas=options.replicas or None,
        cluster_speed=options.kube_speed,
        gateway_limit_rps=sustained_rps(start.found.quotas, start.found.keys),
    )


def info_after(info: RunInfo, measuring: Measuring, arrivals: Arrivals | None) -> RunInfo:
    """Tell what came of it."""
    measurement = measuring.measurement
    workers = tuple(seat.info(place) for place, seat in enumerate(measurement.seats))
    corpus = dict(measurement.seats[0].corpus)
    notes = corpus.pop("notes", ())
    return replace(
        info,
        offered=None if arrivals is None else _offered(arrivals, measuring.halted_s),
        corpus=corpus,
        workers=workers,
        ended_s=measurement.tally.last_s or _now_s(measuring),
        ended_by=cast("Literal['plan', 'signal', 'user', 'abort']", measuring.ended_by or "plan"),
        notes=(*notes, *_losses(measuring)),
    )


def _now_s(measuring: Measuring) -> float:
    """Tell the run's time; above 0, which says that nobody wrote down how a run ended."""
    now_s = measuring.clock.now_s() if measuring.clock else 0.0
    return max(now_s, 1e-6)  # what was ended in its head start has not begun


def _plain(name: str, value: object) -> object:
    """JSON has no infinity, and a report no path of this machine."""
    if name in _FILES:
        return Path(str(value)).name
    return None if value == math.inf else value


def _offered(arrivals: Arrivals, halted_s: float | None) -> int:
    """Count what the schedule held for the time that the run lasted."""
    instants = arrivals.instants()
    if halted_s is not None:
        instants = itertools.takewhile(lambda arrival: arrival.at_s < halted_s, instants)
    return sum(1 for _ in instants)


def _losses(measuring: Measuring) -> list[str]:
    lost = [seat for seat in measuring.measurement.seats if seat.is_lost]
    return [
        f"worker {seat.name} was lost: of its share {seat.samples} records arrived, the rest was "
        "not offered, or nobody knows what became of it"
        for seat in lost
    ]


def _versions() -> dict[str, str]:
    return {
        "asr-client": __version__,
        "Python": platform.python_version(),
        "Locust": version("locust"),
        "gevent": version("gevent"),
        "system": f"{platform.system()} {platform.machine()}",
    }
