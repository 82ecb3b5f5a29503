"""Who shares a pacer: all clients of a process that reach one gateway with one key."""

from __future__ import annotations

import os
import threading
from weakref import WeakValueDictionary

from asr_client.pacing.pacer import Pacer

__all__ = ["pacer_for"]


class _Registry:
    """The pacers in use; each lives as long as somebody holds it."""

    def __init__(self) -> None:
        self._pacers: WeakValueDictionary[tuple[str, str], Pacer] = WeakValueDictionary()
        self._looking = threading.Lock()
        if hasattr(os, "register_at_fork"):  # not on Windows, where nobody forks
            os.register_at_fork(after_in_child=self._begin_anew)

    def get(self, gateway: str, key_fingerprint: str) -> Pacer:
        with self._looking:
            return self._pacers.setdefault((gateway, key_fingerprint), Pacer())

    def _begin_anew(self) -> None:
        self._looking = threading.Lock()
        for pacer in list(self._pacers.values()):
            pacer.forget()


_registry = _Registry()


def pacer_for(gateway: str, key_fingerprint: str) -> Pacer:
    """
    Give the pacer that all of this process share for a gateway and a key; hold on to it.

    Args:
        gateway: Its address, the same for all who share its limits.
        key_fingerprint: Of the API key; empty without one.
    """
    return _registry.get(gateway, key_fingerprint)
