"""Headers as they come over the wire: pairs, in order, in the sender's spelling."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["Headers", "first", "values", "without"]

Headers = tuple[tuple[str, str], ...]


def values(headers: Headers, name: str) -> tuple[str, ...]:
    """Give every value of a header, whatever its spelling."""
    return tuple(value for key, value in headers if key.lower() == name.lower())


def first(headers: Headers, name: str) -> str:
    """Give a header's first value; empty if there is none."""
    return next(iter(values(headers, name)), "")


def without(headers: Headers, names: Collection[str]) -> Headers:
    """Leave out the headers of these lower-case names."""
    return tuple(pair for pair in headers if pair[0].lower() not in names)
