"""The real controller's decisions, repeated from the very inputs that it had: sync by sync."""

from __future__ import annotations

from typing import Any

import pytest

from asr_loadtest.autoscaler.hpa.memory import Sync
from asr_loadtest.cluster.kubernetes.quantity import milli
from trace_inputs import Served, replayed, served
from trace_timeline import TRACE_NAMES, load_trace, trace_spec


def decisions(name: str) -> list[tuple[Served, Sync]]:
    """Replay one recording by its own spec."""
    trace = load_trace(name)
    return list(replayed(trace_spec(trace), served(trace)))


def recorded_desired(record: dict[str, Any]) -> int:
    """Give the replicas that there were to be after a sync."""
    rescale = record.get("rescale")
    return int(rescale["to"]) if rescale else recorded_current(record)


def recorded_current(record: dict[str, Any]) -> int:
    """Give the replicas in the status, which leaves 0 out; so it does without a target."""
    return record["status"]["current"] or 0


def status_figures(record: dict[str, Any]) -> list[tuple[int | None, int] | None]:
    """Give percent and average of each metric in the status; None for an empty slot."""
    slots = record["status"]["metrics"] or []
    return [None if slot is None else (slot["util"], milli(slot["avg"])) for slot in slots]


def test_all_syncs_are_replayed() -> None:
    """No sync of any recording is left out: 23 recordings, 999 syncs."""
    assert len(TRACE_NAMES) == 23
    assert sum(len(load_trace(name)["syncs"]) for name in TRACE_NAMES) == 999


@pytest.mark.parametrize("name", TRACE_NAMES)
def test_recommendation_and_replicas_are_the_recorded_ones(name: str) -> None:
    """At every sync the same raw count, the same replicas, for the same reason."""
    for recorded, done in decisions(name):
        record, at = recorded.record, f"at {done.at_s} s"
        assert done.recommended == record.get("recommended"), at
        assert done.by == record.get("by", ""), at
        assert (done.desired or 0) == recorded_desired(record), at
        assert done.reason == (record.get("rescale") or {}).get("reason", ""), at


@pytest.mark.parametrize("name", TRACE_NAMES)
def test_status_is_the_recorded_one(name: str) -> None:
    """Conditions, current replicas and each metric's figures are those in the HPA's status."""
    for recorded, done in decisions(name):
        record, at = recorded.record, f"at {done.at_s} s"
        told = {kind: tuple(each[:2]) for kind, each in record["conditions"].items()}
        assert done.conditions.told() == told, at
        assert (done.current or 0) == recorded_current(record), at
        figures = [
            None if each.replicas is None else (each.utilization, each.value_milli)
            for each in done.proposals
        ]
        assert figures == status_figures(record), at


@pytest.mark.parametrize("name", TRACE_NAMES)
def test_a_sync_fails_where_the_recorded_one_did(name: str) -> None:
    """The log has an error where all metrics failed, or one that hinders scaling down."""
    for recorded, done in decisions(name):
        is_blocked = bool(done.failure) and done.recommended is None
        assert is_blocked == ("error" in recorded.record), f"at {done.at_s} s"
