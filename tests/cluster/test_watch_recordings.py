"""What a real API server sent, answer by answer, straight through the watcher's stories."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError, refusal
from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.follow.story import (
    Ask,
    NextLine,
    OpenWatch,
    Report,
    Story,
)
from asr_loadtest.cluster.kubernetes.follow.watch_story import Means, WatchStory
from asr_loadtest.cluster.kubernetes.resources import WatchTarget, watched_resources
from asr_loadtest.cluster.kubernetes.sightings import HpaSeen, Sighting, sighting_to_fields
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from recorded_sightings import RECORDING_NAMES, recorded_sightings

DATA = Path(__file__).parents[1] / "data" / "kube-api"
INDEX = json.loads((DATA / "index.json").read_text())
NAME = "triton-multilingual-asr"
LABELS = {"app": NAME}

Record = Mapping[str, Any]


class Replayed:
    """One story, given what was recorded of its resource; the recording's time is the only one."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.seen: list[Sighting] = []
        self.asked: list[Ask | OpenWatch] = []
        self.at_s = 0.0
        self._records = records

    def tell(self, story: Story) -> list[Sighting]:
        """Give it one record after the other; what its step did not wait for is left out."""
        step = self._until_it_asks(story, next(story))
        for record in self._records:
            self.at_s = record["t"]
            fits, answer = answer_of(record, step)
            if fits:
                passed = story.throw(answer) if isinstance(answer, TroubleError) else None
                step = self._until_it_asks(story, passed or story.send(answer))
        story.close()
        return self.seen

    def _until_it_asks(self, story: Story, step: Any) -> Any:
        while not isinstance(step, Ask | OpenWatch | NextLine):
            if isinstance(step, Report):
                self.seen += step.sightings
            step = story.send(None)
        if not isinstance(step, NextLine):
            self.asked.append(step)
        return step


def answer_of(record: Record, step: Any) -> tuple[bool, Any]:
    """Tell whether a record is an answer to a step, and which."""
    phase, status = record.get("phase"), record["status"]
    is_request = not isinstance(step, NextLine)
    if phase == "error":
        return True, TroubleError(record["reason"])
    if phase in (None, "open") and status != 200:
        return is_request, refusal(status, json.dumps(record["body"]).encode(), None)
    if phase == "event" and status == 200:
        return not is_request, json.dumps(record["body"]).encode()
    if phase == "end":
        return not is_request, None
    wanted = {None: Ask, "open": OpenWatch}.get(phase)
    return wanted is not None and isinstance(step, wanted), record["body"]


def records_of(name: str) -> dict[str, list[Record]]:
    """A recording by what was asked for."""
    by_path: dict[str, list[Record]] = defaultdict(list)
    for line in gzip.decompress((DATA / f"{name}.jsonl.gz").read_bytes()).splitlines():
        record = json.loads(line)
        by_path[record["path"]].append(record)
    return by_path


def watched(name: str) -> Iterator[Replayed]:
    """All resources of a recording, each followed to its end."""
    records = records_of(name)
    namespace = next(path for path in records if path.endswith("/events")).split("/")[4]
    target = WatchTarget(namespace, f"{NAME}-hpa", {}, NAME, f"app={NAME}", LABELS)
    for resource in watched_resources(target):
        replayed = Replayed(records[resource.path])
        means = Means(
            lambda each=replayed: each.at_s, lambda each=replayed: each.at_s, lambda: 0.5, Pace()
        )
        replayed.tell(WatchStory(resource, means).tell())
        yield replayed


def timeline_of(name: str) -> ClusterTimeline:
    """What the watcher would have made of a recording."""
    return ClusterTimeline([seen for each in watched(name) for seen in each.seen])


@pytest.mark.parametrize("name", [n for n in INDEX if "deployment_rescales" in INDEX[n]])
def test_replica_changes_are_the_recorded_rescales(name: str) -> None:
    """Each once, at its instant, by the autoscaler, though history was sent again, and 410s."""
    timeline = timeline_of(name)
    changes = [[each.at_s, each.before, each.after] for each in timeline.changes]
    assert changes == INDEX[name]["deployment_rescales"]
    assert {each.by for each in timeline.changes} == {"autoscaler"}


@pytest.mark.parametrize("name", RECORDING_NAMES)
def test_nothing_is_doubled_and_nothing_is_zero(name: str) -> None:
    """No version twice, none older than the one before, and no bookmark's zeros."""
    timeline = timeline_of(name)
    for versions in (timeline.hpa, timeline.deployment, *timeline.pods.values()):
        assert all(a.at_s <= b.at_s for a, b in pairwise(versions))
        bare = [
            json.dumps({**sighting_to_fields(each), "at_s": 0}, sort_keys=True) for each in versions
        ]
        assert all(a != b for a, b in pairwise(bare))
    assert all(each.replicas >= 1 for each in timeline.deployment)
    # One that never had a metric has no wish either; the API itself says 0 then.
    active = [each for each in timeline.hpa if is_active(each)]
    assert all(each.desired >= 1 for each in active)
    events = [(each.uid, each.count) for each in timeline.events]
    assert len(set(events)) == len(events)


def is_active(hpa: HpaSeen) -> bool:
    """Whether the controller has measured something."""
    return "ScalingActive" in hpa.conditions and hpa.conditions["ScalingActive"].status == "True"


@pytest.mark.parametrize("name", RECORDING_NAMES)
def test_all_is_seen_that_a_plain_reader_of_the_recording_sees(name: str) -> None:
    """Replicas, ready pods and decisions over time are those of every version it ever sent."""
    ours, plain = timeline_of(name), ClusterTimeline(recorded_sightings(name))
    assert ours.replicas == plain.replicas
    assert ours.ready == plain.ready
    assert ours.desired == plain.desired
    assert ours.pods.keys() == plain.pods.keys()
    for uid, versions in ours.pods.items():
        assert versions[-1].is_gone == plain.pods[uid][-1].is_gone


@pytest.mark.parametrize("name", ["server-restart", "token-revoked"])
def test_outage_is_told(name: str) -> None:
    """Each resource says that it was not heard for a while."""
    timeline = timeline_of(name)
    silent = {each.resource for each in timeline.watching if not each.is_heard}
    assert len(silent) == 6


def test_403_after_a_crash_is_not_told() -> None:
    """It lasted a second: the server had not read its roles yet."""
    troubles = {each.trouble for each in timeline_of("server-restart").watching}
    assert not any("forbidden" in trouble for trouble in troubles)
