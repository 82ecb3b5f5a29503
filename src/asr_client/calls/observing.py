"""
Who watches a call: is told of its attempts and its end, and may name it to the servers.

Flows know this protocol and no more. Who stands behind it is settled in `observability/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from asr_client.contracts.wire import Request
from asr_client.faults import Attempt

__all__ = [
    "NOBODY",
    "CallName",
    "Headers",
    "Nobody",
    "Observe",
    "Observer",
    "Subject",
    "unobserved",
]

CallName = Literal["transcribe", "health", "models", "model"]
Headers = tuple[tuple[str, str], ...]


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

    Where requests of one call are made side by side, each has a `part` of the call's observer.
    `attempt_started` gives the headers that name the attempt to whoever handles it; none leaves
    that to the call. `ended` is told the error that the call ends with, None if it went well, and
    GeneratorExit if it was given up.
    """

    def settled(self, subject: Subject) -> None: ...
    def part(self) -> Observer: ...
    def attempt_started(self, request: Request) -> Headers: ...
    def attempt_ended(self, attempt: Attempt) -> None: ...
    def ended(self, error: BaseException | None) -> None: ...


# Begins to watch a call, of which it is told what it does and its request id.
Observe = Callable[[CallName, str], Observer]


class Nobody:
    """Watches nothing; those who watch something inherit the rest."""

    def settled(self, subject: Subject) -> None:
        """Let it be about anything."""

    def part(self) -> Observer:
        """Watch the part as the whole."""
        return self

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
