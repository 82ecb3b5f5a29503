"""What the supervisor tells its owner: one JSON object per line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from asr_client.embedded.options import Ports

__all__ = ["Event", "EventKind", "parse_event"]

EventKind = Literal["starting", "ready", "restarting", "restarted", "failed", "stopped"]


@dataclass(frozen=True)
class Event:
    """
    A change in the life of the embedded server.

    Attributes:
        kind: starting -> ready (-> restarting -> restarted)* -> failed or stopped.
        message: Why it is restarting or has failed; empty otherwise.
        hint: What to do about a failure; may be empty.
        pid: Process id of tritonserver; 0 while there is none.
        ports: Where it listens; zeros until it is ready.
        log_path: Triton's log; removed with the server.
        log_lines: What that log said of a failure.
    """

    kind: EventKind
    message: str = ""
    hint: str = ""
    pid: int = 0
    ports: Ports = field(default_factory=Ports)
    log_path: str = ""
    log_lines: tuple[str, ...] = ()

    def to_line(self) -> str:
        """Encode as one line, newline included."""
        return json.dumps(asdict(self)) + "\n"


def parse_event(line: str) -> Event | None:
    """Decode one line; None for anything that is not an event, such as a traceback."""
    try:
        fields = json.loads(line)
        if fields["kind"] not in get_args(EventKind):
            return None
        ports, log_lines = Ports(**fields["ports"]), tuple(fields["log_lines"])
        return Event(**{**fields, "ports": ports, "log_lines": log_lines})
    except (ValueError, KeyError, TypeError):
        return None
