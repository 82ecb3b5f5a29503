"""A whole trace as a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asr_loadtest.replay.reading.trace.autoscaler import put_events, put_hpa
from asr_loadtest.replay.reading.trace.ledger import Ledger
from asr_loadtest.replay.reading.trace.pods import put_pods, read_polls
from asr_loadtest.replay.reading.trace.stage import stage_of
from asr_loadtest.replay.reading.trace.workload import put_deployment, put_pdb
from asr_loadtest.replay.recording import Recording

__all__ = ["read_trace"]


def read_trace(name: str, trace: Mapping[str, Any]) -> Recording:
    """
    Make the objects of a trace; `tests/data/hpa-traces/README.md` tells its keys.

    Raises:
        KeyError, TypeError, ValueError: If it is no trace.
    """
    stage = stage_of(trace)
    ledger = Ledger()
    # What causes comes before its effects, where times are equal.
    for put in (put_deployment, put_pods, put_pdb, put_hpa, put_events):
        put(ledger, stage, trace)
    lists = ("syncs", "deployment", "pods", "events")
    return Recording(
        name,
        trace["doc"],
        stage.namespace,
        stage.started,
        max(row["t"] for key in lists for row in trace[key]),
        ledger.history(),
        read_polls(stage, trace),
    )
