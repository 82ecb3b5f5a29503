"""The rules as values: windows, routes, keys, formats."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.auth import ApiKey
from asr_client.errors import ConfigError
from asr_client.testing import GatewayOptions, ManualClock, documented_routes
from asr_client.testing.keys import KeyTable
from asr_client.testing.kong_rules import Refusal, presented_key
from asr_client.testing.rate_limit import WINDOWS_S, WindowCounts, standing
from asr_client.testing.routes import find_route

ROUTES = documented_routes("asr")


def test_binding_window_is_the_one_with_the_least_left() -> None:
    """With 2 a second and 5 a minute, the fifth call is held by the minute."""
    limits = {"second": 2, "minute": 5}
    fresh = standing(limits, {"second": 0, "minute": 0}, 30.0)
    late = standing(limits, {"second": 0, "minute": 4}, 30.0)
    assert (fresh.binding, fresh.reset_s, dict(fresh.remaining)) == (
        "second",
        1,
        {"second": 1, "minute": 4},
    )
    assert (late.binding, late.reset_s) == ("minute", 30)


def test_longer_window_binds_when_both_are_empty() -> None:
    """Kong sent a client away for the hour, not for the minute."""
    both = standing({"minute": 1, "hour": 1}, {"minute": 1, "hour": 1}, 3600.0 + 3503.0)
    assert (both.exceeded, both.binding, both.reset_s) == (True, "hour", 97)


@given(
    now_s=st.floats(0, 2e9),
    used=st.fixed_dictionaries({window: st.integers(0, 20) for window in WINDOWS_S}),
    limits=st.dictionaries(st.sampled_from(sorted(WINDOWS_S)), st.integers(1, 10), min_size=1),
)
def test_standing_is_never_absurd(
    now_s: float, used: dict[str, int], limits: dict[str, int]
) -> None:
    """Whatever was used: no negative rest, and a return within the window."""
    found = standing(limits, used, now_s)
    assert found.exceeded == any(used[window] >= limits[window] for window in limits)
    assert all(0 <= rest <= limits[window] for window, rest in found.remaining.items())
    assert 1 <= found.reset_s <= WINDOWS_S[found.binding]
    assert ("Retry-After" in dict(found.headers())) == found.exceeded


def test_counts_end_with_their_window() -> None:
    """A new minute begins at zero, the hour goes on."""
    counts = WindowCounts()
    counts.count("one", 59.0)
    assert counts.used("one", 59.9) == {"second": 1, "minute": 1, "hour": 1}
    assert counts.used("one", 60.0) == {"second": 0, "minute": 0, "hour": 1}
    assert counts.used("two", 59.9)["hour"] == 0


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("POST", "/api/v1/asr/infer", "asr-infer"),
        ("POST", "/api/v1/asr/infer/x", None),
        ("GET", "/api/v1/asr/infer", None),
        ("GET", "/v2/models", "model-list"),
        ("GET", "/v2/models/", "model-list"),
        ("GET", "/v2/models-x", None),
        ("POST", "/v2/models/asr/infer", "v2-models"),
        ("GET", "/v2/health/ready?x=1", "v2-health"),
        ("HEAD", "/v2/models/asr", None),
        ("GET", "/v2", None),
        ("POST", "/v2/repository/index", None),
    ],
)
def test_route_is_found_by_method_and_path(method: str, target: str, name: str | None) -> None:
    """The documented configuration, and no more."""
    found = find_route(ROUTES, method, target)
    assert (found.name if found else None) == name


def test_first_configured_name_decides() -> None:
    """A wrong key under the first name is not made good by the second."""
    headers = (("B", "good"), ("A", "bad"))
    assert presented_key(headers, ("A", "B")) == "bad"
    assert isinstance(presented_key((("A", " "),), ("A",)), Refusal)


def test_keys_of_several_consumers_are_told_apart() -> None:
    """Each has its name; replacing one leaves the other."""
    one, two, new = ApiKey("1"), ApiKey("2"), ApiKey("3")
    table = KeyTable((one, two))
    table.rotate(new, two, ends_s=10.0)
    owners = [table.consumer_of(key, 10.0) for key in ("1", "2", "3", "4")]
    assert owners == ["consumer-1", None, "consumer-2", None]
    assert table.consumer_of("2", 9.9) == "consumer-2"


@pytest.mark.parametrize(
    "wrong",
    [
        {"limits": {"fortnight": 1}},
        {"limits": {"minute": 0}},
        {"api_keys": ("text",)},
        {"read_timeout_s": 0},
        {"retries": -1},
    ],
    ids=str,
)
def test_options_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    """A typing error in a test's set-up is told where it is."""
    with pytest.raises(ConfigError):
        GatewayOptions(**wrong)


def test_clock_stands_until_it_is_told() -> None:
    """Time is the test's to give."""
    clock = ManualClock(5.0)
    clock.advance(2.5)
    assert clock() == 7.5


def test_plugin_costs_other_test_runs_nothing() -> None:
    """It is loaded wherever the package is installed: neither loops nor wires come along."""
    code = "import asr_client.testing.plugin, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"h11", "grpc", "numpy", "ssl", "asr_client.client"}.isdisjoint(done.stdout.split())
