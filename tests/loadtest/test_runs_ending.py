"""When load tests end: at the end of their plan, or whenever somebody says so."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from asr_client.embedded import EmbeddedTriton
from asr_client.testing import Gateway, UpstreamReply
from asr_client.testing.plugin import asr_gateway
from asr_loadtest.load.arrivals import make_arrivals
from locust_run import LocustRun

__all__ = ["asr_gateway"]

ANSWERS = UpstreamReply(b'{"text": "namaste"}')
DIRECT = ("--asr-protocol", "asr-infer")
SPAWNED = "All users spawned"
LEGEND = "lag: what this generator"


@pytest.fixture
def gateway(asr_gateway: Callable[..., Gateway]) -> Gateway:
    """A gateway whose upstream answers at once."""
    return asr_gateway(lambda _: ANSWERS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_the_target_is_looked_at_ends_the_test_at_once(
    locust_run: LocustRun, gateway: Gateway, how: signal.Signals
) -> None:
    """Nothing has been measured, so that there is no run; and no load is offered after it."""
    gateway.slow(seconds=20, times=9)
    run = locust_run(
        gateway.url, *DIRECT, "-t", "60s", during=lambda run: run.send_signal(how), at=SPAWNED
    )
    assert run.code == 3
    assert "ended before anything was measured" in run.output
    assert list(run.out.iterdir()) == []


def test_signal_while_all_prepare_offers_nothing(
    locust_run: LocustRun, asr_gateway: Callable[..., Gateway], embedded_triton: EmbeddedTriton
) -> None:
    """The test goes through its end without a single arrival, and is no measurement."""
    gateway = asr_gateway(embedded_triton.http_url)
    gateway.slow(seconds=0.7, times=99)
    run = locust_run(
        gateway.url,
        *("--asr-model", "asr_slow", "-t", "60s"),
        during=lambda run: run.send_signal(signal.SIGTERM),
        at=LEGEND,
    )
    assert run.code == 3
    assert run.samples == []
    assert run.info.ended_by == "signal"


@pytest.mark.parametrize("loop", ["open", "closed"])
def test_what_a_slow_look_takes_is_not_taken_from_the_run_time(
    locust_run: LocustRun, gateway: Gateway, loop: str
) -> None:
    """Locust counts --run-time from before it; the measurement is as long as was planned."""
    gateway.slow(seconds=3, times=1)
    run = locust_run(
        gateway.url,
        *DIRECT,
        "--asr-loop",
        loop,
        "--asr-think-s",
        "0.1",
        "--asr-rate",
        "10",
        "-t",
        "3s",
    )
    assert run.info.ended_by == "plan"
    assert run.info.duration_s == 3
    if loop == "open":
        planned = make_arrivals("poisson", seed=1, duration_s=3, rate_rps=10)
        assert len(run.samples) == sum(1 for _ in planned.instants())
    assert run.samples[-1].intended_s > 2


def test_sweep_that_was_ended_in_its_first_step_has_met_nothing(
    locust_run: LocustRun, gateway: Gateway
) -> None:
    """Half a step is none, and no step is no result."""
    run = locust_run(
        gateway.url,
        *DIRECT,
        "--asr-pad-sweep",
        "1,2",
        during=lambda run: run.send_signal(signal.SIGTERM),
    )
    assert "no padding carried anything" in run.output
    assert run.code == 3
