"""All readings of a run on one axis: rates, queues, batches, memories, and what to know of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asr_loadtest.cluster.triton.metrics import read_metrics
from asr_loadtest.cluster.triton.readings import GpuReading, ModelCounters, PodReading
from asr_loadtest.cluster.triton.served import ServedModel, find_served
from asr_loadtest.cluster.triton.server_timeline import ServedCount, ServerTimeline
from asr_loadtest.cluster.triton.statistics import read_batches
from counting_server import CountingServer

DATA = Path(__file__).parent.parent / "data" / "metrics"

NO_GPU = "no GPU metrics exposed"


def recorded(name: str, at_s: float) -> PodReading:
    """A recorded page of metrics with the statistics of the same moment."""
    reading = read_metrics((DATA / f"{name}.txt").read_text(), at_s=at_s, pod="pod-1")
    batches = read_batches((DATA / f"{name}.stats.json").read_bytes())
    models = {
        model: replace(counters, batches=batches[model])
        for model, counters in reading.models.items()
    }
    return replace(reading, models=models)


def watched(
    server: CountingServer, seconds: int, each_second: Callable[[int], PodReading]
) -> list[PodReading]:
    """Readings of a server once a second, the first before anything was asked."""
    return [server.reading(0.0), *(each_second(second) for second in range(1, seconds + 1))]


def steady(server: CountingServer, seconds: int = 10, **others: object) -> list[PodReading]:
    """Eight requests a second in batches of four."""

    def second_of(second: int) -> PodReading:
        server.serve(8, queue_s=0.25, compute_s=0.5, batch=4)
        return server.reading(float(second), pending=2, **others)

    return watched(server, seconds, second_of)


# --- figures


def test_figures_of_a_real_server() -> None:
    """24 requests whose executions took 310 and 350 ms, one and five at a time."""
    timeline = ServerTimeline([recorded("start", 0.0), recorded("answered", 10.0)], "asr_slow")
    (total,) = timeline.totals()
    assert (total.pod, total.from_s, total.until_s) == ("pod-1", 0.0, 10.0)
    served = total.served
    assert (served.requests, served.failures, served.requests_per_s) == (24, 0, 2.4)
    assert served.queue_s == pytest.approx(9.749764 / 24)
    assert served.compute_s == pytest.approx((0.006122 + 8.294968 + 0.003846) / 24)
    assert (served.batch, served.batches, served.pending) == (3.0, {1: 4, 5: 4}, 0)
    assert served.busy == pytest.approx((4 * 0.317 + 4 * 0.352) / 10, abs=0.01)
    assert total.models == {"asr_slow": served}


def test_figures_of_a_real_ensemble_are_those_of_its_step() -> None:
    """Its own queue and batches mean nothing: those of the model that works for it count."""
    readings = [
        replace(recorded("answered", 0.0), steps=("ps_decode",)),
        replace(recorded("end", 4.0), steps=("ps_decode",)),
    ]
    timeline = ServerTimeline(readings, "asr_am_ensemble")
    assert timeline.served.parts == ("ps_decode",)
    (total,) = timeline.totals()
    step = total.models["ps_decode"]
    assert (total.served.requests, step.requests) == (4, 4 + 3)
    assert total.served.queue_s == step.queue_s
    assert total.served.compute_s == step.compute_s
    assert (total.served.batch, total.served.pending) == (1.0, 0)


def test_windows_are_from_reading_to_reading() -> None:
    """Without a width every two readings make one."""
    windows = ServerTimeline(steady(CountingServer(), 3)).windows()
    assert [(each.from_s, each.until_s) for each in windows] == [(0, 1), (1, 2), (2, 3)]
    assert {each.served.requests_per_s for each in windows} == {8.0}
    assert {each.served.batch for each in windows} == {4.0}
    assert {each.served.pending for each in windows} == {2.0}


def test_windows_of_a_width_lose_nothing() -> None:
    """They add up to all, with whatever edges the readings have."""
    windows = ServerTimeline(steady(CountingServer(), 10)).windows(width_s=4.0)
    assert [(each.from_s, each.until_s) for each in windows] == [(0, 3), (3, 7), (7, 10)]
    assert sum(each.served.requests for each in windows) == 80


def test_totals_keep_to_the_steady_part() -> None:
    """Readings outside it do not count, whatever happened there."""
    server = CountingServer()
    readings = steady(server, 10)
    server.serve(1000)
    readings.append(server.reading(11.0))
    (total,) = ServerTimeline(readings).totals(2.0, 10.0)
    assert (total.from_s, total.until_s, total.served.requests) == (2.0, 10.0, 64)


def test_pods_add_up() -> None:
    """Each has its own figures, and all together have one rate and one mean wait."""
    one, other = CountingServer("pod-1"), CountingServer("pod-2")
    readings = steady(one, 4)
    other.serve(0)
    readings.append(other.reading(0.0))
    other.serve(16, queue_s=1.0, compute_s=0.5)
    readings.append(other.reading(4.0, pending=5))
    timeline = ServerTimeline(readings)
    assert timeline.pods == ("pod-1", "pod-2")
    assert [each.served.requests_per_s for each in timeline.totals()] == [8.0, 4.0]
    overall = timeline.overall()
    assert overall is not None
    assert overall.served.requests_per_s == 12.0
    assert overall.served.queue_s == pytest.approx((32 * 0.25 + 16 * 1.0) / 48)
    assert overall.served.pending == 2 + 5


def test_gpus_are_averaged_and_their_memory_is_the_most() -> None:
    """What a plot of a window wants to know of each GPU."""
    server = CountingServer()
    readings = [
        server.reading(
            float(n), gpus=(GpuReading("GPU-1", n / 10, n * 1000, 9000, 50.0 + n),), cpu_share=0.5
        )
        for n in range(5)
    ]
    (total,) = ServerTimeline(readings).totals()
    assert total.gpus == (GpuReading("GPU-1", 0.25, 4000, 9000, 52.5),)
    assert total.cpu_share == 0.5


def test_nothing_was_read() -> None:
    """A run without metrics has a timeline that says so and nothing else."""
    timeline = ServerTimeline([])
    assert timeline.overall() is None
    assert (timeline.windows(), timeline.totals(), timeline.memory_trends()) == ((), (), ())
    assert timeline.queue_trend().rises is False
    assert timeline.served_count(0.0, 10.0) == ServedCount(None)
    assert timeline.notes == (
        "no server metrics were read: give their URLs to see inside the servers",
    )


# --- the served model


def counted(success: int, compute_s: float, executions: int | None = None) -> ModelCounters:
    """A model that answered so much."""
    return ModelCounters(
        success=success,
        executions=success if executions is None else executions,
        compute_infer_s=compute_s,
        request_s=compute_s + 0.1 * success,
    )


STEPS = {"features": counted(10, 1.0), "decoder": counted(10, 2.0)}


@pytest.mark.parametrize(
    ("model", "steps", "grown", "name", "parts"),
    [
        ("am", ("features",), {"am": counted(10, 3.0), **STEPS}, "am", ("features",)),
        ("am", (), {"am": counted(10, 3.0), **STEPS}, "am", ("features", "decoder")),
        ("am", (), {"am": counted(10, 0.0, 0), **STEPS}, "am", ("features", "decoder")),
        ("", (), {"am": counted(10, 3.0), **STEPS}, "am", ("features", "decoder")),
        ("am", (), {"am": counted(10, 9.0), **STEPS}, "am", ("am",)),
        ("am", (), {"am": counted(0, 0.0), **STEPS}, "am", ("am",)),
        ("am", (), {"am": counted(10, 3.0), "idle": counted(0, 0.0)}, "am", ("am",)),
        ("am", (), {}, "am", ("am",)),
        ("", (), {}, "", ("",)),
    ],
    ids=[
        "told",
        "by its sum",
        "without executions",
        "unknown",
        "calls others",
        "not asked",
        "alone",
        "no metrics",
        "nothing",
    ],
)
def test_served_model_is_found(
    model: str,
    steps: tuple[str, ...],
    grown: dict[str, ModelCounters],
    name: str,
    parts: tuple[str, ...],
) -> None:
    """By what the server says, or else by what the counters show."""
    served = find_served(grown, model, steps)
    assert (served.name, served.parts) == (name, parts)
    assert served.is_ensemble == (parts != (name,))
    assert served.why


def test_ensemble_without_configuration_is_found_in_a_real_server() -> None:
    """Its compute durations are those of its step."""
    grown = recorded("start", 0.0).models
    assert find_served(grown, "asr_am_ensemble") == ServedModel(
        "asr_am_ensemble",
        ("ps_decode",),
        "it was asked for; the other models' computing adds up to its own",
    )


# --- trends


def test_queue_that_grows_is_found() -> None:
    """Each second the wait is a little longer, and a little more waits."""
    server = CountingServer()

    def second_of(second: int) -> PodReading:
        server.serve(8, queue_s=0.1 + 0.05 * second)
        return server.reading(float(second), pending=second)

    trend = ServerTimeline(watched(server, 60, second_of)).queue_trend(5.0, 60.0)
    assert trend.rises
    assert trend.queue_s is not None
    assert trend.queue_s.slope_per_s == pytest.approx(0.05)
    assert trend.pending is not None
    assert trend.pending.slope_per_s == pytest.approx(1.0)


def test_queue_that_stays_does_not_rise() -> None:
    """A server that keeps up has a wait, but no trend."""
    trend = ServerTimeline(steady(CountingServer(), 60)).queue_trend()
    assert trend.rises is False
    assert trend.queue_s is not None
    assert trend.queue_s.mean == pytest.approx(0.25)


def test_leak_of_memory_is_found_per_memory() -> None:
    """A GPU's memory that fills by 1 MiB a second, and a machine's that does not."""
    mebibyte = 2**20
    server = CountingServer()
    readings = [
        server.reading(
            4.0 * n,
            gpus=(GpuReading("GPU-1", memory_used_bytes=4 * n * mebibyte),),
            memory_used_bytes=10 * mebibyte,
        )
        for n in range(30)
    ]
    gpu, machine = ServerTimeline(readings).memory_trends()
    assert (gpu.pod, gpu.memory) == ("pod-1", "GPU GPU-1")
    assert gpu.trend.rises
    assert gpu.trend.slope_per_s == pytest.approx(mebibyte)
    assert (machine.memory, machine.trend.rises) == ("machine", False)


def test_memory_is_followed_since_the_last_restart() -> None:
    """What a restart freed is no sign that nothing leaks."""
    server = CountingServer(done=100)
    readings = []
    for second in range(200):
        if second == 100:
            server.restart()
        server.serve(5)
        readings.append(server.reading(float(second), memory_used_bytes=1000 + second % 100))
    (machine,) = ServerTimeline(readings).memory_trends()
    assert machine.trend.points == 100
    assert machine.trend.slope_per_s == pytest.approx(1.0)


def test_memory_of_a_short_time_has_no_trend() -> None:
    """What a server takes in its first seconds is no leak."""
    server = CountingServer()
    readings = [server.reading(float(n), memory_used_bytes=1000 * n) for n in range(30)]
    assert ServerTimeline(readings).memory_trends() == ()


# --- what to know


def test_notes_say_each_thing_once() -> None:
    """A calm run on CPUs has one note, however many pods and readings there are."""
    readings = steady(CountingServer("pod-1")) + steady(CountingServer("pod-2"))
    assert ServerTimeline(readings).notes == (NO_GPU,)


def test_notes_tell_failed_looks_gaps_and_restarts() -> None:
    """With times, so that the reader finds them in the plots."""
    server = CountingServer(done=100)
    readings = steady(server, 5)
    readings.append(PodReading(at_s=6.0, pod="pod-1", failure="Connection refused"))
    server.restart()
    readings += [server.reading(float(second)) for second in range(15, 20)]
    assert ServerTimeline(readings).notes == (
        "pod-1: 1 of 12 looks at its metrics failed, the first at 6 s: Connection refused",
        "pod-1: restarted by 15 s; what it counted between the reading before and its end is lost",
        "pod-1: no reading from 5 s to 15 s",
        NO_GPU,
    )


def test_notes_tell_what_to_give_instead_of_a_services_url() -> None:
    """Behind one URL were two servers: its figures are left out, the other pod's are not."""
    servers = [CountingServer("a", 500), CountingServer("b", 1000)]
    readings = [servers[n % 2].reading(float(n), pod="service:8002") for n in range(20)]
    timeline = ServerTimeline(readings + steady(CountingServer("pod-1")))
    assert list(timeline.unusable) == ["service:8002"]
    assert [each.pod for each in timeline.totals()] == ["pod-1"]
    (note,) = (each for each in timeline.notes if each.startswith("service:8002"))
    assert "several servers answer at this URL" in note
    assert "give each pod's own URL" in note


