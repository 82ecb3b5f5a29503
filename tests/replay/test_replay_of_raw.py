"""Raw recordings: asked as the recorded client asked, the stand-in answers as the server did."""

from __future__ import annotations

import json

import pytest

from asr_loadtest.replay.api.access import Api
from asr_loadtest.replay.api.answers import Answer, Watch
from asr_loadtest.replay.api.questions import Question
from asr_loadtest.replay.api.wire import encode_line, encode_spaced
from asr_loadtest.replay.faults import Fault
from asr_loadtest.replay.resources import DEPLOYMENTS, HPAS, PODS
from recorded_cluster import SCENARIOS, recorded, records, watches


def question(record: dict) -> Question:
    """Ask again what was asked."""
    return Question("GET", record["path"], record["query"] or {})


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_recorded_answer_comes_again(name: str) -> None:
    """Lists, metrics and refusals have the recorded status and, byte for byte, body."""
    api = Api(recorded(name))
    asked = [r for r in records(name) if r["kind"] in ("list", "get") and r["status"]]
    assert asked
    for record in asked:
        answer = api.answer(question(record), record["t"])
        of_metrics = "metrics.k8s.io" in record["path"] and record["status"] == 200
        expected = (encode_spaced if of_metrics else encode_line)(record["body"])
        assert isinstance(answer, Answer)
        assert (answer.status, answer.body) == (record["status"], expected)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_recorded_watch_comes_again(name: str) -> None:
    """A watch is sent the recorded lines, byte for byte: changes, replayed history, and 410."""
    api = Api(recorded(name))
    for seen in watches(name):
        answer = api.answer(question(seen.opened), seen.opened["t"])
        told = [r["body"] for r in seen.events if r["body"].get("type") != "BOOKMARK"]
        if isinstance(answer, Answer):
            assert answer.status == seen.opened["status"]
            assert answer.body == encode_line(told[0])
            continue
        lines = []
        for step in answer.steps:
            if step.ending or step.at_s > seen.ended_s:
                break
            if json.loads(step.line)["type"] != "BOOKMARK":
                lines.append(step.line)
        assert lines == [encode_line(each) for each in told]


@pytest.mark.parametrize("name", SCENARIOS)
def test_bookmarks_are_the_recorded_skeletons(name: str) -> None:
    """Apart from its version a bookmark is what the server sent for that kind: zeros."""
    api = Api(recorded(name))
    for seen in watches(name):
        answer = api.answer(question(seen.opened), seen.opened["t"])
        recorded_ones = [r["body"] for r in seen.events if r["body"].get("type") == "BOOKMARK"]
        if not recorded_ones or not isinstance(answer, Watch):
            continue
        ours = (json.loads(step.line) for step in answer.steps if step.line)
        first = next(event for event in ours if event["type"] == "BOOKMARK")
        first["object"]["metadata"] = recorded_ones[0]["object"]["metadata"]
        assert encode_line(first) == encode_line(recorded_ones[0])


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_doubled_and_time_follows_versions(name: str) -> None:
    """Each version of an object is one change, though lists and old versions showed it again."""
    changes = recorded(name).history.changes
    versions = [change.version for change in changes]
    assert versions == sorted(set(versions))
    times = [change.at_s for change in changes]
    assert times == sorted(times)


def test_history_seen_late_is_put_where_it_belongs() -> None:
    """A watch from version 1, near second 200, showed what had been before the recording began."""
    changes = recorded("slow-gpu-start").history.changes_after(DEPLOYMENTS, 0)
    before = [change.object["spec"]["replicas"] for change in changes if change.at_s == 0]
    assert [change.type for change in changes].count("ADDED") == 1
    assert before == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("step-up-hard", [(79.337, 3), (139.59, 5)]),
        ("scale-down-lowmem", [(276.21, 4), (336.413, 3), (396.622, 2), (456.84, 1)]),
        ("slow-gpu-start", [(99.623, 2), (114.681, 3), (295.291, 5), (701.637, 4)]),
    ],
)
def test_rescales_come_when_they_were_recorded(
    name: str, expected: list[tuple[float, int]]
) -> None:
    """The Deployment's size changes at the seconds that the recording's index gives."""
    rescales = []
    size = None
    for change in recorded(name).history.changes_after(DEPLOYMENTS, 0):
        if size not in (None, change.object["spec"]["replicas"]):
            rescales.append((change.at_s, change.object["spec"]["replicas"]))
        size = change.object["spec"]["replicas"]
    assert [to for _, to in rescales] == [to for _, to in expected]
    for (at_s, _), (recorded_s, _) in zip(rescales, expected, strict=True):
        assert at_s == pytest.approx(recorded_s, abs=0.02)


def test_autoscaler_appears_when_it_was_created() -> None:
    """A recording that began before the HPA shows none until then."""
    history = recorded("step-up-hard").history
    assert history.objects(HPAS, history.version_at(4.0)) == []
    assert len(history.objects(HPAS, history.version_at(4.1))) == 1


def test_deleted_pods_vanish() -> None:
    """Five pods at the beginning, one at the end: the others' DELETED events were taken in."""
    history = recorded("scale-down-lowmem").history
    sizes = [len(history.objects(PODS, history.version_at(t))) for t in (0, 300, 900)]
    assert sizes == [5, 4, 1]


def test_failures_of_the_recorded_server_are_found() -> None:
    """A crash and a polite stop, as the recorded client met them."""
    found = [(f.kind, round(f.at_s), f.until_s) for f in recorded("server-restart").faults]
    assert found == [
        ("refuse", 9, pytest.approx(16.2, abs=0.1)),
        ("drop", 9, pytest.approx(18.9, abs=0.1)),
        ("forbid", 16, pytest.approx(17.2, abs=0.1)),
        ("refuse", 40, float("inf")),
        ("close", 95, pytest.approx(105.3, abs=0.1)),
    ]


def test_revoked_token_stays_revoked() -> None:
    """From the first 401 on there was no other answer."""
    assert recorded("token-revoked").faults == [Fault("revoke", 12.152, float("inf"))]


@pytest.mark.parametrize(
    ("name", "started"),
    [
        ("step-up-hard", "2026-11-23T09:57:29.02"),
        ("scale-down-lowmem", "2026-11-23T09:58:13.02"),
        ("slow-gpu-start", "2026-11-23T09:57:39.02"),
    ],
)
def test_start_is_found_from_the_objects_times(name: str, started: str) -> None:
    """The newest time in what was seen tells second 0, within the second that times resolve."""
    found = recorded(name).started
    assert abs((found - found.fromisoformat(f"{started}+00:00")).total_seconds()) < 1.0
