"""Where API keys are kept, as values: nothing is read here, and nothing shows a key."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from asr_client.auth.key import ApiKey, Keys, distinct
from asr_client.errors import ConfigError

__all__ = [
    "NO_KEYS",
    "ApiKeyArgument",
    "GivenKeys",
    "KeyCommand",
    "KeyFile",
    "KeyFunction",
    "KeySource",
    "KeyVariable",
    "choose_source",
]

ApiKeyArgument = str | ApiKey | Sequence[str | ApiKey] | Callable[[], str | ApiKey]


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """
    Keys that the caller handed over.

    Attributes:
        keys: In order of preference; none for a server that wants none.
    """

    keys: Keys = ()
    is_slow: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class KeyVariable:
    """
    An environment variable, looked at before each request.

    Attributes:
        name: The variable.
        environ: Where it is looked up.
    """

    name: str
    environ: Mapping[str, str] = field(repr=False, compare=False)
    is_slow: ClassVar[bool] = False

    def __reduce__(self) -> tuple[object, ...]:
        # The environment would travel along, with all that is in it.
        raise TypeError("a KeyVariable is not pickled: name the variable where it is needed")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """
    A file with one key a line, the preferred one first; read again when it has changed.

    Attributes:
        path: Absolute, so that it stays the same file when the process changes its directory.
    """

    path: str
    is_slow: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """
    A command that prints what a KeyFile holds; run once, and again after a refusal.

    Attributes:
        argv: The program and its arguments, which nothing shows: they may be secret.
    """

    argv: tuple[str, ...] = field(repr=False)
    is_slow: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The program."""
        return self.argv[0]


@dataclass(frozen=True, slots=True)
class KeyFunction:
    """
    A function of the caller's, called before each request.

    Attributes:
        function: Gives the key; not shown, a partial would show its arguments.
    """

    function: Callable[[], str | ApiKey] = field(repr=False)
    is_slow: ClassVar[bool] = True


KeySource = GivenKeys | KeyVariable | KeyFile | KeyCommand | KeyFunction

NO_KEYS = GivenKeys()


def choose_source(
    api_key: ApiKeyArgument | None = None,
    api_key_file: str | os.PathLike[str] | None = None,
    api_key_command: str | Sequence[str] | None = None,
    *,
    environ: Mapping[str, str],
) -> KeySource:
    """
    Settle where the keys come from: one argument, else the first variable that is set.

    Raises:
        ConfigError: If two arguments are given, or one holds no key.
    """
    arguments = (api_key, api_key_file, api_key_command)
    if sum(argument is not None for argument in arguments) > 1:
        raise ConfigError("api_key, api_key_file and api_key_command exclude each other")
    if api_key is not None:
        return _given(api_key)
    if api_key_file is not None:
        return _file(api_key_file)
    if api_key_command is not None:
        return _command(api_key_command)
    return _from_environment(environ)


def _from_environment(environ: Mapping[str, str]) -> KeySource:
    if environ.get("ASR_API_KEY"):
        return KeyVariable("ASR_API_KEY", environ)
    if path := environ.get("ASR_API_KEY_FILE"):
        return _file(path)
    if command := environ.get("ASR_API_KEY_COMMAND"):
        return _command(command)
    return NO_KEYS


def _given(api_key: ApiKeyArgument) -> GivenKeys | KeyFunction:
    if callable(api_key):
        if inspect.iscoroutinefunction(api_key):
            raise ConfigError("the api_key function must not be a coroutine function")
        return KeyFunction(api_key)
    several = api_key if isinstance(api_key, (tuple, list)) else (api_key,)
    if not several:
        raise ConfigError("api_key holds no key", hint="leave it out if the server wants none")
    return GivenKeys(distinct(_as_key(each) for each in several))


def _as_key(given: object) -> ApiKey:
    if isinstance(given, ApiKey):
        return given
    if isinstance(given, str):
        return ApiKey(given)
    raise ConfigError(f"an API key is text, not {type(given).__name__}")


def _file(path: str | os.PathLike[str]) -> KeyFile:
    return KeyFile(str(Path(path).absolute()))


def _command(given: str | Sequence[str]) -> KeyCommand:
    try:
        argv = tuple(shlex.split(given) if isinstance(given, str) else given)
    except ValueError as error:
        raise ConfigError(f"api_key_command cannot be split into words: {error}") from error
    if not argv:
        raise ConfigError("api_key_command is empty")
    return KeyCommand(argv)
