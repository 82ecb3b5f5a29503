"""
Load tests that watch an autoscaler: Locust, a real Triton, and a recorded cluster played fast.

The cluster's API is a stand-in that plays what a real one said; the load does not move it.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from asr_client.embedded import EmbeddedTriton
from asr_loadtest.replay import ReplayServer, read_recording
from locust_run import FinishedRun, LocustRun

DATA = Path(__file__).parents[1] / "data"
HPA = "triton-multilingual-asr-hpa"
SPEED = 40.0
OFFERED = ("--asr-model", "asr_slow", "--asr-lengths-s", "1", "--asr-rate", "8")


def _watching(server: ReplayServer, folder: Path, hpa: str) -> tuple[str, ...]:
    kubeconfig = server.write_kubeconfig(folder / "kubeconfig")
    speed = f"{server.clock.speed:g}"
    return ("--asr-kubeconfig", str(kubeconfig), "--asr-hpa", hpa, "--asr-kube-speed", speed)


def _step_up() -> ReplayServer:
    """A cluster that scales from 1 over 3 to 5 within 140 s of its time."""
    recording = read_recording(DATA / "kube-api" / "step-up-hard.jsonl.gz")
    return ReplayServer(recording, speed=SPEED, from_s=recording.hpa_from_s)


@pytest.fixture(scope="module")
def watched(
    embedded_triton: EmbeddedTriton, tmp_path_factory: pytest.TempPathFactory
) -> tuple[FinishedRun, str]:
    """A load test beside it, and the token that opened the cluster."""
    folder = tmp_path_factory.mktemp("watched")
    with _step_up() as cluster:
        options = _watching(cluster, folder, HPA)
        # Not again where this machine was busy: the recording would have gone on.
        run = LocustRun(folder / "runs")(embedded_triton.http_url, *OFFERED, "-t", "8s", *options)
        return run, cluster.token


def test_report_has_replicas_and_rules_beside_the_load(watched: tuple[FinishedRun, str]) -> None:
    """One document: what was offered, the recorded rescales, each rule; and plots of them."""
    run, _ = watched
    autoscaler = run.document["autoscaler"]
    assert [(each["before"], each["after"]) for each in autoscaler["changes"]] == [(1, 3), (3, 5)]
    states = {rule["name"]: rule["state"] for rule in autoscaler["rules"]}
    assert states["scale_up_rate"] == states["max_replicas"] == "held"
    assert states["scale_down_rate"] == states["pdb"] == "not_exercised"
    assert run.code == 0 or run.was_busy
    assert f"watching HPA {HPA}" in run.output
    assert "scaling down takes low load after it: 360 s for the first move" in run.output
    assert "this run of 320 s is too short to show it" in run.output
    assert "5/5" in run.output  # ready of wanted, live
    page = (run.folder / "report.html").read_text()
    assert "What the autoscaler goes by" in page
    assert f"Rules of HPA {HPA}" in page
    curve = autoscaler["timeline"]["replicas"]
    assert curve["wanted"][-1] == 5
    assert max(curve["at_s"]) <= run.document["run"]["ended_s"] + 1


def test_token_is_in_nothing_that_a_run_leaves(watched: tuple[FinishedRun, str]) -> None:
    """Neither the terminal nor any file holds what opens the cluster."""
    run, token = watched
    assert token not in run.output
    for path in run.folder.iterdir():
        raw = path.read_bytes()
        text = gzip.decompress(raw) if path.suffix == ".gz" else raw
        assert token.encode() not in text, path.name


def test_broken_rule_ends_with_6(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, tmp_path: Path
) -> None:
    """A recording in which the first step goes to 5, and not to the 3 that the rates allow."""
    trace = json.loads(gzip.decompress((DATA / "hpa-traces" / "window-up-0.json.gz").read_bytes()))
    for seen in trace["deployment"]:
        seen["spec"] = 5 if seen["spec"] == 3 else seen["spec"]
    for sync in trace["syncs"]:
        for name in ("current", "desired"):
            if sync["status"][name] == 3:
                sync["status"][name] = 5
    path = tmp_path / "too-fast.json.gz"
    path.write_bytes(gzip.compress(json.dumps(trace).encode()))
    recording = read_recording(path)
    with ReplayServer(recording, speed=SPEED) as server:
        run = locust_run(
            embedded_triton.http_url,
            *OFFERED,
            *("-t", "4s"),
            *_watching(server, tmp_path, recording.hpa or ""),
        )
    broken = [r for r in run.document["autoscaler"]["rules"] if r["state"] == "broken"]
    assert "scale_up_rate" in [rule["name"] for rule in broken]
    assert run.code == 6
    assert "AUTOSCALER_BROKEN: the autoscaler broke a rule (scale up rate" in run.output
    assert run.document["verdict"]["result"] == "autoscaler_broken"
    assert (
        '<testcase classname="asr-loadtest.autoscaler" name="scale_up_rate"><failure'
        in (run.folder / "junit.xml").read_text()
    )


def test_wrong_name_is_said_in_a_line(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, tmp_path: Path
) -> None:
    """An HPA that is not there ends the test before it begins, with the names of those that are."""
    with _step_up() as cluster:
        options = _watching(cluster, tmp_path, "another")
        run = locust_run(embedded_triton.http_url, "-t", "4s", *options)
    assert run.code == 2
    assert "there is no HPA another in namespace" in run.output
    assert HPA in run.output
    assert "Traceback" not in run.output


def test_plan_of_a_watched_cluster_knows_its_pods_memory(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, tmp_path: Path
) -> None:
    """Pods that hold half of their request stop at two: the plan says that 1 is out of reach."""
    recording = read_recording(DATA / "hpa-traces" / "mem-sticky-50.json.gz")
    with ReplayServer(recording, speed=200.0) as server:
        options = _watching(server, tmp_path, recording.hpa or "")
        run = locust_run(
            embedded_triton.http_url, *OFFERED, "--asr-profile", "hpa-full", "-t", "4s", *options
        )
    assert "they hold 50 % of the memory that they request" in run.output
    _, _, missing = run.output.partition("will not be, and would need:")
    assert "min_replicas" in missing.partition("assumed:")[0]
