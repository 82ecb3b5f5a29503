"""The pods' metrics, asked for in turn: what is told, and how long is waited."""

from __future__ import annotations

import pytest

from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.follow.usage_story import tell_usage
from asr_loadtest.cluster.kubernetes.resources import WatchTarget
from told_stories import Telling, tell

TARGET = WatchTarget("dev", "asr-hpa", {}, "asr", "app=asr", {"app": "asr"})
PAGE = {
    "items": [
        {
            "metadata": {"name": "asr-1"},
            "timestamp": "2026-11-23T09:57:26Z",
            "containers": [{"name": "triton", "usage": {"cpu": "720m", "memory": "1Gi"}}],
        }
    ]
}


def look(*answers: object) -> Telling:
    """Look through these answers."""
    return tell(lambda means: tell_usage(TARGET, means), answers)


def test_metrics_are_asked_for_every_15_s() -> None:
    """Of our pods alone, as the controller does."""
    told = look(PAGE, PAGE)
    assert told.asked == [{"labelSelector": "app=asr"}] * 3
    assert told.steps[0].path == "/apis/metrics.k8s.io/v1beta1/namespaces/dev/pods"
    assert told.waits == [15.0, 15.0]
    assert told.seen[0].pods == {"asr-1": {"cpu": 0.72, "memory": 2.0**30}}


@pytest.mark.parametrize(
    ("status", "pause_s"), [(None, 15.0), (404, 30.0), (503, 30.0), (403, 30.0)]
)
def test_failure_is_told_and_asked_again(status: int | None, pause_s: float) -> None:
    """An API that is not there hardly comes; a server that is away does."""
    told = look(TroubleError("what is wrong", status), PAGE)
    assert [each.failure for each in told.seen] == ["what is wrong", ""]
    assert told.waits == [pause_s, 15.0]


def test_retry_after_is_honoured() -> None:
    """Who asks to be left alone is."""
    assert look(TroubleError("later", 429, 60.0)).waits == [60.0]


def test_401_renews_the_credentials_once() -> None:
    """Then it is a failure, until the next turn."""
    revoked = TroubleError("HTTP 401: Unauthorized", 401)
    told = look(revoked, revoked, revoked, PAGE)
    assert told.renewals == 2
    assert [each.failure for each in told.seen] == ["HTTP 401: Unauthorized", ""]


@pytest.mark.parametrize("page", [[], {"items": [{}]}, {"items": [{"metadata": {"name": 1}}, 7]}])
def test_answer_that_is_no_list_of_metrics_is_told(page: object) -> None:
    """Whoever has answered."""
    assert look(page).seen[0].failure == "what came is no PodMetricsList"
