"""How options are said: to Locust's parser, in its web form, and told by `asr-loadtest options`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import Field, fields
from typing import Any

from asr_client.errors import ConfigError
from asr_loadtest.engine.options import LoadOptions

__all__ = ["add_options", "add_to_locust", "read_options"]

_PREFIX = "asr_"
_METAVARS = {float: "X", int: "N", str: "TEXT"}
_WORDS = {float: "a number", int: "a whole number", str: "a text"}


def add_to_locust(parser: Any) -> None:
    """Add all options to Locust's parser, with their variables, and those for the web form."""
    for action, option in _added(parser, lambda name: {"env_var": f"ASR_LOAD_{name.upper()}"}):
        how = option.metadata["how"]
        # Files of this machine are none of a browser's business.
        action.include_in_web_ui = not (how.get("is_local") or how.get("is_file"))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all options to a parser that only tells of them."""
    for _ in _added(parser, lambda _name: {}):
        pass


def read_options(parsed: argparse.Namespace) -> LoadOptions:
    """
    Read what Locust parsed; its web form gives text for some of it.

    Raises:
        ConfigError: If a value cannot work.
    """
    given = {option.name: getattr(parsed, _PREFIX + option.name, None) for option in _options()}
    unsaid = tuple(name for name, value in given.items() if value in (None, ""))
    said = {
        option.name: _as_type(option, given[option.name])
        for option in _options()
        if option.name not in unsaid
    }
    return LoadOptions(**said, unsaid=unsaid)


def _added(parser: Any, more: Callable[[str], dict[str, Any]]) -> Iterator[tuple[Any, Field[Any]]]:
    group = parser.add_argument_group(
        "ASR options", "What is offered, to whom, and what it is held against: docs/loadtest.md"
    )
    for option in _options():
        how = {name: value for name, value in option.metadata["how"].items() if name == "choices"}
        if isinstance(option.default, bool):
            how["action"] = argparse.BooleanOptionalAction
        else:
            kind: Any = type(option.default)
            how["type"] = kind
            if "choices" not in how:
                how["metavar"] = _METAVARS[kind]
        action = group.add_argument(
            _flag(option),
            dest=_PREFIX + option.name,
            # None: nothing was said. What holds then is in the help, and may be a profile's.
            default=None,
            help=_help(option),
            **how,
            **more(option.name),
        )
        yield action, option


def _options() -> list[Field[Any]]:
    return [option for option in fields(LoadOptions) if option.metadata]


def _flag(option: Field[Any]) -> str:
    return f"--asr-{option.name.replace('_', '-')}"


def _help(option: Field[Any]) -> str:
    text, default = str(option.metadata["text"]), option.default
    if isinstance(default, bool):
        said = " (on)" if default else ""
    elif default in ("", 0):
        said = ""
    else:
        said = f" ({default:g})" if isinstance(default, float) else f" ({default})"
    return (text + said).replace("%", "%%")


def _as_type(option: Field[Any], value: Any) -> Any:
    if isinstance(option.default, bool):
        return value if isinstance(value, bool) else str(value).lower() in ("true", "on", "1")
    kind: Any = type(option.default)
    try:
        return kind(value)
    except ValueError:
        raise ConfigError(f"{_flag(option)} is {value!r}", hint=f"wanted: {_WORDS[kind]}") from None
