"""
Who watches a call: is told of its attempts and its end, and may name it to the servers.

Flows know this protocol and no more. Behind it stand the caller's own hook, OpenTelemetry
(telemetry.py), both of them, or nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, ParamSpec, Protocol, TypeVar

from asr_client.contracts.wire import Request
from asr_client.faults import Attempt

__all__ = [
    "NOBODY",
    "CallName",
    "Headers",
    "Hook",
    "Nobody",
    "Observe",
    "Observer",
    "Subject",
    "observed_by",
    "unobserved",
]

CallName = Literal["transcribe", "health", "models", "model"]
Headers = tuple[tuple[str, str], ...]

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What a call is about, as soon as that is settled.

    Attributes:
        model: Name of the model asked; empty where the gateway chooses.
        language: The model's code for the language; None where none is sent.
        audio_s: Seconds of audio, all recordings together.
    """

    model: str
    language: str | None
    audio_s: float


class Observer(Protocol):
    """
    Watches one call, whose attempts follow one another.

    `attempt_started` gives the headers that name the attempt to whoever handles it; none leaves
    that to the call. `ended` is told the error that the call ends with, None if it went well, and
    GeneratorExit if it was given up.
    """

    def settled(self, subject: Subject) -> None: ...
    def attempt_started(self, request: Request) -> Headers: ...
    def attempt_ended(self, attempt: Attempt) -> None: ...
    def ended(self, error: BaseException | None) -> None: ...


# Begins to watch a call, of which it is told what it does and its request id.
Observe = Callable[[CallName, str], Observer]


class Nobody:
    """Watches nothing; those who watch something inherit the rest."""

    def settled(self, subject: Subject) -> None:
        """Let it be about anything."""

    def attempt_started(self, request: Request) -> Headers:  # noqa: ARG002 - for others to look at
        """Leave the naming to the call."""
        return ()

    def attempt_ended(self, attempt: Attempt) -> None:
        """Take no notice."""

    def ended(self, error: BaseException | None) -> None:
        """Take no notice."""


NOBODY: Observer = Nobody()


def unobserved(_name: CallName, _request_id: str) -> Observer:
    """Have nobody watch."""
    return NOBODY


class Hook(Nobody):
    """The caller's own function, told of each attempt."""

    def __init__(self, tell: Callable[[Attempt], object]) -> None:
        self._tell = tell

    def attempt_ended(self, attempt: Attempt) -> None:
        """Hand it on."""
        self._tell(attempt)


def observed_by(watchers: Sequence[Observe]) -> Observe:
    """Have all of them watch each call, without one of them being able to break it."""
    if not watchers:
        return unobserved

    def observe(name: CallName, request_id: str) -> Observer:
        begun = (_unless_it_fails(None, watch, name, request_id) for watch in watchers)
        return _Several([observer for observer in begun if observer is not None])

    return observe


class _Several:
    """Several observers as one; what they raise goes to the log, never into the call."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def settled(self, subject: Subject) -> None:
        for each in self._observers:
            _unless_it_fails(None, each.settled, subject)

    def attempt_started(self, request: Request) -> Headers:
        names: Headers = ()
        for each in self._observers:
            names += _unless_it_fails((), each.attempt_started, request)
        return names

    def attempt_ended(self, attempt: Attempt) -> None:
        for each in self._observers:
            _unless_it_fails(None, each.attempt_ended, attempt)

    def ended(self, error: BaseException | None) -> None:
        for each in self._observers:
            _unless_it_fails(None, each.ended, error)


def _unless_it_fails(
    otherwise: Value,
    function: Callable[Arguments, Value],
    *arguments: Arguments.args,
    **named: Arguments.kwargs,
) -> Value:
    try:
        return function(*arguments, **named)
    except Exception:  # noqa: BLE001 - whatever it is, the call comes first
        _log.exception("an observer of calls failed; the call goes on")
        return otherwise
