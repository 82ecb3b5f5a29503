"""The five scenarios of the self-test."""

from __future__ import annotations

from typing import Literal

from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.selftest.expectations import (
    asks_fewer_than,
    bound_by,
    counted_as_by_triton,
    exits,
    good_between,
    has_outcome,
    keeps_secrets,
    measures_nothing,
    observes,
    p99_below,
    p99_between,
    refused_as_by_gateway,
    reports_p99_of_samples,
    slowest_above,
)
from asr_loadtest.selftest.places import (
    FullServer,
    GrowingService,
    LimitingGateway,
    LockedGateway,
    StallingServer,
)
from asr_loadtest.selftest.scenario import Scenario, Trial

__all__ = ["SCENARIOS", "scenarios"]

SCENARIOS = ("stall", "limit", "overload", "replica", "key")
"""Their names, in the order in which they run."""

# Recordings of one length: Triton's batcher lets unequal ones wait though the model is free.
_ASK = ("--asr-model", "asr_slow", "--asr-language", "hi", "--asr-lengths-s", "0.2")
_STALL_S = 2.0
_MAX_AGE_S = 1.0


def scenarios(*, quick: bool = False) -> tuple[Scenario, ...]:
    """
    Give all of them.

    Args:
        quick: Whether with shorter load tests: the same is expected of fewer requests.
    """
    return (
        stall(10.0 if quick else 20.0),
        limit(5.0 if quick else 10.0),
        overload(5.0 if quick else 10.0),
        replica(7.0 if quick else 14.0),
        key(),
    )


def stall(lasts_s: float) -> Scenario:
    """
    A server that stands still for 2 s at 100 requests a second.

    In the open loop 200 arrivals meet the stall, the first of them for all of it; the hundredth
    part of all, which p99 leaves out, is 10 or 20 of those. In the closed loop each user meets it
    once: they are too few among all requests for p99 to see any of them. Users by the run's
    length keep it so: 10 in 20 s, each with a request every tenth of a second.
    """
    place = StallingServer(at_s=lasts_s * 0.4, lasts_s=_STALL_S)
    slo = "p99_ms = 1000\n"
    users = round(lasts_s / 2)
    think_s = users / 100 - 0.007
    return Scenario(
        "stall",
        "a 2 s stall at 100 req/s is in the p99 of the open loop; a closed loop hides it",
        (
            Trial(
                name="open-loop",
                stage=place,
                options=(*_ASK, "--asr-rate", "100", "--asr-arrivals", "constant"),
                lasts_s=lasts_s,
                slo=slo,
                expects=(
                    p99_between(1.6, 2.1),
                    reports_p99_of_samples(),
                    counted_as_by_triton(),
                    exits(ExitCode.MISSED),
                ),
            ),
            Trial(
                name="closed-loop",
                stage=place,
                options=(*_ASK, *_users(users), "--asr-think-s", f"{think_s:g}"),
                lasts_s=lasts_s,
                slo=slo,
                expects=(
                    slowest_above(1.9),
                    p99_below(0.2),
                    asks_fewer_than(round(100 * lasts_s)),
                    exits(ExitCode.MET),
                ),
            ),
        ),
    )


def limit(lasts_s: float) -> Scenario:
    """A gateway that allows 60 requests a minute, and 40 a second offered."""
    place = LimitingGateway(60)
    options = (*_ASK, "--asr-rate", "40")
    return Scenario(
        "limit",
        "a rate limit is told from a slow server, before the start or by the refusals",
        (
            Trial(
                name="looked-at-first",
                stage=place,
                options=options,
                lasts_s=lasts_s,
                expects=(exits(ExitCode.GATEWAY_LIMITED), measures_nothing(), keeps_secrets()),
            ),
            Trial(
                name="met",
                stage=place,
                options=(*options, "--asr-preflight", "off"),
                lasts_s=lasts_s,
                expects=(
                    exits(ExitCode.GATEWAY_LIMITED),
                    has_outcome("rate_limited"),
                    bound_by("gateway"),
                    refused_as_by_gateway(),
                    keeps_secrets(),
                ),
            ),
        ),
    )


def overload(lasts_s: float) -> Scenario:
    """A server that carries 40 requests a second, and 100 offered."""
    return Scenario(
        "overload",
        "a full queue is the server's, and what it refused is counted as that",
        (
            Trial(
                name="full-queue",
                stage=FullServer(),
                options=(*_ASK, "--asr-rate", "100"),
                lasts_s=lasts_s,
                expects=(
                    exits(ExitCode.MISSED),
                    has_outcome("overloaded"),
                    bound_by("server"),
                    good_between(32, 44),
                    counted_as_by_triton(),
                ),
            ),
        ),
    )


def replica(lasts_s: float) -> Scenario:
    """
    A second replica, added before the second half of the run, in which shares are counted.

    Ten users keep ten connections busy, so that none is made but by the policy.
    """
    place = GrowingService(grows_at_s=lasts_s / 2 - 1.4, counts_from_s=lasts_s / 2)

    def trial(
        policy: Literal["keepalive", "max-age", "per-request"], low: float, high: float, words: str
    ) -> Trial:
        connections = ("--asr-connection", policy, "--asr-max-age-s", f"{_MAX_AGE_S:g}")
        share = observes("new_share", low, high, expected=words, shows="{:.1%}")
        return Trial(
            name=policy,
            stage=place,
            options=(*_ASK, *_users(10), *connections),
            lasts_s=lasts_s,
            expects=(share, exits(ExitCode.MET)),
        )

    return Scenario(
        "replica",
        "whether a new replica gets load is up to the connection policy",
        (
            trial("keepalive", 0.0, 0.02, "new replica's share at most 2 %"),
            trial("max-age", 0.4, 0.6, "new replica's share 40 to 60 %"),
            trial("per-request", 0.4, 0.6, "new replica's share 40 to 60 %"),
        ),
    )


def key() -> Scenario:
    """A gateway that does not know the key."""
    let_in = observes("let_in", 0, 0, expected="no request let in", shows="{:.0f}")
    kept_out = observes("kept_out", 1, 9, expected="1 to 9 requests refused", shows="{:.0f}")
    return Scenario(
        "key",
        "a wrong key ends the load test before it starts, and is shown nowhere",
        (
            Trial(
                name="wrong",
                stage=LockedGateway(),
                options=("--asr-language", "hi"),
                lasts_s=5.0,
                expects=(
                    exits(ExitCode.NOT_READY),
                    measures_nothing(),
                    let_in,
                    kept_out,
                    keeps_secrets(),
                ),
            ),
        ),
    )


def _users(count: int) -> tuple[str, ...]:
    return "--asr-loop", "closed", "--users", str(count), "--spawn-rate", str(count)
