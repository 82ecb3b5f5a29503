"""The document: its figures are the samples', live and read again, and each of its keys is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.slo_file import parse_slo
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.run_info import RunInfo, WorkerInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from asr_loadtest.load.timeline import Timeline
from asr_loadtest.report.assessment import assess, assess_again
from asr_loadtest.report.document import Document
from asr_loadtest.report.generator_section import generator_series
from asr_loadtest.report.group_figures import curve
from asr_loadtest.report.rounding import ratio, rounded
from asr_loadtest.report.run_folder import RunReader, RunWriter
from asr_loadtest.report.written import as_json
from synthetic_run import SyntheticRun, synthetic_run

DOCS = Path(__file__).parents[2] / "docs" / "loadtest-report.md"
SLO = parse_slo("p99_ms = 1500\n[language.hi]\np95_ms = 1200\n", source="slo.toml")
INFO = RunInfo(
    run_id="by-hand",
    started_unix_s=0.0,
    host="http://127.0.0.1:8000",
    duration_s=10.0,
    offered=8,
    ended_s=11.0,
    price_per_hour=6.0,
    replicas=2,
)


def made(index: int, at_s: float, took_s: float, **others: Any) -> Sample:
    """A sample sent 0.25 s late that took so long from then; ok unless said otherwise."""
    known: dict[str, Any] = {"outcome": "ok", "language": "hi", "audio_s": 3.0, "padded_s": 4.0}
    known |= others
    done_s = at_s + 0.25 + took_s
    return Sample(index=index, intended_s=at_s, sent_s=at_s + 0.25, done_s=done_s, **known)


BY_HAND = [
    made(0, 0.0, 0.75, gateway_s=0.002, upstream_s=0.7),
    made(1, 2.0, 0.75, language="ta", audio_s=12.0, padded_s=12.0),
    made(2, 4.0, 2.75),
    made(3, 6.0, 0.001, outcome="rate_limited", detail="429", language="ta"),
    made(4, 7.0, 0.5, outcome="timeout", detail="no reply"),
    Sample(index=5, intended_s=8.0, outcome="not_sent", language="hi", audio_s=3.0),
    made(6, 9.0, 0.75),
]


def document_of(samples: list[Sample], slo: Slo = SLO, info: RunInfo = INFO) -> Document:
    """The document of some samples."""
    tally = tally_of(samples, is_good=slo.is_good, warm_up_s=info.warm_up_s)
    return assess(info, tally, slo).document


@pytest.fixture(scope="module")
def run() -> SyntheticRun:
    """Load that rises until servers and gateway refuse."""
    return synthetic_run(duration_s=60.0)


@pytest.fixture(scope="module")
def whole(run: SyntheticRun) -> Document:
    """Its document."""
    tally = tally_of(run.samples, is_good=SLO.is_good, warm_up_s=run.info.warm_up_s)
    return assess(run.info, tally, SLO, run.health, run.pods, sightings=run.sightings).document


# --- figures


def test_load_is_counted_and_divided_as_documented() -> None:
    """Seven of eight planned arrivals: four ok, three of them good, one refused, one failed."""
    load = document_of(BY_HAND)["load"]
    assert load == {
        "arrivals_s": 10.0,
        "span_s": 10.0,
        "offered": 7,
        "sent": 6,
        "completed": 5,
        "ok": 4,
        "good": 3,
        "refused": 1,
        "failed": 1,
        "not_sent": 1,
        "offered_rps": 0.7,
        "sent_rps": 0.6,
        "completed_rps": 0.5,
        "ok_rps": 0.4,
        "good_rps": 0.3,
        "ok_share": 0.57143,
        "good_share": 0.42857,
        "refused_share": 0.16667,
        "failed_share": 0.16667,
        "not_sent_share": 0.14286,
        "warm_up": 0,
        "scheduled": 8,
        "missing": 1,
    }


def test_each_class_has_its_own_row() -> None:
    """A quick refusal and a slow reply do not share a percentile."""
    rows = {row["outcome"]: row for row in document_of(BY_HAND)["outcomes"]}
    assert list(rows) == ["ok", "rate_limited", "timeout", "not_sent"]
    assert rows["ok"]["count"] == 4
    assert rows["ok"]["p50_s"] == pytest.approx(1.0, rel=0.01)
    assert rows["ok"]["most_s"] == 3.0
    assert rows["rate_limited"]["p99_s"] == 0.251
    assert (rows["not_sent"]["share"], rows["not_sent"]["p50_s"]) == (0.14286, None)


def test_response_counts_from_the_intended_start_and_service_from_the_sending() -> None:
    """The generator's quarter of a second is in the one, and is the lag."""
    latency = document_of(BY_HAND)["latency"]
    assert (latency["response"]["least_s"], latency["service"]["least_s"]) == (1.0, 0.75)
    assert (latency["lag"]["count"], latency["lag"]["p99_s"]) == (6, 0.25)


