"""Pages of real servers, read as what they count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asr_client.errors import ContractError
from asr_loadtest.cluster.triton.metrics import read_metrics
from asr_loadtest.cluster.triton.prometheus import Metric, parse_metrics
from asr_loadtest.cluster.triton.readings import (
    BatchCounters,
    GpuReading,
    ModelCounters,
    PodReading,
)
from asr_loadtest.cluster.triton.statistics import read_batches, read_steps

DATA = Path(__file__).parent.parent / "data" / "metrics"


def recorded(name: str) -> PodReading:
    """One of the recorded pages, as a reading."""
    return read_metrics((DATA / f"{name}.txt").read_text(), at_s=1.0, pod="pod-1")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("up 1", Metric("up", {}, 1.0)),
        ("up{} 1", Metric("up", {}, 1.0)),
        ('a:b_c{x="1",y="2",} 1.3e+07', Metric("a:b_c", {"x": "1", "y": "2"}, 13_000_000.0)),
        ('a{x="1"} 5 1395066363000', Metric("a", {"x": "1"}, 5.0)),
        ('a{ x = "1" , y = "2" } 5', Metric("a", {"x": "1", "y": "2"}, 5.0)),
        (r'a{path="C:\\d \"}\" \n"} -0.5', Metric("a", {"path": 'C:\\d "}" \n'}, -0.5)),
        ("a +Inf", Metric("a", {}, float("inf"))),
    ],
)
def test_parser_reads_line(line: str, expected: Metric) -> None:
    """Labels with escapes, exponents, infinities and times, as the format allows them."""
    assert list(parse_metrics(f"# HELP a text\n\n{line}\n# EOF")) == [expected]


@pytest.mark.parametrize("line", ["<html>", "a", "a{x=1} 5", 'a{x="1" 5', "a five", 'a{x="1"y} 5'])
def test_parser_refuses_line_that_is_no_metric(line: str) -> None:
    """A page of something else is an error that quotes its line."""
    with pytest.raises(ContractError, match="line 2 is no metric"):
        list(parse_metrics(f"up 1\n{line}"))


def test_metrics_without_triton_are_refused() -> None:
    """Prometheus itself, or another exporter at the port, is told apart from an idle Triton."""
    with pytest.raises(ContractError, match="no metrics of Triton"):
        read_metrics("go_goroutines 12\n", at_s=0.0, pod="pod-1")


def test_metrics_are_counters_by_model() -> None:
    """What a real Triton had counted after 24 requests, in seconds and whole numbers."""
    slow = recorded("answered").models["asr_slow"]
    assert slow == ModelCounters(
        success=24,
        failures={"BACKEND": 0, "CANCELED": 0, "OTHER": 0, "REJECTED": 0},
        inferences=24,
        executions=8,
        request_s=18.05487,
        queue_s=9.749764,
        compute_input_s=0.006122,
        compute_infer_s=8.294968,
        compute_output_s=0.003846,
        pending=0,
    )


def test_metrics_tell_what_waits() -> None:
    """The gauge of a moment at which five requests waited for one model."""
    pending = {name: model.pending for name, model in recorded("waiting").models.items()}
    assert pending == {"asr": 0, "asr_am_ensemble": 0, "asr_slow": 5, "ps_decode": 0}


def test_metrics_show_the_known_traps() -> None:
    """Refusals of a full queue count nowhere, a model's error as its success, and above twice."""
    models = recorded("end").models
    assert models["asr_slow"].success == 24 + 3 + 6
    assert models["asr_slow"].failures == {"BACKEND": 0, "CANCELED": 0, "OTHER": 0, "REJECTED": 0}
    assert models["ps_decode"].success == 1 + 4 + 3
    assert models["asr_am_ensemble"].success == 1 + 4
    assert models["asr_am_ensemble"].failures["OTHER"] == 2 * 3


