"""Numbers of things in words."""

from __future__ import annotations

__all__ = ["several"]


def several(count: int, thing: str) -> str:
    """Say how many, such as "1 move" and "2 moves"."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
