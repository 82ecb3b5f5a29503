"""The pacers of one client: one for each of its keys, all for one gateway."""

from __future__ import annotations

from asr_client.pacing.pacer import Pacer
from asr_client.pacing.registry import pacer_for

__all__ = ["Pacers"]

# Keys in use at a time are one or two; tokens that change with every call must not pile up.
_MOST = 8


class Pacers:
    """
    Gives a client its pacers, and keeps those alive that it used lately.

    Args:
        gateway: The address whose limits they keep.
    """

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._held: dict[str, Pacer] = {}

    def __call__(self, key_fingerprint: str) -> Pacer:
        """Give the pacer of one key; the empty fingerprint stands for no key."""
        held = self._held.get(key_fingerprint)
        if held is None:
            held = pacer_for(self._gateway, key_fingerprint)
            # A new dict instead of a change: other threads may be reading the old one.
            newest = list(self._held.items())[-_MOST + 1 :]
            self._held = dict([*newest, (key_fingerprint, held)])
        return held
