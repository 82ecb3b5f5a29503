"""Timelines made from HPA syncs: a watcher finds in them what the trace says happened."""

from __future__ import annotations

import json

import pytest

from asr_loadtest.replay.api.access import Api
from asr_loadtest.replay.api.questions import Question
from asr_loadtest.replay.resources import DEPLOYMENTS, EVENTS, HPAS, PDBS, PODS, REPLICASETS
from recorded_cluster import TRACES, recorded, trace

METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/hpa-lab/pods"


def sizes(resource, name: str) -> list[tuple[float, int]]:
    """Give when the wanted number of replicas changed, and to what."""
    found: list[tuple[float, int]] = []
    for change in recorded(f"hpa/{name}").history.changes_after(resource, 0):
        size = change.object["spec"]["replicas"]
        if not found or found[-1][1] != size:
            found.append((change.at_s, size))
    return found


@pytest.mark.parametrize("name", TRACES)
def test_deployment_has_the_recorded_sizes(name: str) -> None:
    """It begins with the pods that were there and follows each rescale within 0.2 s."""
    told = trace(name)
    if told["settings"].get("no_deployment"):
        assert sizes(DEPLOYMENTS, name) == []
        return
    rescales = [(sync["t"], sync["rescale"]["to"]) for sync in told["syncs"] if sync.get("rescale")]
    manual = [(a["t"], a["body"]["spec"]["replicas"]) for a in told["actions"]]
    first, *others = sizes(DEPLOYMENTS, name)
    assert first == (0.0, len(told["pods_before_t0"]))
    expected = sorted(rescales + manual)
    assert [to for _, to in others] == [to for _, to in expected]
    for (at_s, _), (decided_s, _) in zip(others, expected, strict=True):
        assert 0 <= at_s - decided_s < 0.2
    assert [to for _, to in sizes(REPLICASETS, name)] == [to for _, to in [first, *others]]


@pytest.mark.parametrize("name", TRACES)
def test_hpa_status_is_each_written_one(name: str) -> None:
    """Replicas, metrics and conditions of every sync that wrote the status; zeros are left out."""
    written = [sync for sync in trace(name)["syncs"] if sync["status_written"]]
    created, *changes = recorded(f"hpa/{name}").history.changes_after(HPAS, 0)
    assert created.object["status"] == {"desiredReplicas": 0, "currentMetrics": None}
    assert len(changes) == len(written)
    for change, sync in zip(changes, written, strict=True):
        status, told = change.object["status"], sync["status"]
        assert status.get("currentReplicas", 0) == (told["current"] or 0)
        assert status["desiredReplicas"] == told["desired"]
        found = [m.get("resource", {}).get("current") for m in status["currentMetrics"] or []]
        expected = [
            m and {"averageValue": m["avg"], "averageUtilization": m["util"]}
            for m in told["metrics"]
        ]
        assert found == expected
        reasons = {c["type"]: [c["status"], c["reason"]] for c in status["conditions"]}
        assert reasons == {kind: row[:2] for kind, row in sync["conditions"].items()}
        assert change.object["spec"] == trace(name)["hpa_spec"]


@pytest.mark.parametrize("name", TRACES)
def test_pods_are_those_that_the_controller_was_served(name: str) -> None:
    """At each sync as many pods, as many of them ready, and as many being deleted."""
    history = recorded(f"hpa/{name}").history
    for sync in trace(name)["syncs"]:
        if "inputs" not in sync:
            continue
        pods = history.objects(PODS, history.version_at(sync["t"]))
        told = sync["inputs"]["pods"]
        ready = [p for p in pods if is_ready(p)]
        deleting = [p for p in pods if "deletionTimestamp" in p["metadata"]]
        counts = (len(told), sum(p["ready"] for p in told), sum(p["deleting"] for p in told))
        assert (len(pods), len(ready), len(deleting)) == counts


def is_ready(pod: dict) -> bool:
    """Tell whether the condition Ready is True."""
    conditions = pod["status"].get("conditions", [])
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)


def test_pod_metrics_are_those_of_the_last_sync() -> None:
    """The samples that the controller was served at 361.66 s, but for the pod that was gone."""
    api = Api(recorded("hpa/scale-down"))
    body = json.loads(api.answer(Question("GET", METRICS), 370.0).body)
    assert [each["containers"][0]["usage"] for each in body["items"]] == [
        {"cpu": "20000000n", "memory": "4194304Ki"}
    ] * 4
    assert {each["timestamp"] for each in body["items"]} == {"2026-11-23T09:05:14Z"}


def test_metrics_outage_is_played() -> None:
    """While the backend had none, the metrics API answers 503, before and afterwards 200."""
    api = Api(recorded("hpa/outage"))
    statuses = [api.answer(Question("GET", METRICS), at_s).status for at_s in (50, 110, 250)]
    assert statuses == [200, 503, 200]


def test_events_of_like_named_scenarios_stay_out() -> None:
    """The lab ran flap-out-slow beside flap-out; what that one did is not told of this one."""
    changes = recorded("hpa/flap-out").history.changes_after(EVENTS, 0)
    assert [c for c in changes if "flap-out-slow" in c.object["message"]] == []


def test_events_that_come_again_are_the_same_object() -> None:
    """A warning at each sync is one event whose count grows, as far as events were not lost."""
    changes = recorded("hpa/no-target").history.changes_after(EVENTS, 0)
    assert len({change.name for change in changes}) == 1
    assert [change.type for change in changes] == ["ADDED"] + ["MODIFIED"] * (len(changes) - 1)
    assert [change.object["count"] for change in changes] == [*range(1, 27), 41]


def test_budget_follows_the_pods() -> None:
    """One pod: no disruption allowed; more as soon as a second one is ready."""
    changes = recorded("hpa/step-up").history.changes_after(PDBS, 0)
    allowed = [change.object["status"]["disruptionsAllowed"] for change in changes]
    assert allowed == [0, 0, 1, 1, 2, 2, 3]


def test_condition_tells_since_when_it_has_been_so() -> None:
    """Available has been True since before the HPA came, and turns at the first rescale."""
    changes = recorded("hpa/step-up").history.changes_after(DEPLOYMENTS, 0)
    times = []
    for change in changes[:4]:
        conditions = {each["type"]: each for each in change.object["status"]["conditions"]}
        available = conditions["Available"]
        times.append((available["status"], available["lastTransitionTime"][11:19]))
    assert times == [
        ("True", "08:48:47"),
        ("True", "08:48:47"),
        ("False", "09:01:12"),
        ("False", "09:01:12"),
    ]


def test_names_are_those_of_the_trace() -> None:
    """The ReplicaSet is the one that the events name, its pods are its children."""
    history = recorded("hpa/step-up").history
    replica_set = history.changes_after(REPLICASETS, 0)[0].object
    pod = history.changes_after(PODS, 0)[0].object
    assert replica_set["metadata"]["name"] == "step-up-56fb684ff9"
    assert pod["metadata"]["ownerReferences"][0]["uid"] == replica_set["metadata"]["uid"]
    assert recorded("hpa/step-up").hpa == "step-up"
