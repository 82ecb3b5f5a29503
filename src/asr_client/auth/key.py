"""One API key, and the text of files and commands that holds one or several."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from asr_client.errors import ConfigError

__all__ = ["ApiKey", "KeyFileText", "Keys", "distinct", "named_key", "parse_keys", "read_key_file"]

_LONGEST_BYTES = 64 * 2**10
_COMMENT = "#"


class ApiKey:
    """
    A key that nothing prints: repr, str, logs and pickles of it hold a fingerprint at most.

    Args:
        value: The key. Blanks around it, such as a file's last newline, are dropped.

    Raises:
        ConfigError: If it is empty, or holds what no header may hold.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        stripped = value.strip()
        if not stripped:
            raise ConfigError("the API key is empty", hint="leave it out if the server wants none")
        if not (stripped.isascii() and stripped.isprintable()):
            raise ConfigError(
                "the API key holds characters that no HTTP header may hold",
                hint="was it copied with a line break or a typographic quote?",
            )
        self._value = stripped

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> ApiKey:
        """Read the key, of several the preferred one, from a file that holds nothing else."""
        return read_key_file(path).keys[0]

    def reveal(self) -> str:
        """Give the key itself, for the header that carries it."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Eight hex digits of its SHA-256, to tell keys apart in logs."""
        return hashlib.sha256(self._value.encode()).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"ApiKey(sha256:{self.fingerprint})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("an ApiKey is not pickled: read it again where it is needed")


# In order of preference, each once.
Keys = tuple[ApiKey, ...]


def distinct(keys: Iterable[ApiKey]) -> Keys:
    """Drop what comes a second time."""
    return tuple(dict.fromkeys(keys))


def named_key(value: str, place: str) -> ApiKey:
    """Make a key; if it cannot be one, the error says in which *place* it stands."""
    try:
        return ApiKey(value)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error.message}", hint=error.hint) from error


def parse_keys(data: bytes, place: str) -> Keys:
    """
    Take the keys from a text: one a line, the preferred one first.

    Args:
        data: UTF-8; empty lines and lines that begin with # do not count.
        place: Where it comes from, for messages.

    Raises:
        ConfigError: If it holds no key, or something else. The message has nothing of the text.
    """
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").split("\n")]
    except UnicodeDecodeError:
        # Not "from error": that one holds the bytes.
        raise ConfigError(f"{place} holds no text", hint="save it as UTF-8") from None
    found = [line for line in lines if line and not line.startswith(_COMMENT)]
    if not found:
        raise ConfigError(f"{place} holds no key", hint="wanted is one key a line")
    return distinct(named_key(line, place) for line in found)


@dataclass(frozen=True, slots=True)
class KeyFileText:
    """
    What a key file held.

    Attributes:
        keys: Its keys.
        before: How it stood before it was read.
        after: How it stood after that; what differs was changed meanwhile.
    """

    keys: Keys
    before: os.stat_result
    after: os.stat_result


def read_key_file(path: str | os.PathLike[str]) -> KeyFileText:
    """
    Read the keys of a file.

    Raises:
        ConfigError: If it cannot be read, or holds no keys.
    """
    place = f"the API key file {os.fspath(path)}"
    try:
        with Path(path).open("rb") as file:
            before = os.fstat(file.fileno())
            # One read cannot mix two versions of a file; a pipe gives its text in pieces. Neither
            # has an end for certain: /dev/zero is a file, too.
            read = file.read1 if stat.S_ISREG(before.st_mode) else file.read
            data = read(_LONGEST_BYTES)
            after = os.fstat(file.fileno())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read {place}: {reason}") from error
    return KeyFileText(parse_keys(data, place), before, after)
