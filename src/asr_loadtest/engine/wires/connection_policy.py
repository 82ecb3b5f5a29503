"""
How long a connection is kept: what decides whether new replicas get any of the load.

A Service chooses a replica once for each connection. A generator that keeps its connections for
ever measures the replicas of its first second, whatever the autoscaler adds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from asr_client.errors import ConfigError
from asr_client.settings.connections import Connections

__all__ = ["POLICIES", "ConnectionPolicy", "Policy"]

Policy = Literal["keepalive", "max-age", "per-request"]
POLICIES: tuple[Policy, ...] = get_args(Policy)

# Between two requests at an ordinary rate; connections of a burst are let go after it.
_IDLE_S = 30.0
# gRPC has no connection for one call: its channels are as good as new when they live no longer.
_AT_ONCE_S = 1e-6


@dataclass(frozen=True, slots=True)
class ConnectionPolicy:
    """
    When a connection is not used again.

    Attributes:
        kind: "keepalive" never, "max-age" after `max_age_s`, "per-request" after one request.
        max_age_s: Seconds, give or take a fifth, so that not all are replaced at once.

    Raises:
        ConfigError: If the kind is unknown, or connections are to have no positive age.
    """

    kind: Policy = "keepalive"
    max_age_s: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in POLICIES:
            raise ConfigError(
                f"connection policy {self.kind!r} is unknown", hint=f"use {', '.join(POLICIES)}"
            )
        self.for_client()  # which refuses an age that cannot be

    def ends_s(self, born_s: float, random: Callable[[], float]) -> float:
        """When a connection made at *born_s* may not be used again."""
        if self.kind == "per-request":
            return born_s
        return born_s + self.for_client().lifetime_s(random())

    def for_client(self) -> Connections:
        """Say the same in the SDK's words, for its gRPC transport."""
        max_age_s = {"keepalive": None, "max-age": self.max_age_s, "per-request": _AT_ONCE_S}
        return Connections(idle_s=_IDLE_S, max_age_s=max_age_s[self.kind])

    def __str__(self) -> str:
        return f"max-age {self.max_age_s:g} s" if self.kind == "max-age" else self.kind
