"""How a refusal travels from where it is decided to where it is worded."""

from __future__ import annotations

from asr_client.testing.kong_rules import Refusal

__all__ = ["RefusalError"]


class RefusalError(Exception):
    """
    The gateway answers itself.

    Args:
        refusal: What it says.
        was_sent: Whether an upstream has seen the request, or part of it.
        was_stale: Whether that happened on a connection kept from an earlier request.
    """

    def __init__(
        self, refusal: Refusal, *, was_sent: bool = False, was_stale: bool = False
    ) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.was_sent = was_sent
        self.was_stale = was_stale
