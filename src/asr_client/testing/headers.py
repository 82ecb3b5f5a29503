"""Headers as they come over the wire: pairs, in order, in the sender's spelling."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["Headers", "as_bytes", "first", "values", "with_length", "without"]

Headers = tuple[tuple[str, str], ...]


def values(headers: Headers, name: str) -> tuple[str, ...]:
    """Give every value of a header, whatever its spelling."""
    return tuple(value for key, value in headers if key.lower() == name.lower())


def as_bytes(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Give the bytes of the wire again: any byte may come, and each was read as one letter."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def first(headers: Headers, name: str) -> str:
    """Give a header's first value; empty if there is none."""
    return next(iter(values(headers, name)), "")


def with_length(headers: Headers, body: bytes) -> Headers:
    """Add the body's length, unless they tell one."""
    told = values(headers, "Content-Length")
    return headers if told else (*headers, ("Content-Length", str(len(body))))


def without(headers: Headers, names: Collection[str]) -> Headers:
    """Leave out the headers of these lower-case names."""
    return tuple(pair for pair in headers if pair[0].lower() not in names)
