"""Load tests of several processes: the same load, counts that add up, what a dead one leaves."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from asr_client.embedded import EmbeddedTriton
from locust_run import LocustRun

SHORT = ("--asr-model", "asr_slow", "--asr-lengths-s", "1")


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Give the processes that Locust forked."""
    return [child.pid for child in psutil.Process(process.pid).children()]


@pytest.mark.alone
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_offer_together_what_one_process_offers(
    tmp_path: Path, embedded_triton: EmbeddedTriton, workers: int
) -> None:
    """Two and four workers offer the very schedule of one, with the same recordings."""
    options = (*SHORT, "--asr-rate", "8", "-t", "4s", "--asr-mix", "hi=2,ta=1")
    alone = LocustRun(tmp_path / "alone").judged(embedded_triton.http_url, *options)
    metrics = ("--asr-metrics-url", embedded_triton.metrics_url)
    several = LocustRun(tmp_path / "several").judged(
        embedded_triton.http_url, *options, *metrics, "--processes", str(workers)
    )
    offered = [(each.index, each.intended_s, each.clip) for each in alone.samples]
    assert offered == [(each.index, each.intended_s, each.clip) for each in several.samples]
    assert {each.worker for each in several.samples} == set(range(workers))
    assert all(each.index % workers == each.worker for each in several.samples)
    # Merged figures are the sum of the workers', and Triton's own count.
    shares = [worker.samples for worker in several.info.workers]
    assert sum(shares) == several.info.offered == len(several.samples)
    assert several.document["server"]["reconciliation"]["server"] == several.outcomes["ok"]
    assert (alone.code, several.code) == (0, 0)


def test_sigterm_to_the_master_loses_no_record(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """The master ends its workers' shares and waits for their last records before it reports."""
    run = locust_run(
        embedded_triton.http_url,
        *SHORT,
        *("--asr-rate", "8", "-t", "60s", "--processes", "2"),
        *("--asr-metrics-url", embedded_triton.metrics_url),
        during=lambda process: process.send_signal(signal.SIGTERM),
    )
    assert run.info.offered == len(run.samples)
    assert {worker.fate for worker in run.info.workers} == {"stopped"}
    assert run.document["server"]["reconciliation"]["agreement"] == "equal"
    assert run.code == 3


def test_worker_that_is_stopped_delivers_what_it_has(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """SIGTERM to one worker, as from Kubernetes: its records arrive, and the rest is missed."""
    run = locust_run(
        embedded_triton.http_url,
        *SHORT,
        *("--asr-rate", "8", "-t", "8s", "--processes", "2"),
        during=lambda process: os.kill(workers_of(process)[0], signal.SIGTERM),
    )
    promised = sum(worker.samples for worker in run.info.workers)
    assert promised == len(run.samples)
    assert run.info.offered is not None
    assert run.info.offered > len(run.samples)
    assert run.code == 3


def test_killed_worker_is_reported_and_voids_the_run(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """A worker that dies of kill -9 is named; what it did not offer makes the run invalid."""
    run = locust_run(
        embedded_triton.http_url,
        *SHORT,
        *("--asr-rate", "8", "-t", "10s", "--processes", "2"),
        during=lambda process: os.kill(workers_of(process)[0], signal.SIGKILL),
    )
    fates = sorted(worker.fate for worker in run.info.workers)
    assert fates == ["done", "lost"]
    lost = next(worker for worker in run.info.workers if worker.fate == "lost")
    assert lost.name in run.output
    assert any(lost.name in note for note in run.info.notes)
    assert len(run.samples) == sum(worker.samples for worker in run.info.workers)
    assert run.info.offered is not None
    assert len(run.samples) < run.info.offered
    assert run.code == 3


def test_workers_without_the_recordings_are_refused(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, tmp_path: Path
) -> None:
    """What keeps a worker from taking part is said by name, and nothing is offered."""
    run = locust_run(
        embedded_triton.http_url,
        *("-t", "5s", "--processes", "2", "--asr-corpus", str(tmp_path / "nowhere.tsv")),
    )
    assert "worker " in run.output
    assert "nowhere.tsv" in run.output
    assert run.code == 2
    assert "Traceback" not in run.output
