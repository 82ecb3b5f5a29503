"""Who shares a pacer: all clients of a process that reach one gateway with one key."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from weakref import WeakValueDictionary

from asr_client.pacing.pacer import Pacer, Ticket

__all__ = ["SharedPacer", "pacer_for"]


class SharedPacer(Pacer):
    """A Pacer for any number of threads and tasks; in a forked child it begins anew."""

    def forget(self) -> None:
        """See `Pacer.forget`."""
        # A lock that another thread held at the fork would stay locked in the child for ever.
        self._deciding = threading.Lock()
        super().forget()

    def book(self, now_s: float) -> Ticket:
        """See `Pacer.book`."""
        with self._deciding:
            return super().book(now_s)

    def renew(self, ticket: Ticket, now_s: float) -> Ticket:
        """See `Pacer.renew`."""
        with self._deciding:
            return super().renew(ticket, now_s)

    def cancel(self, ticket: Ticket) -> None:
        """See `Pacer.cancel`."""
        with self._deciding:
            super().cancel(ticket)

    def lose(self, ticket: Ticket) -> None:
        """See `Pacer.lose`."""
        with self._deciding:
            super().lose(ticket)

    def settle(  # noqa: PLR0913 - as Pacer.settle
        self,
        ticket: Ticket,
        *,
        headers: Mapping[str, str],
        sent_s: float,
        now_s: float,
        is_limited: bool = False,
        consumed: bool | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """See `Pacer.settle`."""
        with self._deciding:
            super().settle(
                ticket,
                headers=headers,
                sent_s=sent_s,
                now_s=now_s,
                is_limited=is_limited,
                consumed=consumed,
                retry_after_s=retry_after_s,
            )


class _Registry:
    """The pacers in use; each lives as long as somebody holds it."""

    def __init__(self) -> None:
        self._pacers: WeakValueDictionary[tuple[str, str], SharedPacer] = WeakValueDictionary()
        self._looking = threading.Lock()
        if hasattr(os, "register_at_fork"):  # not on Windows, where nobody forks
            os.register_at_fork(after_in_child=self._begin_anew)

    def get(self, gateway: str, key_fingerprint: str) -> Pacer:
        with self._looking:
            return self._pacers.setdefault((gateway, key_fingerprint), SharedPacer())

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
