"""The client's count of good answers against the servers' own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from asr_client import ASRClient
from asr_client.embedded import EmbeddedTriton
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.cluster.triton.reconcile import answered_well, maybe_answered_well, reconcile
from asr_loadtest.cluster.triton.scrape import MetricsScraper
from asr_loadtest.cluster.triton.server_timeline import ServedCount, ServerTimeline
from asr_loadtest.load.outcomes import OUTCOMES, Outcome
from counting_server import CountingServer


def served(readings: Sequence[PodReading], until_s: float = 10.0) -> ServedCount:
    """The servers' count of a run from 0 s on."""
    return ServerTimeline(readings).served_count(0.0, until_s)


def a_run(requests: int, *, before: int = 0) -> list[PodReading]:
    """A server that is read before the first request and after the last reply."""
    server = CountingServer(done=100)
    readings = [server.reading(-2.0)]
    server.serve(before)
    readings.append(server.reading(-1.0))
    server.serve(requests)
    return [*readings, server.reading(11.0)]


@pytest.mark.parametrize(
    ("good", "maybe", "count", "agreement", "words"),
    [
        (50, 0, 50, "equal", "the client has 50 good answers, the servers count 50: they agree"),
        (50, 5, 53, "equal", "count 53, 3 of which did not reach the client: they agree"),
        (50, 5, 55, "equal", "they agree"),
        (50, 5, 56, "server_saw_more", "1 more than were sent"),
        (50, 5, 49, "server_saw_fewer", "1 are missing"),
        (50, 5, None, "unknown", "the servers' count is not known"),
    ],
)
def test_reconciliation_names_the_difference(
    good: int, maybe: int, count: int | None, agreement: str, words: str
) -> None:
    """What the server finished for nobody is no difference; beyond that there is one."""
    found = reconcile(good, maybe, ServedCount(count))
    assert (found.client, found.maybe, found.server) == (good, maybe, count)
    assert found.agreement == agreement
    assert words in found.words


def test_outcomes_are_good_or_maybe_or_never_ran() -> None:
    """Refusals by gateway and queue are no successes of any model, whatever else is."""
    outcomes: Counter[Outcome] = Counter(OUTCOMES)
    assert answered_well(outcomes) == 2  # ok, wrong_transcript
    assert maybe_answered_well(outcomes) == 6
    never: tuple[Outcome, ...] = ("rate_limited", "overloaded", "auth", "too_large", "not_sent")
    assert answered_well(Counter(never)) + maybe_answered_well(Counter(never)) == 0


def test_served_count_begins_at_the_last_reading_before_the_run() -> None:
    """What a preflight asked is not the run's."""
    assert served(a_run(30, before=7)) == ServedCount(30)


def test_served_count_doubts_what_readings_do_not_cover() -> None:
    """Requests before the first reading, or after the last, are not in the difference."""
    server = CountingServer()
    readings = [server.reading(1.0)]
    server.serve(5)
    readings.append(server.reading(9.0))
    assert served(readings) == ServedCount(
        5,
        (
            "pod-1: what it did before its first reading is not counted",
            "pod-1: what it did after its last reading is not counted",
        ),
    )


def test_served_count_doubts_a_restarted_server() -> None:
    """What it had counted since the reading before is gone with it."""
    server = CountingServer(done=1000)
    readings = [server.reading(-1.0)]
    server.restart()
    server.serve(5)
    readings.append(server.reading(11.0))
    count = served(readings)
    assert count.requests == 5
    assert count.doubts[0].startswith("pod-1: restarted by 11 s")


def test_served_count_is_unknown_behind_a_balancer() -> None:
    """Differences between two servers are no count of either; the doubt says what to give."""
    servers = [CountingServer("a", 500), CountingServer("b", 1000)]
    readings = [servers[n % 2].reading(float(n), pod="service:8002") for n in range(12)]
    count = served(readings)
    assert count.requests is None
    assert "give each pod's own URL" in count.doubts[0]


def test_served_count_doubts_a_pod_that_never_answered() -> None:
    """Its share of the requests is in nobody's count."""
    count = served([*a_run(30), PodReading(at_s=0.0, pod="pod-2", failure="timed out")])
    assert count.requests == 30
    assert count.doubts == (
        "pod-2: 1 of 1 looks at its metrics failed, the first at 0 s: timed out",
    )


@pytest.mark.parametrize("model", ["asr_slow", "asr_am_ensemble"])
def test_real_server_counts_what_the_client_got(
    embedded_triton: EmbeddedTriton, weather: Path, model: str
) -> None:
    """Five good answers are five successes, by a plain model and by an ensemble."""
    server = embedded_triton
    scraper = MetricsScraper([server.metrics_url], model, http_urls=[server.http_url])
    first = scraper.scrape_all(-1.0)
    with ASRClient(server.http_url, model=model) as client:
        for _ in range(5):
            client.transcribe(weather, language="en")
    # A counter may grow a moment after its reply: look until it does, but not for ever.
    for look in range(1000):
        last = scraper.scrape_all(10.0 + look, insist=True)
        count = ServerTimeline([*first, *last], model).served_count(0.0, 10.0)
        if count.requests == 5:
            break
    found = reconcile(5, 0, count)
    assert (found.agreement, found.server, found.doubts) == ("equal", 5, ())
