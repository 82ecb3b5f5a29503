"""
What goes wrong while a recording is played, and when: a script. Pure.

    restart      as seen of a killed API server: watches break, 7 s refused, 1 s forbidden (its
                 roles are not loaded yet), then what was known before is too old
    expire       watches end with 410, and so do all that start from what was known before
    forbid       403 to everything
    revoke       the token is no longer valid: 401 to new requests, open watches go on
    refuse       no new connections; open watches go on, as after a polite stop
    hang-up      connections are taken and closed without an answer: seen by us, unlike refused ones
    drop         open watches break in the middle of a line
    reset        open watches are reset
    close        open watches end in good order, long before their time
    silence      open watches say nothing, not even bookmarks, and do not end
    throttle     429 to everything
    metrics-down the backend of the metrics API does not answer: 503
    metrics-gone there is no metrics API: 404

Seen on Kubernetes 1.36.2, apart from hang-up and reset.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from asr_client.errors import ConfigError

__all__ = ["Ending", "Fault", "FaultKind", "FaultScript", "parse_fault"]

FaultKind = Literal[
    "restart",
    "expire",
    "forbid",
    "revoke",
    "refuse",
    "hang-up",
    "drop",
    "reset",
    "close",
    "silence",
    "throttle",
    "metrics-down",
    "metrics-gone",
]

# How a watch ends: in good order, with 410 before, in the middle of a line, or by a TCP reset.
Ending = Literal["close", "expire", "drop", "reset"]

_FOR_GOOD = ("revoke",)
_DEFAULT_S = 10.0
_REFUSED_S = 7.0
_FORBIDDEN_S = 1.0

_WRITTEN = re.compile(r"([a-z-]+)@(\d+(?:\.\d+)?)(?:\+(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Something that goes wrong.

    Attributes:
        kind: What; the module's docstring explains each.
        at_s: When, in seconds of the recording.
        for_s: How long, likewise; no matter for those that happen at once.
    """

    kind: FaultKind
    at_s: float
    for_s: float = _DEFAULT_S

    @property
    def until_s(self) -> float:
        """When it is over."""
        return math.inf if self.kind in _FOR_GOOD else self.at_s + self.for_s


class FaultScript:
    """All that goes wrong, and what it means at a moment."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = sorted(_in_parts(faults), key=lambda each: each.at_s)

    def has(self, kind: FaultKind, at_s: float) -> bool:
        """Tell whether there is a fault of *kind* at *at_s*."""
        return any(f.kind == kind and f.at_s <= at_s < f.until_s for f in self._faults)

    def is_calm(self, at_s: float) -> bool:
        """Tell whether nothing at all goes wrong at *at_s*."""
        return not any(f.at_s <= at_s < f.until_s for f in self._faults)

    def times(self, kind: FaultKind) -> list[float]:
        """Tell when faults of *kind* begin, in order."""
        return [fault.at_s for fault in self._faults if fault.kind == kind]

    def watch_end(self, opened_s: float, ends_s: float) -> tuple[float, Ending]:
        """Tell when and how a watch ends that was opened at *opened_s* for until *ends_s*."""
        for fault in self._faults:
            if opened_s < fault.at_s < ends_s and fault.kind in (
                "close",
                "expire",
                "drop",
                "reset",
            ):
                return fault.at_s, fault.kind
        return self.after_silence(ends_s), "close"

    def after_silence(self, at_s: float) -> float:
        """Tell when a watch says what it has to say at *at_s*."""
        for fault in self._faults:
            if fault.kind == "silence" and fault.at_s <= at_s < fault.until_s:
                at_s = fault.until_s
        return at_s


def parse_fault(text: str) -> Fault:
    """
    Read KIND@SECOND or KIND@SECOND+SECONDS, as in "forbid@120+10".

    Raises:
        ConfigError: If it is something else.
    """
    written = _WRITTEN.fullmatch(text)
    for kind in get_args(FaultKind):
        if written and written[1] == kind:
            for_s = float(written[3]) if written[3] else _DEFAULT_S
            return Fault(kind, float(written[2]), for_s)
    kinds = ", ".join(get_args(FaultKind))
    raise ConfigError(
        f"no such fault: {text!r}",
        hint=f"write KIND@SECOND or KIND@SECOND+SECONDS, where KIND is one of {kinds}",
    )


def _in_parts(faults: Iterable[Fault]) -> Iterable[Fault]:
    """A restart is several faults one after the other; its forgetting is the history's part."""
    for fault in faults:
        if fault.kind != "restart":
            yield fault
            continue
        back_s = fault.at_s + _REFUSED_S
        yield Fault("drop", fault.at_s)
        yield Fault("refuse", fault.at_s, _REFUSED_S)
        yield Fault("forbid", back_s, _FORBIDDEN_S)
        yield fault
