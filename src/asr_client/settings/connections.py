"""How many connections a client keeps, for how long, and to whom: settings, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asr_client.deadline import check_seconds
from asr_client.errors import ConfigError

__all__ = ["Connections"]

# Kong closes a connection that was idle for 75 s (docs/servers.md 6). Who sends at that very moment
# loses the request.
_KONG_CLOSES_S = 75.0
# Clients that were started together shall not reconnect together for ever after.
_AGE_SPREAD = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """
    How a client keeps its connections.

    A Kubernetes Service chooses a replica once for each connection. Clients that keep theirs for
    ever stay with the replicas of their first day, and new ones get nothing to do: hence the age.

    Attributes:
        max_open: HTTP connections at once; further calls wait for one.
        idle_s: Seconds after which an unused HTTP connection is not used again; below the 75 s
            after which Kong closes it.
        max_age_s: Seconds after which a connection is replaced, between two calls and never under
            one; each connection draws its own limit, up to a fifth more or less. None: never.
        grpc_channels: gRPC channels, used in turn; each has a connection of its own, and so perhaps
            a replica of its own.
        grpc_round_robin: Whether gRPC looks up all addresses of the server's name and uses them in
            turn, as a headless Service wants it.
    """

    max_open: int = 100
    idle_s: float = 30.0
    max_age_s: float | None = 60.0
    grpc_channels: int = 1
    grpc_round_robin: bool = False

    def __post_init__(self) -> None:
        for name in ("max_open", "grpc_channels"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, not {getattr(self, name)}")
        check_seconds("idle_s", self.idle_s)
        if self.idle_s >= _KONG_CLOSES_S:
            raise ConfigError(
                f"idle_s must be less than {_KONG_CLOSES_S:g}, not {self.idle_s:g}",
                hint="a gateway closes connections that are idle for longer",
            )
        if self.max_age_s is not None:
            check_seconds("max_age_s", self.max_age_s)

    def lifetime_s(self, drawn: float) -> float:
        """Seconds that one connection may live, by a number drawn evenly from [0, 1)."""
        if self.max_age_s is None:
            return math.inf
        return self.max_age_s * (1 - _AGE_SPREAD + 2 * _AGE_SPREAD * drawn)
