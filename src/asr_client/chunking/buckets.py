"""Lengths at which pieces are sent (thin for now)."""

from __future__ import annotations

__all__ = ["bucket_samples"]


def bucket_samples(samples: int, rate_hz: int) -> int:
    """Round up to whole seconds."""
    return -(-samples // rate_hz) * rate_hz
