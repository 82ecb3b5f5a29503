"""What a watch is sent and when, with other timeouts and faults than were recorded."""

from __future__ import annotations

import json

import pytest

from asr_loadtest.replay.api.access import Api
from asr_loadtest.replay.api.answers import Watch
from asr_loadtest.replay.api.questions import Question
from asr_loadtest.replay.api.watching import Step
from asr_loadtest.replay.faults import Fault
from asr_loadtest.replay.resources import DEPLOYMENTS, EVENTS, HPAS, PODS, WATCHED, Resource
from recorded_cluster import recorded

NAME = "step-up-hard"


def steps(
    resource: Resource = HPAS,
    *,
    at_s: float = 0.0,
    api: Api | None = None,
    faults: tuple[Fault, ...] = (),
    **query: object,
) -> list[Step]:
    """Give all of a watch's steps."""
    api = api or Api(recorded(NAME), faults)
    texts = {key: str(value) for key, value in query.items()}
    question = Question("GET", resource.path(NAME), {"watch": "true", **texts})
    given = api.answer(question, at_s)
    assert isinstance(given, Watch)
    return list(given.steps)


def events(found: list[Step]) -> list[tuple[float, str, int]]:
    """Give time, type and version of each event."""
    parsed = [(step.at_s, json.loads(step.line)) for step in found if step.line]
    return [
        (at_s, e["type"], int(e["object"]["metadata"].get("resourceVersion", 0)))
        for at_s, e in parsed
    ]


def listed(api: Api, resource: Resource, at_s: float) -> int:
    """List; gives the version."""
    given = api.answer(Question("GET", resource.path(NAME)), at_s)
    return int(json.loads(given.body)["metadata"]["resourceVersion"])


@pytest.mark.parametrize("timeout_s", [7, 60, 400])
@pytest.mark.parametrize("resource", WATCHED, ids=lambda each: each.plural)
def test_short_watches_one_after_the_other_miss_nothing(resource: Resource, timeout_s: int) -> None:
    """Going on at the last version seen, or listing again after a 410, gives each change once."""
    api = Api(recorded(NAME))
    version, at_s, seen = listed(api, resource, 0.0), 0.0, []
    while at_s < 930:
        query = {"resourceVersion": version, "timeoutSeconds": timeout_s}
        found = steps(resource, api=api, at_s=at_s, allowWatchBookmarks="true", **query)
        told = events(found)
        seen += [v for _, kind, v in told if kind not in ("BOOKMARK", "ERROR")]
        version = max([version, *(v for _, _, v in told)])
        at_s = found[-1].at_s
        if told and told[0][1] == "ERROR":
            version = listed(api, resource, at_s)
    expected = [change.version for change in recorded(NAME).history.changes_after(resource, 387)]
    assert seen == expected


def test_watch_ends_at_its_timeout_in_real_seconds() -> None:
    """At 20 times the speed a timeout of 30 s is worth 600 s of the recording."""
    api = Api(recorded(NAME), speed=20.0)
    last = steps(api=api, at_s=100.0, timeoutSeconds=30)[-1]
    assert (last.at_s, last.ending) == (700.0, "close")


def test_bookmarks_come_every_minute_and_before_the_end() -> None:
    """Each has the store's version of its moment, and all changes up to it were sent."""
    found = events(steps(resourceVersion=387, timeoutSeconds=200, allowWatchBookmarks="true"))
    marks = [(at_s, version) for at_s, kind, version in found if kind == "BOOKMARK"]
    assert [at_s for at_s, _ in marks] == [60.0, 120.0, 180.0, 199.0]
    history = recorded(NAME).history
    for at_s, version in marks:
        assert version == history.version_at(at_s)
        sent = [v for t, kind, v in found if t <= at_s and kind != "BOOKMARK"]
        due = [c.version for c in history.changes_after(HPAS, 387) if c.version <= version]
        assert sent == due


def test_events_get_no_bookmarks_nor_does_who_does_not_ask() -> None:
    """Only those kinds that have bookmarks, and only on demand."""
    asked = {"resourceVersion": 387, "timeoutSeconds": 300}
    for_events = steps(EVENTS, **asked, allowWatchBookmarks="true")
    for found in (for_events, steps(HPAS, **asked)):
        assert "BOOKMARK" not in {kind for _, kind, _ in events(found)}


@pytest.mark.parametrize("query", [{}, {"resourceVersion": 0}])
def test_watch_without_version_begins_with_what_there_is(query: dict[str, int]) -> None:
    """Five pods as ADDED at once, whatever became of them before."""
    found = events(steps(PODS, at_s=200.0, timeoutSeconds=60, **query))
    assert [(at_s, kind) for at_s, kind, _ in found] == [(200.0, "ADDED")] * 5


