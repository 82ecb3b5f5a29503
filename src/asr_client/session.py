"""What the calls of one client share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from asr_client.config import ClientConfig
from asr_client.contracts.kserve import KServe
from asr_client.contracts.recognizer import Recognizer
from asr_client.deadline import Clock, Deadline, check_seconds

__all__ = ["Route", "Session"]

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
        routes: Models met so far. Two threads may find the same route at once; they find the same.
        clock: Monotonic seconds.
    """

    config: ClientConfig
    kserve: KServe
    routes: dict[str, Route] = field(default_factory=dict)
    clock: Clock = time.monotonic

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
