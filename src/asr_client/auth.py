"""API keys: read from where they are kept, never shown."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from asr_client.errors import ConfigError

__all__ = ["ApiKey"]


_LONGEST_KEY = 64 * 2**10


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
        """Read a key from a file that holds nothing else."""
        try:
            with Path(path).open(encoding="utf-8") as file:
                return cls(file.read(_LONGEST_KEY))  # bounded: /dev/zero is a file, too
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(
                f"cannot read the API key file {os.fspath(path)}: {reason}"
            ) from error

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