def test_interval_of_p99_is_open_where_samples_are_few() -> None:
    """Four replies do not tell how slow one in a hundred is."""
    response = document_of(BY_HAND)["latency"]["response"]
    assert response["p99_low_s"] is not None
    assert response["p99_high_s"] is None


def test_asr_units() -> None:
    """21 s of speech in ten seconds, 18 of them good, by two replicas at 6 an hour."""
    asr = document_of(BY_HAND)["asr"]
    assert (asr["audio_s"], asr["padded_s"], asr["padding_share"]) == (21.0, 24.0, 0.125)
    assert (asr["audio_s_per_s"], asr["live_streams"]) == (2.1, 1.8)
    assert (asr["streams_per_replica"], asr["good_rps_per_replica"]) == (0.9, 0.15)
    assert asr["cost_per_audio_hour"] == 3.3333
    assert (asr["rtfx"]["count"], asr["rtfx"]["most"], asr["rtfx"]["least"]) == (4, 12.0, 1.0)


def test_groups_share_the_price_by_service_time() -> None:
    """Of five seconds of service Tamil took 0.75, for most of the speech."""
    rows = {row["name"]: row for row in document_of(BY_HAND)["languages"]}
    assert list(rows) == ["hi", "ta"]
    assert (rows["hi"]["offered"], rows["hi"]["ok"], rows["hi"]["good"]) == (5, 3, 2)
    assert (rows["ta"]["live_streams"], rows["ta"]["cost_per_audio_hour"]) == (1.2, 0.75)
    assert rows["hi"]["live_streams"] == 0.6
    assert rows["hi"]["cost_per_audio_hour"] == 8.5
    assert [row["name"] for row in document_of(BY_HAND)["lengths"]] == ["2-5 s", "10-20 s"]


def test_gateway_is_told_of_only_if_it_told() -> None:
    """With Kong's headers there are two series and their caveat; without them nothing."""
    gateway = document_of(BY_HAND)["gateway"]
    assert (gateway["proxy"]["p50_s"], gateway["upstream"]["p50_s"]) == (0.002, 0.7)
    assert "not its overhead" in gateway["caveat"]
    assert document_of(BY_HAND[1:])["gateway"] is None


def test_warm_up_is_in_the_timeline_alone() -> None:
    """The first two arrivals are shown and not judged."""
    document = document_of(BY_HAND, info=replace(INFO, warm_up_s=3.0))
    assert (document["load"]["offered"], document["load"]["warm_up"]) == (5, 2)
    assert document["timeline"]["offered_rps"][:3] == [1.0, 0.0, 1.0]


def test_a_lost_worker_is_told() -> None:
    """Its fate and what it delivered are in the document."""
    workers = (WorkerInfo(0, "one", 7), WorkerInfo(1, "two", 0, "lost"))
    document = document_of(BY_HAND, info=replace(INFO, workers=workers))
    assert [(each["name"], each["fate"]) for each in document["workers"]] == [
        ("one", "done"),
        ("two", "lost"),
    ]
    assert document["workers"][0]["outcomes"]["ok"] == 4


def test_closed_loop_says_what_it_is_prone_to() -> None:
    """Its response times are those of users who wait."""
    closed = document_of(BY_HAND, info=replace(INFO, loop="closed", rate_rps=None))
    assert "prone to coordinated omission" in closed["run"]["loop_in_words"]
    assert "coordinated omission" not in document_of(BY_HAND)["run"]["loop_in_words"]


