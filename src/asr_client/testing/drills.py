"""
Failures on demand: each strikes a counted number of calls, then is over.

A drill is an effect and a count. Adding one and striking with it are all there is: how an effect
comes about is the business of the proxies.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from asr_client.errors import ConfigError
from asr_client.testing.headers import Headers
from asr_client.testing.http_server import check_answer

__all__ = [
    "Answers",
    "Drill",
    "Drills",
    "Effect",
    "FailsUpstream",
    "Hangs",
    "RateLimits",
    "Refuses",
    "Resets",
    "Slow",
    "TimesOut",
    "Truncates",
]


@dataclass(frozen=True, slots=True)
class Refuses:
    """The connection ends as soon as it is made."""


@dataclass(frozen=True, slots=True)
class Hangs:
    """The request is taken, and after *seconds* the connection ends without an answer."""

    seconds: float


@dataclass(frozen=True, slots=True)
class TimesOut:
    """Kong's 504, at once; the upstream hears nothing."""


@dataclass(frozen=True, slots=True)
class Truncates:
    """The upstream runs, and half of what it answers arrives under its own status."""


@dataclass(frozen=True, slots=True)
class Resets:
    """The connection is reset once the request is there, before or after the upstream ran."""

    when: Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The limiter's refusal, whatever the count is."""

    retry_after_s: int


@dataclass(frozen=True, slots=True)
class FailsUpstream:
    """Kong's 502, at once; the upstream hears nothing."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Any answer at all, without Kong's headers."""

    status: int
    headers: Headers
    body: bytes

    def __post_init__(self) -> None:
        check_answer(self.status, self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Slow:
    """The call goes on as usual, but later."""

    seconds: float


Effect = (
    Refuses | Hangs | TimesOut | Truncates | Resets | RateLimits | FailsUpstream | Answers | Slow
)


class Drill:
    """
    One failure under way.

    Attributes:
        effect: What happens to the calls it strikes.
        path: Pattern of the paths it strikes, as in the shell; gRPC methods are paths, too.
        left: How many calls it will still strike.
        struck: How many it has struck.
    """

    def __init__(self, effect: Effect, times: int, path: str) -> None:
        if times < 1:
            raise ConfigError("a drill strikes at least one call")
        self.effect = effect
        self.path = path
        self.left = times
        self.struck = 0

    @property
    def name(self) -> str:
        """The effect's name, as records show it."""
        return type(self.effect).__name__

    def stop(self) -> None:
        """Strike nobody any more."""
        self.left = 0

    def __repr__(self) -> str:
        return f"<Drill {self.name} {self.path}: struck {self.struck}, {self.left} left>"


class Drills:
    """The failures under way, oldest first; safe to use from any thread."""

    def __init__(self) -> None:
        self._under_way: list[Drill] = []
        self._striking = threading.Lock()

    def add(self, effect: Effect, times: int, path: str = "*") -> Drill:
        """Begin one."""
        drill = Drill(effect, times, path)
        with self._striking:
            self._under_way.append(drill)
        return drill

    def strike_connection(self) -> Drill | None:
        """Take the next drill that refuses connections."""
        return self._strike(lambda drill: isinstance(drill.effect, Refuses))

    def strike_call(self, path: str) -> Drill | None:
        """Take the next drill for a call that the rules let through."""
        return self._strike(
            lambda drill: not isinstance(drill.effect, Refuses) and fnmatchcase(path, drill.path)
        )

    def _strike(self, fits: Callable[[Drill], bool]) -> Drill | None:
        with self._striking:
            self._under_way = [drill for drill in self._under_way if drill.left > 0]
            drill = next(filter(fits, self._under_way), None)
            if drill is not None:
                drill.left -= 1
                drill.struck += 1
            return drill
