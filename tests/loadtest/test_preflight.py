"""What is thought of a plan before it is carried out."""

from __future__ import annotations

from typing import Any

import pytest

from asr_client.pacing.headers import Quota, read_quotas
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.preflight import PlannedLoad, Scouted, check_start, sustained_rps

MINUTE = Quota(60, 60, 60)
READY: dict[str, Any] = {"is_ready": True, "key": "accepted"}


def check(plan: PlannedLoad, *quotas: Quota, keys: int = 1) -> list[tuple[str, str]]:
    """Give severity and name of all that was found about a target that is ready."""
    found = check_start(Scouted(**READY, quotas=quotas, keys=keys), plan)
    return [(finding.severity, finding.name) for finding in found]


def planned(rate_rps: float | None, **known: float) -> PlannedLoad:
    """Plan a load for five minutes, unless said otherwise."""
    return PlannedLoad(rate_rps=rate_rps, **{"duration_s": 300.0, **known})


def test_ready_target_without_limits_may_be_loaded() -> None:
    """Nothing speaks against it."""
    assert check(planned(1000.0)) == []


def test_refused_key_and_missing_model_stop() -> None:
    """There is nothing to measure, and both say why."""
    scouted = Scouted(is_ready=False, ready_says="loading", key="refused", key_says="Unauthorized")
    found = check_start(scouted, planned(1.0))
    assert [(each.severity, each.words) for each in found] == [
        ("stop", "the API key is refused: Unauthorized"),
        ("stop", "the model is not ready: loading"),
    ]


def test_readiness_that_cannot_be_asked_is_a_warning() -> None:
    """Some gateways route the one call only."""
    [found] = check_start(Scouted(ready_says="no route"), planned(1.0))
    assert (found.severity, found.words) == (
        "warn",
        "whether the model is ready could not be asked: no route",
    )


def test_limit_below_the_plan_stops_and_says_what_to_do() -> None:
    """Sixty a minute against twenty a second."""
    quotas = read_quotas({"x-ratelimit-limit-minute": "60", "x-ratelimit-remaining-minute": "59"})
    [found] = check_start(Scouted(**READY, quotas=quotas), planned(20.0))
    assert isinstance(found, Finding)
    assert found.severity == "stop"
    assert found.words == (
        "the gateway allows 60 requests a minute for this key, the plan needs 1200:"
        " it would measure the limit"
    )
    assert "NodePort" in found.remedy
    assert "--asr-preflight off" in found.remedy


@pytest.mark.parametrize(
    ("rate_rps", "expected"),
    [(0.7, []), (0.9, [("warn", "rate_limit")]), (1.1, [("stop", "rate_limit")])],
)
def test_limit_is_near_from_four_fifths_on(rate_rps: float, expected: list[Any]) -> None:
    """Random arrivals exceed a limit that their mean only approaches."""
    assert check(planned(rate_rps), MINUTE) == expected


def test_several_keys_add_up() -> None:
    """Each has a limit of its own; the words say so."""
    assert check(planned(2.0), MINUTE, keys=3) == []
    [found] = check_start(Scouted(**READY, quotas=(MINUTE,), keys=3), planned(20.0))
    assert "60 requests a minute for each of 3 keys" in found.words


def test_short_run_needs_no_whole_window() -> None:
    """Ten seconds of five a second fit into sixty a minute; so does none of it for an hour."""
    assert check(planned(5.0, duration_s=10.0), MINUTE) == [("warn", "rate_limit")]
    assert check(planned(4.0, duration_s=10.0), MINUTE) == []
    assert check(planned(5.0, duration_s=10.0), Quota(3600, 1000, 1000)) == []


def test_what_others_used_up_is_a_warning() -> None:
    """The plan fits into the limit, but not into what is left of it."""
    [found] = check_start(Scouted(**READY, quotas=(Quota(3600, 1000, 20),)), planned(0.1))
    assert found.severity == "warn"
    assert found.words == (
        "the gateway allows 1000 requests an hour for this key, of which 20 are left,"
        " the plan needs 30: others use the key, too"
    )


def test_peak_counts_in_short_windows_only() -> None:
    """A burst fills a minute's limit, but not an hour's."""
    plan = planned(0.5, peak_rps=5.0)
    assert check(plan, MINUTE) == [("stop", "rate_limit")]
    assert check(plan, Quota(3600, 1000, 1000)) == []


def test_worst_window_speaks_for_all() -> None:
    """A second that is near and a minute that is exceeded have one remedy."""
    assert check(planned(9.0), Quota(1, 10, 10), MINUTE) == [("stop", "rate_limit")]


def test_closed_loop_is_warned_of_a_limit() -> None:
    """Its rate shows only while it runs."""
    assert check(planned(None), MINUTE) == [("warn", "rate_limit")]


def test_sustained_rate_is_that_of_the_tightest_window() -> None:
    """What can go on for ever, for all keys together."""
    assert sustained_rps((Quota(1, 10, 9), Quota(60, 60, 59))) == 1.0
    assert sustained_rps((Quota(60, 60, 59),), keys=4) == 4.0
    assert sustained_rps(()) is None
