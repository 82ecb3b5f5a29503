"""One resource followed: what is asked next, whatever the API server has answered."""

from __future__ import annotations

import pytest

from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.follow.watch_story import WatchStory
from asr_loadtest.cluster.kubernetes.resources import WatchedResource
from told_stories import After, Telling, a_deployment, a_list, a_status, an_event, tell

DEPLOYMENTS = WatchedResource("deployments", "/deployments", {"fieldSelector": "metadata.name=asr"})
REFUSED = TroubleError("Connection refused")
FORBIDDEN = TroubleError("HTTP 403: no", 403)
REVOKED = TroubleError("HTTP 401: Unauthorized", 401)
OPENED = None
END = None


def follow(*answers: object) -> Telling:
    """Follow the Deployment through these answers."""
    return tell(lambda means: WatchStory(DEPLOYMENTS, means).tell(), answers)


def replicas(told: Telling) -> list[int]:
    """Of all that was seen of the Deployment."""
    return [each.replicas for each in told.objects]


def test_list_comes_first_and_the_watch_begins_at_its_version() -> None:
    """Nothing is missed between them; bookmarks and an end are asked for."""
    told = follow(a_list(7, a_deployment(5, 2)), OPENED)
    assert told.asked[0] == {"fieldSelector": "metadata.name=asr", "limit": "500"}
    assert told.asked[1] == {
        "fieldSelector": "metadata.name=asr",
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": "7",
        "timeoutSeconds": "60",
    }
    assert replicas(told) == [2]
    assert told.states == [(True, "")]


def test_list_in_pages_is_one_list() -> None:
    """A page's continue token leads to the next; the objects are told together."""
    second = a_deployment(6, 2, "u-2", "b")
    told = follow(a_list(7, a_deployment(5), more="token"), a_list(7, second), OPENED)
    assert [each.get("continue") for each in told.asked] == [None, "token", None]
    assert [each.name for each in told.objects] == ["asr", "b"]


def test_list_begins_anew_when_its_next_page_is_too_old() -> None:
    """HTTP's own 410, to a continue token: the fresh token would give a list that is none."""
    told = follow(a_list(7, a_deployment(5), more="old"), TroubleError("too old", 410), a_list(9))
    assert [each.get("continue") for each in told.asked] == [None, "old", None, None]
    assert told.asked[3]["resourceVersion"] == "9"


def test_watch_goes_on_where_it_ended() -> None:
    """From the last object or bookmark, at once, and without a new list."""
    bookmark = an_event(
        "BOOKMARK", {"metadata": {"resourceVersion": "12"}, "spec": {"replicas": 0}}
    )
    lines = [an_event("MODIFIED", a_deployment(9, 3)), bookmark, After(60, END)]
    told = follow(a_list(7, a_deployment(5, 2)), OPENED, *lines, OPENED)
    assert told.asked[-1]["resourceVersion"] == "12"
    assert told.waits == []


def test_bookmark_is_no_state() -> None:
    """Its zeros are a skeleton's: nobody has scaled to 0 replicas."""
    bookmark = an_event("BOOKMARK", a_deployment(12, 0))
    assert replicas(follow(a_list(7, a_deployment(5, 2)), OPENED, bookmark)) == [2]


@pytest.mark.parametrize(
    "expired",
    [
        [OPENED, a_status(410, "too old resource version: 7 (90)")],
        [OPENED, a_status(410, "The resourceVersion for the provided watch is too old.")],
        [TroubleError("HTTP 410: Expired", 410)],
    ],
    ids=["watch cache", "events", "http"],
)
def test_410_in_any_shape_leads_to_a_list_and_what_vanished_is_gone(expired: list[object]) -> None:
    """An object that was deleted meanwhile has sent no DELETED; the list lacks it."""
    gone, kept = a_deployment(5, 2), a_deployment(6, 1, "u-2", "b")
    told = follow(a_list(7, gone, kept), *expired, a_list(99, kept), OPENED)
    assert [(each.name, each.is_gone) for each in told.objects] == [
        ("asr", False),
        ("b", False),
        ("asr", True),
    ]
    assert told.asked[-1]["resourceVersion"] == "99"
    assert told.states == [(True, "")]


def test_410_again_and_again_is_met_with_pauses() -> None:
    """Else list and watch would follow each other as fast as the server answers."""
    expired = [OPENED, a_status(410, "too old")]
    told = follow(*[a_list(7), *expired] * 5)
    assert told.waits == [2.0, 4.0, 8.0, 8.0]


def test_history_sent_again_is_not_believed() -> None:
    """An old version that the server still knows is not refused: old numbers come once more."""
    lines = [an_event("MODIFIED", a_deployment(each, each)) for each in (3, 4, 5, 9)]
    told = follow(a_list(7, a_deployment(5, 5)), OPENED, *lines)
    assert replicas(told) == [5, 9]


def test_object_of_the_past_is_not_met_in_history() -> None:
    """What was created and deleted before the list is no news."""
    lines = [
        an_event("ADDED", a_deployment(2, 1, "old")),
        an_event("DELETED", a_deployment(3, 1, "old")),
    ]
    assert replicas(follow(a_list(7, a_deployment(5, 5)), OPENED, *lines)) == [5]


def test_deleted_object_is_gone_once() -> None:
    """A DELETED that comes again says nothing."""
    deleted = an_event("DELETED", a_deployment(9, 2))
    told = follow(a_list(7, a_deployment(5, 2)), OPENED, deleted, deleted)
    assert [each.is_gone for each in told.objects] == [False, True]


