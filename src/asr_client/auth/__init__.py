"""
API keys: read from where they are kept, exchanged while calls go on, never shown.

    key.py        one key, and the text that holds several
    sources.py    where keys are kept: settings and environment, as values   (pure)
    readers.py    looking there: variable, file, function      command.py   running a command
    ring.py       which of the keys a call gets, and which one after a refusal
"""

from __future__ import annotations

from asr_client.auth.key import ApiKey
from asr_client.auth.ring import KeyRing
from asr_client.auth.sources import (
    NO_KEYS,
    ApiKeyArgument,
    GivenKeys,
    KeyCommand,
    KeyFile,
    KeyFunction,
    KeySource,
    KeyVariable,
    choose_source,
)

__all__ = [
    "NO_KEYS",
    "ApiKey",
    "ApiKeyArgument",
    "GivenKeys",
    "KeyCommand",
    "KeyFile",
    "KeyFunction",
    "KeyRing",
    "KeySource",
    "KeyVariable",
    "choose_source",
]
