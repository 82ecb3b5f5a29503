"""The keys that open the gateway: several at once, and exchangeable while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from asr_client.auth import ApiKey
from asr_client.errors import ConfigError

__all__ = ["KeyTable"]


@dataclass(frozen=True, slots=True)
class _Entry:
    key: ApiKey
    consumer: str
    until_s: float = float("inf")


class KeyTable:
    """
    Which keys are valid, and whose they are; safe to use from any thread.

    Each key given at the start is a consumer of its own, "consumer-1", "consumer-2" and so on, and
    has rate limits of its own. A key that replaces others belongs to the first of their consumers.
    """

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._entries = tuple(
            _Entry(key, f"consumer-{number}") for number, key in enumerate(keys, start=1)
        )
        self._changing = threading.Lock()

    def __bool__(self) -> bool:
        """Whether a key is wanted at all."""
        return bool(self._entries)

    def consumer_of(self, presented: str, now_s: float) -> str | None:
        """Tell whose key this is; None if it is nobody's, or no longer anybody's."""
        return next(
            (
                entry.consumer
                for entry in self._entries
                if entry.key.reveal() == presented and now_s < entry.until_s
            ),
            None,
        )

    def rotate(self, new: ApiKey, old: ApiKey | None, ends_s: float) -> None:
        """
        Let *new* in at once, and the replaced keys no longer than until *ends_s*.

        Args:
            new: From now on valid.
            old: The key it replaces; None replaces all.
            ends_s: When the replaced keys end, in seconds since 1970.

        Raises:
            ConfigError: If there is no such key to replace.
        """
        with self._changing:
            going = [entry for entry in self._entries if old is None or entry.key == old]
            if not going:
                raise ConfigError("the gateway has no such key to replace")
            kept = tuple(
                replace(entry, until_s=min(entry.until_s, ends_s)) if entry in going else entry
                for entry in self._entries
            )
            self._entries = (*kept, _Entry(new, going[0].consumer))
