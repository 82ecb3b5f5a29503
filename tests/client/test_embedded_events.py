"""Events on their way from the supervisor to its owner."""

from __future__ import annotations

import pytest

from asr_client.embedded.events import Event, parse_event
from asr_client.embedded.options import Ports


def test_events_survive_the_way_to_the_owner() -> None:
    """Newlines in a message do not break the line protocol."""
    event = Event(
        "failed", message="two\nlines", pid=7, ports=Ports(1, 2, 3), log_lines=("E1", "E2")
    )
    assert event.to_line().count("\n") == 1
    assert parse_event(event.to_line()) == event


@pytest.mark.parametrize("line", ["", "Traceback", "7", "{}", '{"kind": "unknown"}', "[]"])
def test_parse_event_ignores_a_line_when_it_is_no_event(line: str) -> None:
    """A traceback on the same pipe is not mistaken for an event."""
    assert parse_event(line) is None