def test_streamed_list_ends_with_a_bookmark_that_says_so() -> None:
    """sendInitialEvents: the objects, then a bookmark with the annotation for their end."""
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "timeoutSeconds": 10}
    lines = [json.loads(step.line) for step in steps(at_s=200.0, **query) if step.line]
    assert [each["type"] for each in lines[:2]] == ["ADDED", "BOOKMARK"]
    annotations = lines[1]["object"]["metadata"]["annotations"]
    assert annotations == {"k8s.io/initial-events-end": "true"}


def test_future_version_stays_silent() -> None:
    """A watch from a version that has not been says nothing until its timeout."""
    query = {"resourceVersion": 10**9, "timeoutSeconds": 300, "allowWatchBookmarks": "true"}
    assert [step.line for step in steps(**query)] == [b""]


def test_quiet_events_watch_expires() -> None:
    """Events of second 140 are too old for a new watch at 650, not at 550: compaction."""
    version = recorded(NAME).history.changes_after(EVENTS, 0)[-1].version
    query = {"resourceVersion": version, "timeoutSeconds": 10}
    assert events(steps(EVENTS, at_s=550.0, **query)) == []
    refused = steps(EVENTS, at_s=650.0, **query)
    assert [step.at_s for step in refused] == [650.0, 650.0]
    status = json.loads(refused[0].line)["object"]
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"] == "The resourceVersion for the provided watch is too old."
    assert refused[-1].ending == "close"


def test_restart_makes_old_versions_too_old_but_not_those_of_a_new_list() -> None:
    """A watch breaks at the crash; its version gets 410; a list afterwards leads on."""
    api = Api(recorded(NAME), [Fault("restart", 100)])
    broken = steps(api=api, resourceVersion=387, timeoutSeconds=300)
    assert (broken[-1].at_s, broken[-1].ending) == (100, "drop")
    old = events(broken)[-1][2]
    again = steps(api=api, at_s=108.5, resourceVersion=old, timeoutSeconds=300)
    message = json.loads(again[0].line)["object"]["message"]
    assert message.startswith(f"too old resource version: {old} (")
    version = listed(api, HPAS, 108.5)
    fresh = events(steps(api=api, at_s=108.5, resourceVersion=version, timeoutSeconds=60))
    assert fresh[0][1:] == ("MODIFIED", 494)


def test_restart_leaves_events_as_they_are() -> None:
    """Events come from the store: their watch goes on from an old version, as recorded."""
    api = Api(recorded(NAME), [Fault("restart", 100)])
    found = events(steps(EVENTS, api=api, at_s=108.5, resourceVersion=387, timeoutSeconds=60))
    assert {kind for _, kind, _ in found} == {"ADDED"}


def test_expiry_ends_open_watches_with_an_error() -> None:
    """Both messages: that of the cache, and that of the store for events."""
    texts = []
    for resource in (DEPLOYMENTS, EVENTS):
        found = steps(resource, faults=(Fault("expire", 100),), resourceVersion=387)
        assert [step.at_s for step in found[-2:]] == [100, 100]
        assert found[-1].ending == "close"
        texts.append(json.loads(found[-2].line)["object"]["message"])
    assert texts[0].startswith("too old resource version: ")
    assert texts[1] == "The resourceVersion for the provided watch is too old."


@pytest.mark.parametrize("kind", ["drop", "reset", "close"])
def test_open_watches_end_by_a_fault(kind: str) -> None:
    """What was due before is sent, and nothing after."""
    found = steps(faults=(Fault(kind, 100),), resourceVersion=387, timeoutSeconds=300)
    assert (found[-1].at_s, found[-1].ending) == (100, kind)
    assert events(found)[-1][2] == 483


def test_silence_holds_everything_back() -> None:
    """Nothing is sent for its time, not even a bookmark or the end; then all of it, in order."""
    query = {"resourceVersion": 387, "timeoutSeconds": 150, "allowWatchBookmarks": "true"}
    heard = steps(faults=(Fault("silence", 70, 100),), **query)
    whole = steps(**query)
    assert [step.line for step in heard] == [step.line for step in whole]
    assert not [step for step in heard if 70 <= step.at_s < 170]
    assert heard[-1].at_s == 170


def test_last_state_stays_after_the_recording() -> None:
    """Long after its end a list shows the end, and a watch has bookmarks to send."""
    query = {"resourceVersion": 900, "timeoutSeconds": 100, "allowWatchBookmarks": "true"}
    found = events(steps(at_s=2000.0, **query))
    assert [at_s for at_s, _, _ in found] == [2060.0, 2099.0]
    api = Api(recorded(NAME))
    items = json.loads(api.answer(Question("GET", PODS.path(NAME)), 9999.0).body)["items"]
    assert len(items) == 5


def test_label_selector_holds_for_watches() -> None:
    """A watch of another application's pods is sent nothing."""
    query = {"resourceVersion": 387, "timeoutSeconds": 300}
    assert events(steps(PODS, labelSelector="app=other", **query)) == []
    assert events(steps(PODS, labelSelector="app=triton-multilingual-asr", **query))