def test_notes_tell_of_a_response_cache() -> None:
    """Answers that nothing computed flatter whatever is measured."""
    readings = [
        PodReading(at_s=at_s, pod="pod-1", models={"asr": ModelCounters(cache_hits=hits)})
        for at_s, hits in ((0.0, 5), (1.0, 12))
    ]
    notes = ServerTimeline(readings).notes
    assert any("a response cache answered 7 requests" in note for note in notes)


def test_notes_tell_what_is_not_exposed() -> None:
    """One pod without a GPU among others, and no batch sizes: once each."""
    gpu = (GpuReading("GPU-1", 0.5),)
    readings = steady(CountingServer("pod-1"), gpus=gpu)
    readings += steady(CountingServer("pod-2"), without_batches="HTTP 401")
    assert ServerTimeline(readings).notes == (
        "no GPU metrics exposed by pod-2",
        "no batch sizes at times: HTTP 401",
    )


def test_notes_tell_of_metrics_of_another_server() -> None:
    """Figures of a server that does not know the model are not the run's."""
    timeline = ServerTimeline(steady(CountingServer()), "asr_am_ensemble")
    assert timeline.notes == (
        "no pod's metrics tell of model asr_am_ensemble: are they of the server under test?",
        NO_GPU,
    )
    assert timeline.served_count(0.0, 10.0) == ServedCount(None)


def test_notes_tell_why_nothing_was_read() -> None:
    """Every look failed: the first reason is the one to mend."""
    readings = [PodReading(at_s=float(n), pod="p:8002", failure="HTTP 404") for n in range(3)]
    assert ServerTimeline(readings).notes == (
        "no server metrics were read: give their URLs to see inside the servers",
        "p:8002: 3 of 3 looks at its metrics failed, the first at 0 s: HTTP 404",
    )
