"""The versioned store by itself, on a few made-up changes."""

from __future__ import annotations

from asr_loadtest.replay.history import Change, ChangeType, History
from asr_loadtest.replay.resources import HPAS, PODS, Resource


def change(at_s: float, version: int, name: str, kind: ChangeType = "MODIFIED") -> Change:
    """Make a pod's change."""
    thing = {"metadata": {"name": name, "resourceVersion": str(version)}}
    return Change(at_s, version, PODS, kind, thing)


CHANGES = [
    change(0, 10, "b", "ADDED"),
    change(0, 11, "a", "ADDED"),
    change(5, 20, "b"),
    change(9, 21, "b", "DELETED"),
]
HISTORY = History(CHANGES, [(0.0, 12), (5.0, 20), (9.0, 21)])


def names(version: int, resource: Resource = PODS) -> list[tuple[str, str]]:
    """Give names and versions of what there was."""
    found = [each["metadata"] for each in HISTORY.objects(resource, version)]
    return [(each["name"], each["resourceVersion"]) for each in found]


def test_objects_are_those_of_a_version() -> None:
    """In order of names, in their newest state by then, without what was deleted."""
    assert names(9) == []
    assert names(12) == [("a", "11"), ("b", "10")]
    assert names(20) == [("a", "11"), ("b", "20")]
    assert names(99) == [("a", "11")]
    assert names(99, HPAS) == []


def test_version_is_that_of_the_moment() -> None:
    """Also of moments before the first mark, and after the last."""
    assert [HISTORY.version_at(t) for t in (-1, 0, 4.9, 5, 1000)] == [12, 12, 12, 20, 21]


def test_changes_after_a_version_are_in_order() -> None:
    """The version itself has been seen."""
    assert HISTORY.changes_after(PODS, 11) == CHANGES[2:]
    assert HISTORY.changes_after(PODS, 0) == CHANGES
    assert HISTORY.changes_after(HPAS, 0) == ()


def test_forgetting_makes_room_for_a_new_list() -> None:
    """What was listed before is too old, what is listed afterwards is not."""
    forgetful = HISTORY.forgetting(6.0, [PODS])
    assert (forgetful.version_at(5.5), forgetful.version_at(6.0)) == (20, 20)
    calm = HISTORY.forgetting(3.0, [PODS])
    assert (calm.version_at(2.9), calm.version_at(3.0)) == (12, 13)
    assert [calm.oldest(PODS, t) for t in (2.9, 3.0)] == [0, 13]
    assert calm.oldest(HPAS, 3.0) == 0


def test_forgetting_where_versions_leave_no_room_spares_the_newest() -> None:
    """Version 21 is a pod's end: who lists at 20 must still be told of it."""
    forgetful = HISTORY.forgetting(6.0, [PODS])
    assert forgetful.oldest(PODS, 6.0) == 20
    assert forgetful.changes_after(PODS, 20) == CHANGES[3:]


def test_store_is_compacted_every_five_minutes() -> None:
    """Up to where it was five minutes before."""
    assert [HISTORY.compacted(t) for t in (0, 299, 300, 599, 600)] == [0, 0, 12, 12, 21]
