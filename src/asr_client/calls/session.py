"""What the calls of one client share, and what one of them is made of."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import uuid4

from asr_client.auth import KeyRing
from asr_client.calls.body_limits import BodyLimits
from asr_client.calls.observing import NOBODY, CallName, Observe, Observer, unobserved
from asr_client.contracts.kserve import KServe
from asr_client.contracts.recognizer import Recognizer
from asr_client.deadline import Clock, Deadline, check_seconds
from asr_client.faults import Attempt
from asr_client.pacing import Pacer
from asr_client.retry import Random, RetryBudget, RetryPolicy
from asr_client.settings.config import ClientConfig

__all__ = ["Call", "Route", "Session"]

# Time for a call whose caller names none: what a slow start may take, and twice the audio.
_BASE_S = 30.0
_PER_AUDIO_SECOND = 2.0
_LONGEST_S = 900.0


@dataclass(frozen=True, slots=True)
class Route:
    """
    The way to one model: who recognizes, and why in this way.

    Attributes:
        recognizer: Who recognizes.
        why_protocol: What decided how it is asked.
        why_contract: What gave its contract away.
        is_guess: Nothing but another way's absence speaks for this one.
    """

    recognizer: Recognizer
    why_protocol: str
    why_contract: str
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """
    What the calls of one client share.

    Attributes:
        config: Its settings.
        kserve: The codec of health, lists and introspection.
        keys: The API keys, and which of them is in use.
        pacer_of: Gives the pacer that all calls with one key share, by the key's fingerprint; None
            if this client keeps no pace.
        budget: How much may be repeated that may have run.
        routes: Models met so far.
        searches: Models that some call is looking for.
        body_limits: How large a request was refused, by model.
        observe: Begins to watch a call.
        clock: Monotonic seconds.
        random: Draws the jitter.
    """

    config: ClientConfig
    kserve: KServe
    keys: KeyRing
    pacer_of: Callable[[str], Pacer] | None
    budget: RetryBudget = field(default_factory=RetryBudget)
    routes: dict[str, Route] = field(default_factory=dict)
    searches: dict[str, object] = field(default_factory=dict)
    body_limits: BodyLimits = field(default_factory=BodyLimits)
    observe: Observe = unobserved
    clock: Clock = time.monotonic
    random: Random = random.random

    def call(self, limit_s: float | None = None) -> Call:
        """Begin a call whose caller gives it *limit_s* (None leaves it to the settings)."""
        return Call(self, self.deadline(limit_s), self.config.retry, self.clock())

    @contextmanager
    def observed_call(self, name: CallName, limit_s: float | None = None) -> Iterator[Call]:
        """Begin a call that is watched to its end, the end of the `with` block."""
        call = self.call(limit_s)
        observer = self.observe(name, call.request_id)
        try:
            yield replace(call, observer=observer)
        except BaseException as error:
            observer.ended(error)
            raise
        observer.ended(None)

    def deadline(
        self, limit_s: float | None, *, started_s: float | None = None, audio_s: float = 0.0
    ) -> Deadline:
        """
        Tell when a call must end: as the caller says, as the settings say, else by its audio.

        Args:
            limit_s: The caller's word, in seconds; None if there is none.
            started_s: When the call began, on `clock`; None is now.
            audio_s: Seconds of audio; a call without a limit has 30 s and twice that, but no more
                than 900 s.

        Raises:
            ConfigError: If the limit is no positive number.
        """
        if limit_s is None:
            limit_s = self.config.deadline_s
        if limit_s is None:
            limit_s = min(_BASE_S + _PER_AUDIO_SECOND * audio_s, _LONGEST_S)
        check_seconds("deadline_s", limit_s)
        began_s = self.clock() if started_s is None else started_s
        return Deadline(began_s + limit_s, limit_s, self.clock)


@dataclass(frozen=True, slots=True)
class Call:
    """
    One call of a user, which may take several requests, each of them several attempts.

    Attributes:
        session: What it shares with the other calls of its client.
        deadline: When it must end.
        retry: How often it may repeat a request.
        started_s: When it began, on the session's clock.
        request_id: 32 hexadecimal digits that all its requests carry; the trace has the same.
        log: Its attempts so far.
        observer: Who watches it.
    """

    session: Session
    deadline: Deadline
    retry: RetryPolicy
    started_s: float
    request_id: str = field(default_factory=lambda: uuid4().hex)
    log: list[Attempt] = field(default_factory=list)
    observer: Observer = NOBODY

    def watched_by(self, observer: Observer) -> Self:
        """Let somebody watch it."""
        return replace(self, observer=observer)

    def with_audio(self, limit_s: float | None, audio_s: float) -> Self:
        """Give the call the time that *audio_s* seconds of audio need, counted from its start."""
        deadline = self.session.deadline(limit_s, started_s=self.started_s, audio_s=audio_s)
        return replace(self, deadline=deadline)