def test_change_that_is_none_to_us_is_not_told() -> None:
    """A heartbeat in the status, say: the version is new and nothing that is kept of it."""
    told = follow(
        a_list(7, a_deployment(5, 2)),
        OPENED,
        an_event("MODIFIED", a_deployment(9, 2)),
        After(9, END),
    )
    assert replicas(told) == [2]
    assert told.asked[-1]["resourceVersion"] == "9"


def test_unknown_type_of_event_is_let_pass() -> None:
    """What a later Kubernetes adds must not end the watch."""
    told = follow(a_list(7), OPENED, an_event("NEWS", {}), an_event("ADDED", a_deployment(9, 3)))
    assert replicas(told) == [3]


def test_object_that_cannot_be_read_is_let_pass() -> None:
    """One that lacks what the API promises must not end the watch either."""
    nameless = {"metadata": {"uid": "u-1", "resourceVersion": "8"}}
    lines = [an_event("ADDED", nameless), an_event("MODIFIED", a_deployment(9, 3))]
    assert replicas(follow(a_list(7), OPENED, *lines)) == [3]


@pytest.mark.parametrize("line", [b'{"type":"MODIFIED","object":{"ki', b"<html>", b'{"type": 1}'])
def test_line_that_cannot_be_read_ends_the_watch_and_it_goes_on(line: bytes) -> None:
    """A connection may break anywhere; the version before it holds."""
    told = follow(a_list(7, a_deployment(5, 2)), OPENED, line, OPENED)
    assert told.asked[-1]["resourceVersion"] == "7"
    assert told.waits == [1.0]
    assert told.states == [(True, ""), (False, "a line of the watch cannot be read"), (True, "")]


def test_server_that_is_away_is_asked_more_and_more_rarely() -> None:
    """Half a second to 8 s; one word that it is away, one that it is back."""
    told = follow(a_list(7), OPENED, After(60, REFUSED), *[REFUSED] * 5, OPENED)
    assert told.waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert told.states == [(True, ""), (False, "Connection refused"), (True, "")]
    assert {each["resourceVersion"] for each in told.asked[1:]} == {"7"}


def test_pauses_begin_anew_after_a_watch_that_went_well() -> None:
    """Yesterday's outage is no reason to wait long today."""
    told = follow(a_list(7), *[REFUSED] * 4, OPENED, After(5, REFUSED))
    assert told.waits == [1.0, 2.0, 4.0, 8.0, 1.0]


def test_watch_that_ends_at_once_is_not_reopened_at_once() -> None:
    """A proxy that closes each stream must not be met with a thousand requests."""
    told = follow(a_list(7), *[OPENED, END] * 4)
    assert told.waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("status", [429, 503, 504])
def test_retry_after_is_honoured(status: int) -> None:
    """Who asks to be left alone is, even if our own pause were shorter."""
    told = follow(TroubleError("HTTP: later", status, 5.0), a_list(7))
    assert told.waits == [5.0]


def test_403_counts_only_when_it_lasts() -> None:
    """A server that has just started has not read its roles yet."""
    told = follow(a_list(7), OPENED, After(60, REFUSED), FORBIDDEN, OPENED)
    assert told.states == [(True, ""), (False, "Connection refused"), (True, "")]
    assert told.waits == [1.0, 2.0]


def test_403_after_a_second_crash_is_none_that_lasts() -> None:
    """Each crash has its own."""
    told = follow(FORBIDDEN, a_list(7), OPENED, After(600, END), FORBIDDEN, OPENED)
    assert told.states == [(True, "")]


def test_403_that_lasts_is_told_and_asked_again_slowly() -> None:
    """Somebody may grant the right; it is never final."""
    told = follow(*[FORBIDDEN] * 6, a_list(7))
    assert told.waits == [1.0, 2.0, 4.0, 8.0, 30.0, 30.0]
    assert told.states == [(False, "forbidden: HTTP 403: no"), (True, "")]


def test_401_renews_the_credentials_at_once() -> None:
    """A token that a kubelet or a plugin has replaced is no trouble."""
    told = follow(a_list(7), OPENED, After(60, END), REVOKED, OPENED)
    assert told.renewals == 1
    assert told.waits == []
    assert told.states == [(True, "")]


def test_401_that_lasts_is_told_and_asked_again_slowly() -> None:
    """Each time with the credentials as they are by then."""
    told = follow(a_list(7), *[REVOKED] * 4, OPENED)
    assert told.renewals == 4
    assert told.waits == [30.0, 30.0, 30.0]
    assert told.states == [
        (True, ""),
        (False, "not authorised: HTTP 401: Unauthorized"),
        (True, ""),
    ]


def test_answer_that_is_no_list_is_trouble() -> None:
    """A proxy's login page, or any other JSON."""
    told = follow({"hello": "world"}, a_list(7))
    assert told.states[0] == (False, "what came is no list of a Kubernetes API")


def test_error_within_a_watch_that_is_not_410_goes_on_from_the_same_version() -> None:
    """An ERROR of another kind says nothing about what we know."""
    told = follow(a_list(7), OPENED, a_status(500, "etcdserver: leader changed"), OPENED)
    assert told.asked[-1]["resourceVersion"] == "7"
    assert told.states[1] == (False, "etcdserver: leader changed")


def test_unknown_refusal_is_asked_again_slowly() -> None:
    """What no retrying mends, such as 400, and perhaps somebody else does."""
    told = follow(TroubleError("HTTP 400: bad", 400), a_list(7))
    assert told.waits == [30.0]
    assert told.states[0] == (False, "HTTP 400: bad")
