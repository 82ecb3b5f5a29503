"""
Whether `--asr-search` finds a capacity that is known, beside MLPerf LoadGen's search.

The server is the embedded Triton's `asr_slow`: four instances that each take 40 ms + 10 ms a second
of audio for one request at a time, so that recordings of one second are carried at 80 a second at
most, by arithmetic. The limit is p99 <= 1 s.

    python benchmarks/capacity.py
    python benchmarks/capacity.py --runs 1 --probe-s 30

LoadGen takes part if it is installed (pip install mlcommons-loadgen); its FindPeakPerformance asks
the same server for the same audio, from threads.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from asr_client import ASRClient, Waveform
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel
from asr_client.retry import NO_RETRY

PROJECT = Path(__file__).parent.parent
SLOW = SlowModel(a_ms=40, b_ms=10, max_batch_size=1, instances=4)
AUDIO_S = 1.0
CAPACITY_RPS = SLOW.instances / (SLOW.a_ms + SLOW.b_ms * AUDIO_S) * 1000
P99_MS = 1000
START_RPS = 20
THREADS = 128

# How LoadGen's log begins its lines, and what it calls the rate of a run.
_MARK = ":::MLLOG "
_RATE = "result_scheduled_samples_per_sec"
_BEGINNING = "generated_query_count"


def main() -> None:
    """Print a row a search."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="searches, each with another seed")
    parser.add_argument("--probe-s", type=float, default=20.0, help="seconds of each probe")
    parser.add_argument("--skip-loadgen", action="store_true")
    arguments = parser.parse_args()
    options = EmbeddedOptions(models=("asr_slow",), max_queue=1000, slow=SLOW)
    with EmbeddedTriton(options=options) as server, tempfile.TemporaryDirectory() as folder:
        print(f"by arithmetic: {CAPACITY_RPS:g} req/s; p99 <= {P99_MS} ms\n")
        print(
            "| search | found req/s | of the capacity | probes | seconds |\n|---|---|---|---|---|"
        )
        for seed in range(1, arguments.runs + 1):
            began_s = time.monotonic()
            answer = search(server.http_url, Path(folder) / str(seed), seed, arguments.probe_s)
            print_row(
                f"--asr-search, seed {seed}", answer["rate_rps"], len(answer["probes"]), began_s
            )
        if arguments.skip_loadgen or importlib.util.find_spec("mlperf_loadgen") is None:
            print("\nLoadGen did not take part.")
            return
        began_s = time.monotonic()
        rate_rps, probes = find_peak(server.http_url, Path(folder), arguments.probe_s)
        print_row("LoadGen FindPeakPerformance", rate_rps, probes, began_s)


def print_row(name: str, rate_rps: float, probes: int, began_s: float) -> None:
    """Print one search."""
    spent_s = time.monotonic() - began_s
    share = rate_rps / CAPACITY_RPS
    print(f"| {name} | {rate_rps:.1f} | {share:.3f} | {probes} | {spent_s:.0f} |", flush=True)


def search(url: str, out: Path, seed: int, probe_s: float) -> dict[str, Any]:
    """Run the load tester's search as a user does, and give what it wrote."""
    out.mkdir()
    slo = out / "slo.toml"
    slo.write_text(f"p99_ms = {P99_MS}\n")
    options = {
        "--host": url,
        "--asr-model": "asr_slow",
        "--asr-lengths-s": f"{AUDIO_S:g}",
        "--asr-slo": str(slo),
        "--asr-rate": str(START_RPS),
        "--asr-probe-s": f"{probe_s:g}",
        "--asr-seed": str(1000 * seed),
        "--asr-out": str(out),
    }
    words = [word for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "locust", "-f", "loadtest", "--headless", "--asr-search"]
    log = out / "log.txt"
    with log.open("w") as file:
        subprocess.run([*command, *words], cwd=PROJECT, stdout=file, stderr=file, check=False)
    found = next(out.glob("*/search.json"), None)
    if found is None:
        raise SystemExit(f"the search wrote nothing:\n{log.read_text()[-2000:]}")
    answer: dict[str, Any] = json.loads(found.read_text())
    return answer


def find_peak(url: str, folder: Path, probe_s: float) -> tuple[float, int]:
    """Let LoadGen search, with the SDK's client in threads as the system under test."""
    import mlperf_loadgen as lg

    wave = Waveform(np.full(round(AUDIO_S * 16_000), 1e-4, np.float32), 16_000)
    client = ASRClient(
        url, model="asr_slow", language="hi", retry=NO_RETRY, pacing=False, deadline_s=30
    )
    pool = ThreadPoolExecutor(THREADS)

    def answer(sample: Any) -> None:
        client.transcribe(wave)
        lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0)])

    def issue(samples: list[Any]) -> None:
        for sample in samples:
            pool.submit(answer, sample)

    settings = lg.TestSettings()
    settings.scenario = lg.TestScenario.Server
    settings.mode = lg.TestMode.FindPeakPerformance
    settings.server_target_qps = START_RPS
    settings.server_target_latency_ns = P99_MS * 1_000_000
    settings.server_target_latency_percentile = 0.99
    settings.server_find_peak_qps_decimals_of_precision = 0
    settings.min_duration_ms = round(probe_s * 1000)
    settings.min_query_count = 300
    output = lg.LogOutputSettings()
    output.outdir = str(folder)
    logs = lg.LogSettings()
    logs.log_output = output
    with client:
        client.warm(16)
        system = lg.ConstructSUT(issue, lambda: None)
        library = lg.ConstructQSL(64, 64, lambda _: None, lambda _: None)
        lg.StartTestWithLogSettings(system, library, settings, logs)
        lg.DestroyQSL(library)
        lg.DestroySUT(system)
        pool.shutdown()
    return read_peak(folder)


def read_peak(folder: Path) -> tuple[float, int]:
    """Read LoadGen's own log: the rate of its last run, and how many runs it made."""
    detail = (folder / "mlperf_log_detail.txt").read_text().splitlines()
    lines = [json.loads(line.partition(_MARK)[2]) for line in detail if _MARK in line]
    rates = [each["value"] for each in lines if each["key"] == _RATE]
    probes = sum(each["key"] == _BEGINNING for each in lines)
    return (float(rates[-1]) if rates else 0.0), probes


if __name__ == "__main__":
    main()
