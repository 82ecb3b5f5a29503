"""
Who watches the calls of one client: those whom its settings name, told one by one.

Whatever an observer raises goes to the log, never into the call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from asr_client.calls.observing import (
    CallName,
    Headers,
    Nobody,
    Observe,
    Observer,
    Subject,
    unobserved,
)
from asr_client.contracts.wire import Request
from asr_client.errors import ConfigError
from asr_client.faults import Attempt
from asr_client.settings.config import ClientConfig

__all__ = ["Hook", "observe_by", "together"]

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")

_log = logging.getLogger(__name__)


def observe_by(config: ClientConfig) -> Observe:
    """
    Have each call watched by OpenTelemetry, by the caller's hook, by both or by nobody.

    Raises:
        ConfigError: If telemetry is asked for and OpenTelemetry is not installed.
    """
    watchers: list[Observe] = []
    if config.telemetry:
        watchers.append(_telemetry_of(config))
    if config.on_attempt is not None:
        hook = Hook(config.on_attempt)
        watchers.append(lambda _name, _request_id: hook)
    return together(watchers)


def _telemetry_of(config: ClientConfig) -> Observe:
    try:
        from asr_client.observability.telemetry import observe_calls_to
    except ImportError as error:
        raise ConfigError(
            f"telemetry needs OpenTelemetry, which cannot be imported: {error}",
            hint="pip install 'asr-client[otel]'",
        ) from error
    return observe_calls_to(config.endpoint)


class Hook(Nobody):
    """The caller's own function, told of each attempt."""

    def __init__(self, tell: Callable[[Attempt], object]) -> None:
        self._tell = tell

    def attempt_ended(self, attempt: Attempt) -> None:
        """Hand it on."""
        self._tell(attempt)


def together(watchers: Sequence[Observe]) -> Observe:
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

    def part(self) -> Observer:
        parts = (_unless_it_fails(None, each.part) for each in self._observers)
        return _Several([part for part in parts if part is not None])

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