def test_metrics_without_gpu_tell_of_the_machine() -> None:
    """A CPU-only Triton has no GPU to tell of, but the machine's CPU and RAM."""
    reading = recorded("end")
    assert reading.gpus == ()
    assert reading.cpu_share is not None
    assert 0 <= reading.cpu_share <= 1
    assert (reading.memory_used_bytes or 0) < (reading.memory_total_bytes or 0)


def test_metrics_with_gpus_tell_each() -> None:
    """By uuid; a value that is not a number is not known."""
    first, second = recorded("gpu").gpus
    assert first == GpuReading(
        "GPU-0e9fdafb-5adb-91cd-26a8-308d34357efc", 0.73, 5_368_709_120, 16_106_127_360, 61.482
    )
    assert second == GpuReading(
        "GPU-7c2d8f0a-16e1-4f53-b1b8-5a4f4f0c9d11", None, 1_073_741_824, 16_106_127_360, None
    )


def test_metrics_of_versions_add_up() -> None:
    """Two versions of a model are one model, and its cache is counted, too."""
    reading = recorded("gpu")
    model = reading.models["asr_am"]
    assert (model.success, model.failures) == (1500, {"BACKEND": 1, "REJECTED": 7})
    assert model.queue_s == pytest.approx(2.0)
    assert (reading.cache_hits, reading.cache_misses) == (70, 930)


def test_statistics_tell_batch_sizes() -> None:
    """Executions by batch size, and what all of a size took together."""
    batches = read_batches((DATA / "answered.stats.json").read_bytes())
    slow = batches["asr_slow"]
    assert {size: each.executions for size, each in slow.items()} == {1: 4, 5: 4}
    assert slow[5].compute_s / slow[5].executions == pytest.approx(0.35, abs=0.01)
    assert batches["asr"] == {}


def test_statistics_of_versions_add_up() -> None:
    """Two versions of a model have one distribution of batch sizes."""
    counters = {"count": 3, "ns": 1_000_000_000}
    batch = {"batch_size": 2} | dict.fromkeys(
        ("compute_input", "compute_infer", "compute_output"), counters
    )
    model = {"name": "asr", "batch_stats": [batch]}
    body = json.dumps({"model_stats": [model, model]}).encode()
    assert read_batches(body) == {"asr": {2: BatchCounters(6, 6.0)}}


def test_configuration_tells_steps_of_ensemble() -> None:
    """What an ensemble is made of; any other model is made of nothing else."""
    assert read_steps((DATA / "ensemble.config.json").read_bytes()) == ("ps_decode",)
    assert read_steps((DATA / "slow.config.json").read_bytes()) == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"model_stats": 1}', b"null"])
def test_statistics_refuse_what_is_none(body: bytes) -> None:
    """Somebody else at the port is an error of the reply, whatever was sent."""
    with pytest.raises(ContractError, match="no statistics"):
        read_batches(body)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"ensemble_scheduling": {"step": [{}]}}'])
def test_configuration_refuses_what_is_none(body: bytes) -> None:
    """As above, for a model's configuration."""
    with pytest.raises(ContractError, match="no configuration"):
        read_steps(body)


def test_reading_survives_json() -> None:
    """A reading goes to a file and over the wire between workers, and comes back equal."""
    model = ModelCounters(success=3, failures={"OTHER": 1}, batches={8: BatchCounters(2, 0.5)})
    reading = PodReading(
        at_s=1.5,
        pod="pod-1",
        models={"asr": model},
        gpus=(GpuReading("GPU-1", 0.5, 1, 2, 3.0),),
        cpu_share=0.25,
        steps=("ps_decode",),
    )
    assert PodReading.from_fields(json.loads(json.dumps(reading.to_fields()))) == reading
    failed = PodReading(at_s=2.0, pod="pod-1", failure="connection refused")
    assert PodReading.from_fields(json.loads(json.dumps(failed.to_fields()))) == failed
