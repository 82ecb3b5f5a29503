"""
Keys for tests: made anew for each run, and known again wherever they turn up.

A literal key would stand in the sources, which pytest shows with every failure: nobody could tell
whether it was the test that was shown or the key that had leaked.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

__all__ = ["MARK", "new_key", "shown_keys"]

# What all keys of this run begin with, and nothing else in the world.
MARK = f"canary{secrets.token_hex(6)}"

_KEY = re.compile(rb"%s-[0-9a-f]{16}" % MARK.encode())


def new_key() -> str:
    """Make a key that no other test has."""
    return f"{MARK}-{secrets.token_hex(8)}"


def shown_keys(data: bytes) -> list[str]:
    """Name the keys in some bytes by their fingerprints, plain ones and those in base64."""
    if not any(trace in data for trace in _TRACES):
        return []
    fingerprints = {hashlib.sha256(key).hexdigest()[:8] for key in _KEY.findall(data)}
    return sorted(fingerprints) or ["a part of one, or base64"]


def _in_base64(offset: int) -> bytes:
    """What the mark looks like in base64, so many bytes after the beginning of a group."""
    whole = base64.b64encode(bytes(offset) + MARK.encode()).rstrip(b"=")
    # The characters at both ends hold bits of the neighbours.
    return whole[(offset * 8 + 5) // 6 : -1]


_TRACES = (MARK.encode(), *map(_in_base64, range(3)))
