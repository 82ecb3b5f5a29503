"""API keys as values: what a key is, where keys may be kept, and that nothing shows one."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asr_client import ApiKey, ConfigError
from asr_client.auth import (
    NO_KEYS,
    GivenKeys,
    KeyCommand,
    KeyFile,
    KeyFunction,
    KeyRing,
    KeySource,
    KeyVariable,
    choose_source,
)
from asr_client.auth.key import parse_keys
from asr_client.endpoint import parse_url
from asr_client.settings.config import ClientConfig

SECRET = "SECRET-KEY-1"  # noqa: S105 - looked for in all that is printed


def test_key_shows_a_fingerprint_only() -> None:
    """Two keys can be told apart in a log without either being in it."""
    assert repr(ApiKey(SECRET)) == f"ApiKey(sha256:{ApiKey(SECRET).fingerprint})"
    assert SECRET not in f"{ApiKey(SECRET)}{[ApiKey(SECRET)]}"
    assert ApiKey("a").fingerprint != ApiKey("b").fingerprint


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (b"one", ["one"]),
        (b"\xef\xbb\xbfone\r\n", ["one"]),
        (b"# since May\nnew\n\n  # until June\n old \n", ["new", "old"]),
        (b"one\ntwo\none\n", ["one", "two"]),
    ],
)
def test_text_holds_one_key_a_line(text: bytes, keys: list[str]) -> None:
    """Comments, empty lines, blanks, a byte order mark and repetitions do not count."""
    assert [key.reveal() for key in parse_keys(text, "it")] == keys


@pytest.mark.parametrize(
    "text", [b"", b"\n# none\n", b"\xff\xfeS\0", "SECRET-k\u00e9y".encode(), b"SECRET\0"]
)
def test_text_without_keys_is_refused_and_not_repeated(text: bytes) -> None:
    """The error names the place, never the content, not even in its causes."""
    with pytest.raises(ConfigError, match="the place") as caught:
        parse_keys(text, "the place")
    error: BaseException | None = caught.value
    while error is not None:
        assert "SECRET" not in str(error) + repr(vars(error))
        assert not isinstance(error, UnicodeError)
        error = error.__cause__


def test_key_is_the_preferred_one_of_its_file(tmp_path: Path) -> None:
    """A file for two keys serves those who want one."""
    (tmp_path / "keys").write_text("# both\nnew\nold\n")
    assert ApiKey.from_file(tmp_path / "keys") == ApiKey("new")


def give() -> str:
    """Stand for a caller's function."""
    return SECRET


@pytest.mark.parametrize(
    ("arguments", "source"),
    [
        ({}, NO_KEYS),
        ({"api_key": "one"}, GivenKeys((ApiKey("one"),))),
        ({"api_key": ["new", ApiKey("old"), "new"]}, GivenKeys((ApiKey("new"), ApiKey("old")))),
        ({"api_key": give}, KeyFunction(give)),
        ({"api_key_file": Path("/k")}, KeyFile("/k")),
        ({"api_key_file": "k"}, KeyFile(f"{Path.cwd()}/k")),
        ({"api_key_command": "print key 'a b'"}, KeyCommand(("print", "key", "a b"))),
        ({"api_key_command": ["print key"]}, KeyCommand(("print key",))),
        ({"environ": {"ASR_API_KEY_COMMAND": "print key"}}, KeyCommand(("print", "key"))),
        ({"environ": {"ASR_API_KEY_COMMAND": "print", "ASR_API_KEY_FILE": "/k"}}, KeyFile("/k")),
        ({"environ": {"ASR_API_KEY": "one"}}, KeyVariable("ASR_API_KEY", {})),
        ({"environ": {"ASR_API_KEY": "one"}, "api_key_file": "/k"}, KeyFile("/k")),
        ({"environ": {"ASR_API_KEY": "", "ASR_API_KEY_FILE": "/k"}}, KeyFile("/k")),
    ],
)
def test_source_is_the_argument_or_the_first_variable(
    arguments: dict[str, Any], source: KeySource
) -> None:
    """Arguments win over the environment; there, the most direct one counts."""
    assert choose_source(**{"environ": {}, **arguments}) == source


def test_coroutine_function_is_refused_at_once() -> None:
    """Nobody would wait for its key."""

    async def fetch() -> str:
        return SECRET

    with pytest.raises(ConfigError, match="coroutine"):
        choose_source(fetch, environ={})  # type: ignore[arg-type]


SOURCES: list[Callable[[Path], KeySource]] = [
    lambda _: choose_source(SECRET, environ={}),
    lambda _: choose_source(environ={"ASR_API_KEY": SECRET}),
    lambda folder: choose_source(api_key_file=folder / "key", environ={}),
    lambda _: choose_source(api_key_command=["echo", SECRET], environ={}),
    lambda _: choose_source(functools.partial(str, SECRET), environ={}),
]


@pytest.mark.parametrize(
    "choose", SOURCES, ids=["value", "variable", "file", "command", "function"]
)
def test_nothing_shows_the_key(choose: Callable[[Path], KeySource], tmp_path: Path) -> None:
    """No repr or str of a source, of the settings or of a ring in use holds it."""
    (tmp_path / "key").write_text(SECRET)
    source = choose(tmp_path)
    ring = KeyRing(source)
    assert ring.current() == ApiKey(SECRET)
    config = ClientConfig(endpoint=parse_url("http://h"), key_source=source)
    for each in (source, config, ring, ring.current()):
        assert SECRET not in repr(each) + str(each)


def test_nothing_with_a_key_is_pickled(tmp_path: Path) -> None:
    """What holds a key refuses; what only says where it is may travel."""
    (tmp_path / "key").write_text(SECRET)
    file = choose_source(api_key_file=tmp_path / "key", environ={})
    assert pickle.loads(pickle.dumps(file)) == file  # noqa: S301 - our own pickle
    variable = choose_source(environ={"ASR_API_KEY": SECRET})
    for each in (ApiKey(SECRET), GivenKeys((ApiKey(SECRET),)), variable, KeyRing(file)):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(each)
