"""
Looking for keys where they are kept.

Readers are shared by threads and copied by forks: they hold no locks, and change by exchanging one
whole value for another. Two threads that look at once find the same.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, assert_never

from asr_client.auth.key import ApiKey, KeyFileText, Keys, distinct, named_key, read_key_file
from asr_client.auth.sources import (
    GivenKeys,
    KeyCommand,
    KeyFile,
    KeyFunction,
    KeySource,
    KeyVariable,
)
from asr_client.errors import ConfigError

__all__ = ["KeyReader", "open_reader"]

_log = logging.getLogger(__name__)

# A file that was written this recently may still be written, and without its date or size showing
# it: file systems date by the kernel's tick, 10 ms at most.
_SETTLES_NS = 100_000_000

# A thousand calls that are refused at once make one look, not a thousand.
_SECONDS_BETWEEN_LOOKS = 1.0

Clock = Callable[[], float]
Signature = tuple[int, int, int, int]


class KeyReader(Protocol):
    """Knows the keys of one source."""

    def read(self) -> Keys:
        """Give the keys, best first; looks for a change where that costs next to nothing."""

    def renew(self, known: Keys) -> Keys:
        """Look again, whatever it costs within reason: all of *known* have been refused."""


def open_reader(source: KeySource, clock: Clock = time.monotonic) -> KeyReader:
    """
    Begin to read a source; what can be read at once is.

    Raises:
        ConfigError: If a variable or a file holds no usable key.
    """
    match source:
        case GivenKeys():
            return GivenReader(source)
        case KeyVariable():
            return VariableReader(source)
        case KeyFile():
            return FileReader(source, clock)
        case KeyFunction():
            return FunctionReader(source)
        case KeyCommand():
            from asr_client.auth.command import CommandReader

            return CommandReader(source, clock)
        case _:
            assert_never(source)


class GivenReader:
    """Keys that stay as they are."""

    def __init__(self, source: GivenKeys) -> None:
        self._keys = source.keys

    def read(self) -> Keys:
        return self._keys

    def renew(self, known: Keys) -> Keys:
        return known


class FunctionReader:
    """
    A function that is asked each time.

    Its word is final, and none of its keys is remembered: it may give each tenant another one.
    """

    def __init__(self, source: KeyFunction) -> None:
        self._function = source.function

    def read(self) -> Keys:
        try:
            given = self._function()
        except Exception as error:
            # Its own words may hold the key; the cause is the caller's to show.
            raise ConfigError(f"the api_key function raised {type(error).__name__}") from error
        if isinstance(given, ApiKey):
            return (given,)
        if isinstance(given, str):
            return (named_key(given, "the api_key function"),)
        raise ConfigError(f"the api_key function gave no text but {type(given).__name__}")

    def renew(self, known: Keys) -> Keys:
        return known  # asked a moment ago


@dataclass(frozen=True, slots=True)
class _Found:
    """
    What looking has found so far.

    Attributes:
        keys: The keys in force.
        fresh: Keys that will be, unless they are half-written.
        replaced: The key that was before: a client may be told of a new key before its gateway.
        signature: How the file stood; None if that would not show the next change.
    """

    keys: Keys
    fresh: Keys = ()
    replaced: Keys = ()
    signature: Signature | None = None

    @property
    def offered(self) -> Keys:
        """All of them, best first."""
        return distinct((*self.keys, *self.fresh, *self.replaced))

    def followed_by(self, keys: Keys, signature: Signature | None = None) -> _Found:
        """Tell what is known when *keys* are in force."""
        replaced = self.replaced
        if keys != self.keys:
            # Who leaves some of them in has seen to the overlap.
            replaced = self.keys[:1] if set(keys).isdisjoint(self.keys) else ()
        return _Found(keys, replaced=replaced, signature=signature)

    def joined_by(self, fresh: Keys) -> _Found:
        """Tell what is known while *fresh* keys may be half-written."""
        return replace(self, fresh=fresh, signature=None)


class VariableReader:
    """An environment variable; one that is removed or spoilt leaves its last good key in force."""

    def __init__(self, source: KeyVariable) -> None:
        self._source = source
        self._found = _Found((named_key(source.environ.get(source.name, ""), source.name),))

    def read(self) -> Keys:
        # A program may well remove its secrets from the environment once they have been read.
        value = self._source.environ.get(self._source.name, "")
        with contextlib.suppress(ConfigError):
            self._found = self._found.followed_by((ApiKey(value),))
        return self._found.offered

    def renew(self, known: Keys) -> Keys:
        return known  # looked at a moment ago


class FileReader:
    """
    A file, seen to change by its inode, size and time of writing.

    One that is missing, empty or spoilt, as in the middle of its replacement, leaves its last good
    keys in force. A pipe can be read only once.
    """

    def __init__(self, source: KeyFile, clock: Clock = time.monotonic) -> None:
        self._path = Path(source.path)
        self._clock = clock
        self._forced_at_s = float("-inf")
        self._has_failed = False
        text = read_key_file(self._path)
        mode = text.before.st_mode
        self._is_pipe = not stat.S_ISREG(mode)
        self._found = _Found(text.keys, signature=_settled(text))
        if not self._is_pipe and os.name == "posix" and mode & 0o077:
            _warn_of_permissions(self._path, stat.S_IMODE(mode))

    def read(self) -> Keys:
        return self._found.offered if self._is_pipe or self._is_unchanged() else self._look()

    def renew(self, known: Keys) -> Keys:
        # Some copies keep the time, and network file systems answer from memory until opened.
        now_s = self._clock()
        if self._is_pipe or now_s - self._forced_at_s < _SECONDS_BETWEEN_LOOKS:
            return known
        self._forced_at_s = now_s
        return self._look()

    def _is_unchanged(self) -> bool:
        known = self._found.signature
        try:
            return known is not None and known == _signature(self._path.stat())
        except OSError:
            return False  # the look that follows says why

    def _look(self) -> Keys:
        before = self._found
        try:
            text = read_key_file(self._path)
        except ConfigError as error:
            if not self._has_failed:
                _log.warning("%s; its last good keys stay in use", error.message)
            self._has_failed = True
            self._found = replace(before, signature=None)
            return before.offered
        self._has_failed = False
        # Keys and signature are exchanged as one: a slow thread may bring back old keys, but cannot
        # hide that they are old.
        self._found = found = _after_look(before, text)
        if found.keys != before.keys:
            _log.info("the API key file %s has other keys now: %s", self._path, found.keys)
        return found.offered


def _after_look(before: _Found, text: KeyFileText) -> _Found:
    signature = _settled(text)
    return before.followed_by(text.keys, signature) if signature else before.joined_by(text.keys)


def _settled(text: KeyFileText) -> Signature | None:
    """Tell how the file stood; None if that was too lately for its text to be the last word."""
    signature = _signature(text.after)
    is_fresh = time.time_ns() - text.after.st_mtime_ns < _SETTLES_NS
    return None if is_fresh or signature != _signature(text.before) else signature


def _signature(status: os.stat_result) -> Signature:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@functools.cache  # said once
def _warn_of_permissions(path: Path, mode: int) -> None:
    _log.warning("the API key file %s is open to other users (mode %03o): chmod 600", path, mode)
