"""Load tests whose load is made from an autoscaler's manifest: Locust and a real Triton."""

from __future__ import annotations

from pathlib import Path

from asr_client.embedded import EmbeddedTriton
from locust_run import LocustRun

MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes" / "ai-model-hpa.yaml"
OFFERED = ("--asr-model", "asr_slow", "--asr-lengths-s", "1", "--asr-rate", "20")


def test_plan_is_printed_and_its_steps_offered(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """A minute of the low load and what is left of the high one, sixty times as fast."""
    run = locust_run(
        embedded_triton.http_url,
        *OFFERED,
        *("--asr-profile", "hpa-up", "--asr-hpa-file", str(MANIFEST), "--asr-kube-speed", "60"),
        *("-t", "6s"),
    )
    assert "hpa-up: 6 s, for 1 to 5 replicas" in run.output
    assert "max_replicas       a run of 7 s: --run-time cuts it" in run.output
    assert run.output.index("will be put to the test") < run.output.index("offered")
    assert "--asr-rate is not for a profile" not in run.output
    assert run.info.profile == "hpa-up"
    assert run.info.duration_s == 6
    low = [each for each in run.samples if each.intended_s < 1]
    assert len(low) < 10  # 2 are expected
    assert 60 < len(run.samples) - len(low) < 140  # 100 are expected


def test_two_workers_offer_it_without_the_manifest(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """Only the lead has to know the autoscaler: the steps come with its orders."""
    run = locust_run(
        embedded_triton.http_url,
        *OFFERED,
        *("--asr-profile", "hpa-up", "--asr-hpa-file", str(MANIFEST), "--asr-kube-speed", "60"),
        *("-t", "4s", "--processes", "2"),
    )
    assert run.info.offered == len(run.samples) > 30


def test_without_an_autoscaler_it_is_refused_in_a_line(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """The line names both ways to name one."""
    run = locust_run(embedded_triton.http_url, *OFFERED, "--asr-profile", "hpa-up", "-t", "4s")
    assert run.code == 2
    assert "the profile hpa-up is made for an autoscaler" in run.output
    assert "--asr-hpa-file MANIFEST" in run.output
    assert "Traceback" not in run.output
