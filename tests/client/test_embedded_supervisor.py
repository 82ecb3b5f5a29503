"""How often the supervisor starts a broken server again."""

from __future__ import annotations

from asr_client.embedded.supervisor import may_restart


def test_restarts_are_given_up_when_they_come_too_often() -> None:
    """Old restarts are forgotten, recent ones count."""
    assert may_restart([], now_s=0.0, most=1)
    assert not may_restart([990.0, 995.0], now_s=1000.0, most=2)
    assert may_restart([100.0, 995.0], now_s=1000.0, most=2)
    assert not may_restart([], now_s=0.0, most=0)