def test_servers_are_counted_by_pod_and_reconciled(whole: Document) -> None:
    """Both pods' counters lead to figures, and their sum to the client's count."""
    server = whole["server"]
    assert [pod["pod"] for pod in server["pods"]] == ["asr-0", "asr-1"]
    assert server["all"]["requests"] == sum(pod["requests"] for pod in server["pods"])
    assert [gpu["pod"] for gpu in server["gpus"]] == ["asr-0", "asr-1"]
    assert server["reconciliation"]["agreement"] == "equal"
    for pod in server["timeline"]:
        assert {len(values) for name, values in pod.items() if name != "pod"} == {len(pod["at_s"])}


# --- once more


def test_report_made_again_is_the_live_one(run: SyntheticRun, tmp_path: Path) -> None:
    """Every figure, from the raw samples and readings alone."""
    writer = RunWriter(tmp_path, run.info)
    live = tally_of((), is_good=SLO.is_good, warm_up_s=run.info.warm_up_s)
    for sample in run.samples:
        arrived = Sample.from_row(replace(sample, done_s=_late(sample)).to_row())
        live.add(arrived)
        writer.add_sample(arrived)
    for pod in run.pods:
        writer.add_pod(pod)
    for sighting in run.sightings:
        writer.add_sighting(sighting)
    for reading in run.health:
        writer.add_generator(reading)
    writer.finish(run.info)
    document = assess(run.info, live, SLO, run.health, run.pods, sightings=run.sightings).document
    assert as_json(assess_again(RunReader(tmp_path), SLO).document) == as_json(document)


def _late(sample: Sample) -> float | None:
    """An end as a clock gives it, with all its digits."""
    return None if sample.done_s is None else sample.done_s + 1e-7 / 3


def test_the_run_s_own_slo_judges_unless_another_is_given(tmp_path: Path) -> None:
    """Its copy in the folder is what counts; without one, the default."""
    writer = RunWriter(tmp_path, INFO)
    for sample in BY_HAND:
        writer.add_sample(sample)
    writer.finish(INFO)
    reader = RunReader(tmp_path)
    assert assess_again(reader).document["slo"]["source"] == "default"
    writer.keep_slo("p99_ms = 1500\n")
    assert assess_again(reader).document["slo"]["limits"]["p99_ms"] == 1500
    assert assess_again(reader, SLO).document["slo"]["source"] == "slo.toml"


def test_damaged_files_are_told_in_the_notes(tmp_path: Path) -> None:
    """The report of a run that was cut off says so, and has what there is."""
    writer = RunWriter(tmp_path, replace(INFO, ended_s=0.0))
    for sample in BY_HAND:
        writer.add_sample(sample)
    writer.finish(replace(INFO, ended_s=0.0))
    document = assess_again(RunReader(tmp_path)).document
    assert document["load"]["offered"] == 7
    assert document["notes"] == ["the run was cut off: nobody wrote down how it ended"]


def test_progress_is_told_while_reading(tmp_path: Path) -> None:
    """Once at the start, and then every ten thousand samples."""
    writer = RunWriter(tmp_path, INFO)
    for index in range(20_001):
        writer.add_sample(made(index, index / 4000, 0.5))
    writer.finish(INFO)
    told: list[int] = []
    assess_again(RunReader(tmp_path), SLO, told.append)
    assert told == [0, 10_000, 20_000]


# --- arrays


def test_timeline_arrays_have_one_value_a_window(whole: Document) -> None:
    """Of samples and of the generator alike."""
    timeline = whole["timeline"]
    arrays = [each for each in timeline.values() if isinstance(each, list)]
    arrays += [*timeline["not_ok_rps"].values(), *timeline["generator"].values()]
    assert {len(each) for each in arrays} == {len(timeline["start_s"])}


