"""How other libraries' exceptions and file names read in our messages: on one line each."""

from __future__ import annotations

import os

__all__ = ["printable_name", "reason"]


def reason(error: BaseException) -> str:
    """What an exception says; its class where it says nothing."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())


def printable_name(name: object) -> str:
    """A file's name, whatever is in it."""
    if not isinstance(name, str | bytes):
        return "audio file"  # a file object without a name, or known by its number only
    text = os.fsdecode(name)
    return text if text.isprintable() else ascii(text)
