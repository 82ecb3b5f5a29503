"""One URL's readings: what grew, what began again, and who answered instead."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from asr_loadtest.cluster.triton.counters import PodHistory, add_up, read_history
from asr_loadtest.cluster.triton.readings import (
    BatchCounters,
    GpuReading,
    ModelCounters,
    PodReading,
)
from counting_server import CountingServer

URL = "service:8002"


def history(readings: Sequence[PodReading]) -> PodHistory:
    """Readings of one URL, judged."""
    return read_history(URL, readings)


def grown(readings: Sequence[PodReading]) -> ModelCounters:
    """All that one model counted."""
    return add_up(history(readings).stretches)["asr"]


def behind_one_url(servers: Sequence[CountingServer], order: Sequence[int]) -> list[PodReading]:
    """Every second each server answers 5 requests, and the one whose turn it is is read."""
    readings = []
    for second, turn in enumerate(order):
        for server in servers:
            server.serve(5)
        readings.append(servers[turn].reading(float(second), pod=URL))
    return readings


# --- growth


def test_growth_is_what_was_counted_between_readings() -> None:
    """Whatever the server had done before the first reading is not the run's."""
    server = CountingServer(done=1000)
    readings = [server.reading(0.0)]
    for second in (1.0, 2.0):
        server.serve(8, queue_s=0.25, compute_s=0.5, batch=4)
        readings.append(server.reading(second, pending=3))
    first, second_one = history(readings).stretches
    assert (first.before.at_s, first.after.at_s, second_one.after.at_s) == (0.0, 1.0, 2.0)
    assert first.grown["asr"].success == 8
    assert first.grown["asr"].queue_s == pytest.approx(2.0)
    assert first.grown["asr"].compute_s == pytest.approx(4.0)
    assert first.grown["asr"].batches == {4: BatchCounters(2, 1.0)}
    assert first.grown["asr"].pending == 3
    assert grown(readings).success == 16


def test_growth_does_not_depend_on_the_order_of_readings() -> None:
    """Readings that workers or pods delivered late are put in their place."""
    server = CountingServer()
    readings = []
    for second in range(5):
        readings.append(server.reading(float(second)))
        server.serve(10)
    assert grown(readings[::-1]) == grown(readings)


def test_model_loaded_during_the_run_counts_from_nothing() -> None:
    """A model that appears is no other server."""
    server = CountingServer()
    before = server.reading(0.0)
    server.serve(4, model="vad")
    judged = history([before, server.reading(1.0)])
    assert judged.stretches[0].grown["vad"].success == 4
    assert (judged.hop, judged.resets) == ("", ())


def test_failed_looks_leave_a_longer_stretch() -> None:
    """What was counted meanwhile is not lost, and the failures are kept."""
    server = CountingServer()
    readings = [server.reading(0.0), PodReading(at_s=1.0, pod=URL, failure="timed out")]
    server.serve(7)
    judged = history([*readings, server.reading(2.0)])
    assert [each.grown["asr"].success for each in judged.stretches] == [7]
    assert [each.failure for each in judged.failures] == ["timed out"]


def test_batches_are_left_out_where_statistics_were_not_read() -> None:
    """Without the first of two distributions, the second says nothing of the time between."""
    server = CountingServer()
    server.serve(4)
    full = server.reading(1.0)
    bare = PodReading(
        at_s=0.0, pod=URL, models={"asr": ModelCounters()}, without_batches="HTTP 401"
    )
    assert grown([bare, full]).success == 4
    assert grown([bare, full]).batches == {}


def test_batches_are_left_out_where_another_server_told_them() -> None:
    """Statistics and metrics have different ports, and a load balancer may part them."""
    batches = ({1: BatchCounters(9, 1.0)}, {1: BatchCounters(5, 0.5)})
    readings = [
        PodReading(at_s=at_s, pod=URL, models={"asr": ModelCounters(success=n, batches=each)})
        for at_s, n, each in zip((0.0, 1.0), (1, 2), batches, strict=True)
    ]
    assert grown(readings).batches == {}


# --- resets