def test_timeline_adds_up_to_the_counts(whole: Document) -> None:
    """What ended in all windows is what was counted, the warm-up's included."""
    timeline, load = whole["timeline"], whole["load"]
    offered = sum(timeline["offered_rps"]) * timeline["width_s"]
    assert offered == load["offered"] + load["warm_up"]
    assert sum(timeline["not_ok_rps"]["rate_limited"]) == sum(
        row["count"] for row in whole["outcomes"] if row["outcome"] == "rate_limited"
    )


def test_a_sparse_run_has_few_windows() -> None:
    """Gaps count, too: a request an hour for a month is no array of millions."""
    timeline = Timeline()
    for hour in range(720):
        timeline.add(made(hour, hour * 3600.0, 0.5), is_good=True)
    assert len(timeline.rows()) <= 600
    assert sum(window.offered for _, window in timeline.rows()) == 720


def test_generator_readings_hold_until_the_next() -> None:
    """Two workers, one of which reads every second window and ends early."""

    def reading(worker: int, at_s: float, cpu: float) -> GeneratorReading:
        return GeneratorReading(at_s, worker, cpu, cpu / 100, 100, 2, 3)

    readings = [reading(0, at, 0.5) for at in range(6)]
    readings += [reading(1, 1.0, 0.9), reading(1, 3.0, 0.2), reading(1, 3.5, 0.1)]
    series = generator_series(readings, [float(at) for at in range(7)], 1.0)
    assert series["cpu_share"] == [0.5, 0.9, 0.9, 0.5, 0.5, 0.5, None]
    assert series["memory_bytes"] == [100.0, 200.0, 200.0, 200.0, 100.0, 100.0, None]
    assert generator_series([], [0.0, 1.0], 1.0)["in_flight"] == [None, None]


# --- extremes


def test_empty_run_has_a_document() -> None:
    """Nothing was recorded: figures are unknown, and nothing divides by zero."""
    document = document_of([], info=replace(INFO, offered=0))
    assert (document["load"]["offered"], document["load"]["ok_share"]) == (0, None)
    assert document["timeline"]["start_s"] == []
    assert document["verdict"]["result"] == "invalid"
    json.loads(as_json(document))


def test_run_in_which_all_failed_has_a_document() -> None:
    """No latency of good replies, and the class of all."""
    failed = [made(n, n / 10, 0.01, outcome="auth", detail="401") for n in range(50)]
    document = document_of(failed)
    assert document["verdict"]["exit_code"] == 5
    assert document["latency"]["response"]["p99_s"] is None
    assert [row["outcome"] for row in document["outcomes"]] == ["auth"]


def test_document_is_json_without_nan(whole: Document) -> None:
    """It survives JSON as it is."""
    assert json.loads(as_json(whole)) == whole


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1 / 3, 0.33333), (123456.7, 123460.0), (0.0, 0.0), (None, None), (float("inf"), None)],
)
def test_figures_have_five_digits(value: float | None, shown: float | None) -> None:
    """So that the order of a sum does not show."""
    assert rounded(value) == shown


def test_nothing_is_divided_by_zero() -> None:
    """A share of nothing is not known."""
    assert (ratio(1, 0), ratio(None, 2), ratio(1, 3)) == (None, None, 0.33333)


def test_curve_ends_with_the_slowest() -> None:
    """Shares rise, as far as the samples tell, and the last is the maximum itself."""
    points = curve(Histogram.of(float(n) for n in range(1, 101)))
    shares = [share for share, _ in points]
    assert shares == sorted(shares)
    assert shares[-2] <= 0.99
    assert points[-1] == [1, 100.0]
    assert curve(Histogram()) == []


# --- keys

# What other wings and users name: settings, model names, classes.
FREE = {"corpus", "settings", "versions", "route", "limits", "figures", "outcomes", "not_ok_rps"}


def _keys(value: object, free: frozenset[str] = frozenset({"batches"})) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if not (key in FREE | free and isinstance(inner, dict)):
                yield from _keys(inner)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)


def test_every_key_is_documented(whole: Document) -> None:
    """docs/loadtest-report.md names each key of a document that has everything."""
    words = set(re.findall(r"`([A-Za-z0-9_]+)(?:\[\])?`", DOCS.read_text()))
    assert sorted(set(_keys(whole)) - words) == []
