"""
What may be shown of a text that somebody else wrote: one short line, without server paths or audio.

Servers quote requests, models print tracebacks, and both end up in messages, logs and reports.
"""

from __future__ import annotations

import re

__all__ = ["first_id", "plain_line"]

_LONGEST_LINE = 400
_LONGEST_TEXT = 10_000

# Where the stack of a Python exception begins: in Triton's own form, and in Python's.
_TRITON_STACK = "\n\nAt:"
_PYTHON_STACK = re.compile(r"Traceback \(most recent call last\):.*\n(?=\S)", re.DOTALL)

# Base64 of audio, and any other run of characters that nobody reads.
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=_-]{64,}")

# Invisible, and part of how Indic scripts are written.
_JOINERS = "\u200c\u200d"

_ID = re.compile(r"[\x21-\x7e]{1,128}")


def plain_line(text: str) -> str:
    """Make one printable line of at most 400 characters, of a traceback only its end."""
    without_stack = _PYTHON_STACK.sub("", text[:_LONGEST_TEXT].partition(_TRITON_STACK)[0])
    printable = "".join(
        each if each.isprintable() or each in _JOINERS else " " for each in without_stack
    )
    line = _LONG_RUN.sub("…", " ".join(printable.split()))
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…"


def first_id(*candidates: object) -> str:
    """Give the first candidate that can be the id of a request; empty if none can."""
    texts = (each for each in candidates if isinstance(each, str))
    return next((each for each in texts if _ID.fullmatch(each)), "")
