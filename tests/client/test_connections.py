"""The settings of connections, and how old one gets, as the pure values they are."""

from __future__ import annotations

import math

import pytest

from asr_client.errors import ConfigError
from asr_client.settings.connections import Connections


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_open": 0},
        {"grpc_channels": 0},
        {"idle_s": 0.0},
        {"idle_s": 75.0},
        {"idle_s": math.nan},
        {"max_age_s": -1.0},
        {"max_age_s": math.inf},
    ],
)
def test_connections_refuse_what_cannot_work(wrong: dict[str, float]) -> None:
    """The error names the setting."""
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Connections(**wrong)


def test_lifetime_is_spread_by_a_fifth() -> None:
    """The dice decide between four and six fifths of the age, evenly."""
    settings = Connections(max_age_s=100.0)
    lives_s = [settings.lifetime_s(drawn) for drawn in (0.0, 0.5, 1.0)]
    assert lives_s == pytest.approx([80.0, 100.0, 120.0])


def test_lifetime_has_no_end_when_there_is_no_age() -> None:
    """None means never."""
    assert Connections(max_age_s=None).lifetime_s(0.5) == math.inf