def test_reset_counts_from_nothing() -> None:
    """A restarted server's counters are all its own since it began again."""
    server = CountingServer(done=500)
    readings = [server.reading(0.0)]
    server.serve(20)
    readings.append(server.reading(1.0))
    server.restart()
    server.serve(6)
    readings.append(server.reading(2.0))
    judged = history(readings)
    assert judged.resets == (2.0,)
    assert judged.hop == ""
    assert grown(readings).success == 20 + 6


def test_reset_stays_one_when_counters_pass_their_old_height() -> None:
    """A server that climbs back as gradually as it climbed before is the same one."""
    server = CountingServer(done=40)
    readings = []
    for second in range(60):
        if second == 20:
            server.restart()
        server.serve(5)
        readings.append(server.reading(float(second)))
    judged = history(readings)
    assert (judged.resets, judged.hop) == ((20.0,), "")
    assert grown(readings).success == 59 * 5


def test_server_in_a_crash_loop_is_no_hop() -> None:
    """Down between its lives, it begins again and again at nothing."""
    server = CountingServer()
    readings = []
    for second in range(0, 40, 4):
        server.restart()
        for up_s in range(3):
            server.serve(5)
            readings.append(server.reading(float(second + up_s)))
        readings.append(PodReading(at_s=float(second + 3), pod=URL, failure="refused"))
    judged = history(readings)
    assert len(judged.resets) == 9
    assert judged.hop == ""


def test_server_replaced_on_another_gpu_is_a_reset() -> None:
    """A rollout puts a new server behind the name: it begins at nothing, and nobody returns."""
    old, new = CountingServer(done=300), CountingServer()
    readings = []
    for second in range(20):
        server, gpu = (old, "GPU-1") if second < 10 else (new, "GPU-2")
        server.serve(5)
        readings.append(server.reading(float(second), gpus=(GpuReading(gpu),)))
    judged = history(readings)
    assert (judged.resets, judged.hop) == ((10.0,), "")


# --- hops


@pytest.mark.parametrize(
    ("pods", "order"),
    [
        ((500, 1000), [0, 1] * 10),
        ((1000, 500), [0, 1] * 10),
        ((0, 100), [0, 0, 0, 1, 1, 1] * 4),
        ((900, 400, 50), [0, 1, 2] * 8),
        ((100_000, 20), [0] * 10 + [1] * 2 + [0] * 10),
        ((20, 100_000), [0] * 10 + [1] * 2 + [0] * 10),
    ],
    ids=["up first", "down first", "young", "three", "visit below", "visit above"],
)
def test_hops_between_servers_are_found(pods: tuple[int, ...], order: list[int]) -> None:
    """Whoever answers in which order: no difference between two servers is taken for growth."""
    servers = [CountingServer(f"pod-{n}", done) for n, done in enumerate(pods)]
    judged = history(behind_one_url(servers, order))
    assert judged.hop
    assert judged.stretches == ()
    assert judged.resets == ()


@pytest.mark.parametrize("seed", range(20))
def test_hops_of_a_random_balancer_are_found(seed: int) -> None:
    """As kube-proxy balances: each connection to any of the pods."""
    draw = random.Random(seed)  # noqa: S311 - a load balancer, the same in every run
    servers = [CountingServer(f"pod-{n}", draw.randrange(3000)) for n in range(3)]
    order = [draw.randrange(3) for _ in range(60)]
    assert history(behind_one_url(servers, order)).hop


def test_move_to_an_older_server_is_a_hop() -> None:
    """Counters that fall once, but not to nothing, are another server's."""
    servers = [CountingServer("a", 100_000), CountingServer("b", 50_000)]
    judged = history(behind_one_url(servers, [0] * 10 + [1] * 10))
    assert judged.hop.startswith("at 10 s counters fell and still held 50055 requests")


def test_hops_between_idle_servers_are_found() -> None:
    """Nothing grows, and still two numbers take turns."""
    servers = [CountingServer("a", 500), CountingServer("b", 300)]
    readings = [servers[n % 2].reading(float(n), pod=URL) for n in range(10)]
    assert history(readings).hop


def test_nothing_is_a_history_of_nothing() -> None:
    """No readings, or one, have no growth and no verdict."""
    assert history([]) == PodHistory(URL, ())
    only = CountingServer().reading(0.0)
    assert history([only]) == PodHistory(URL, (only,))
