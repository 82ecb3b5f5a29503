"""Which pods count as what."""

from __future__ import annotations

from typing import Any

import pytest

from asr_loadtest.autoscaler.hpa.flags import DEFAULT_FLAGS
from asr_loadtest.autoscaler.hpa.pods import PodGroups, group_pods
from asr_loadtest.autoscaler.hpa.samples import Sample
from hpa_cases import pod

NOW_S = 1000.0
FRESH = Sample(1000, sampled_s=NOW_S - 5, window_s=15.0)


def group_of(resource: str = "cpu", sample: Sample | None = FRESH, **fields: Any) -> str:
    """Tell the group of one pod."""
    samples = {} if sample is None else {"a": sample}
    groups = group_pods([pod("a", **fields)], samples, resource, NOW_S, DEFAULT_FLAGS)
    names = {
        "ready": groups.ready,
        "unready": groups.unready,
        "missing": groups.missing,
        "ignored": groups.ignored,
    }
    (found,) = [name for name, members in names.items() if members]
    return found


@pytest.mark.parametrize(
    ("fields", "group"),
    [
        ({}, "ready"),
        ({"is_deleting": True}, "ignored"),
        ({"phase": "Failed"}, "ignored"),
        ({"phase": "Pending"}, "unready"),
        ({"phase": "Pending", "is_deleting": True}, "ignored"),
        ({"phase": "Pending", "sample": None}, "unready"),
        ({"sample": None}, "missing"),
        ({"sample": None, "is_ready": False}, "missing"),
        ({"phase": "Succeeded"}, "ready"),
        ({"started_s": None}, "unready"),
        ({"is_ready": None}, "unready"),
    ],
)
def test_what_a_pod_counts_as(fields: dict[str, Any], group: str) -> None:
    """Going away before starting, starting before having no sample."""
    assert group_of(**fields) == group


@pytest.mark.parametrize(
    ("age_s", "is_ready", "ready_age_s", "group"),
    [
        (299.0, True, 100.0, "ready"),
        (299.0, False, 100.0, "unready"),
        # Of 15 s, the sample must begin no earlier than readiness; it ended 5 s ago.
        (299.0, True, 20.0, "ready"),
        (299.0, True, 19.9, "unready"),
        # After its start a pod counts, but if it was never ready.
        (300.0, True, 1.0, "ready"),
        (300.0, False, 100.0, "ready"),
        (300.0, False, 270.0, "ready"),
        (300.0, False, 270.1, "unready"),
    ],
)
def test_cpu_of_a_pod_that_starts(
    age_s: float, is_ready: bool, ready_age_s: float, group: str
) -> None:
    """Five minutes from startTime it must be ready, with a sample that began since."""
    since = {"started_s": NOW_S - age_s, "ready_changed_s": NOW_S - ready_age_s}
    assert group_of(is_ready=is_ready, **since) == group


@pytest.mark.parametrize("resource", ["memory", ""])
def test_readiness_is_asked_for_cpu_alone(resource: str) -> None:
    """Memory and custom metrics count from the first sample on."""
    since = {"started_s": NOW_S - 10, "ready_changed_s": NOW_S - 10}
    assert group_of(resource, is_ready=False, **since) == "ready"


def test_all_pods_are_in_one_group_each() -> None:
    """Groups keep the names, in order."""
    pods = [pod("a"), pod("b"), pod("c", phase="Pending"), pod("d"), pod("e", is_deleting=True)]
    samples = dict.fromkeys("ad", FRESH)
    assert group_pods(pods, samples, "cpu", NOW_S, DEFAULT_FLAGS) == PodGroups(
        ready=("a", "d"), unready=("c",), missing=("b",), ignored=("e",)
    )
