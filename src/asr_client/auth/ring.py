"""Which of a source's keys a call gets, and which one after a refusal."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping

from asr_client.auth.key import ApiKey, Keys
from asr_client.auth.readers import open_reader
from asr_client.auth.sources import NO_KEYS, KeySource

__all__ = ["KeyRing"]

# Keys that were accepted: an old one, a new one, and a few of others' where a function gives them.
_REMEMBERED = 8


class KeyRing:
    """
    The keys of one client; shared by threads, copied by forks, without locks of its own.

    A key that was refused is not given while there is one that was not. When all were, it is the
    turn of the one whose refusal is the longest ago: the gateway may have learnt it since.

    Args:
        source: Where the keys are kept.
        clock: Monotonic seconds.

    Raises:
        ConfigError: If a variable or a file holds no usable key. Commands and functions are not
            asked before the first call.
    """

    def __init__(
        self, source: KeySource = NO_KEYS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._reader = open_reader(source, clock)
        self._refused_at: Mapping[ApiKey, int] = {}
        self._refusals = itertools.count()
        self._accepted: tuple[ApiKey, ...] = ()

    @property
    def is_slow(self) -> bool:
        """Whether asking may take so long that an event loop should not wait for it."""
        return self._source.is_slow

    def current(self) -> ApiKey | None:
        """
        Give the key for the next request; None if there are none.

        Raises:
            ConfigError: If a command or a function fails.
        """
        return _best(self._reader.read(), self._refused_at)

    def note_acceptance(self, key: ApiKey) -> None:
        """Remember that a server has taken a key, the latest one first."""
        before = self._accepted
        if not before or before[0] != key:
            others = tuple(each for each in before if each != key)
            self._accepted = (key, *others)[:_REMEMBERED]

    def was_accepted(self, key: ApiKey) -> bool:
        """Whether a server has taken a key, as far as that is remembered."""
        return key in self._accepted

    def replacement(self, rejected: ApiKey) -> ApiKey | None:
        """
        Give another key after a server has refused one, to repeat the request with once.

        The source is looked at again if it has nothing better that is known; keys that others have
        found meanwhile are given at once.

        Args:
            rejected: The key that went with the refused request.

        Returns:
            A key other than *rejected*; None if there is none.

        Raises:
            ConfigError: If a function fails.
        """
        known = self._reader.read()
        refused_at = self._note_refusal(rejected, known)
        best = _best(known, refused_at)
        if best in refused_at:
            best = _best(self._reader.renew(known), refused_at)
        return None if best == rejected else best

    def _note_refusal(self, rejected: ApiKey, known: Keys) -> Mapping[ApiKey, int]:
        """Remember it, and forget keys that are gone; exchanged as a whole, as readers do."""
        before = self._refused_at
        kept = {key: before[key] for key in known if key in before}
        self._refused_at = refused_at = {**kept, rejected: next(self._refusals)}
        return refused_at

    def __repr__(self) -> str:
        return f"KeyRing({self._source!r})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a KeyRing is not pickled: open its source where it is needed")


def _best(keys: Keys, refused_at: Mapping[ApiKey, int]) -> ApiKey | None:
    """Prefer keys never refused, in their order; else the one refused the longest ago."""
    return min(keys, key=lambda key: refused_at.get(key, -1), default=None)
