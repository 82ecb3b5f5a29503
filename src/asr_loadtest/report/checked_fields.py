"""Values that a file claims to hold, held against the types of the dataclass that they fill."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from asr_client.errors import ConfigError

__all__ = ["check_fields"]


def check_fields(kind: type[Any], values: object, what: str) -> dict[str, Any]:
    """
    Give *values* back if a *kind* can be made of them.

    Args:
        kind: A dataclass.
        values: What JSON gave.
        what: What the message calls it, such as "run.json".

    Raises:
        ConfigError: If a field is unknown, or not of its type; numbers must be finite. Whether one
            is missing is for *kind* to say.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{what}: this is no JSON object")
    hints = _hints(kind)
    for name, value in values.items():
        if name not in hints:
            raise ConfigError(
                f"{what}: field {name!r} is unknown", hint="was it written by another version?"
            )
        if not _fits(value, hints[name]):
            raise ConfigError(f"{what}: field {name!r} cannot be {str(value)[:40]!r}")
    return values


_HINTS: dict[Any, Mapping[str, Any]] = {}


def _hints(kind: Any) -> Mapping[str, Any]:
    """Give the types of a dataclass's fields; looking them up takes longer than all the rest."""
    if kind not in _HINTS:
        hints = get_type_hints(kind)
        _HINTS[kind] = {field.name: hints[field.name] for field in fields(kind)}
    return _HINTS[kind]


def _fits(value: object, hint: Any) -> bool:
    """Tell whether JSON's *value* is of the type; what JSON has no type for is let through."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, option) for option in inner)
    if origin is Literal:
        return value in inner
    if origin in (tuple, list):
        return isinstance(value, list) and all(_fits(item, inner[0]) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, dict) and all(_fits(item, inner[1]) for item in value.values())
    if is_dataclass(hint):
        return isinstance(value, dict) and _all_fit(value, _hints(hint))
    return _is_plain(value, hint)


def _all_fit(values: Mapping[str, object], hints: Mapping[str, Any]) -> bool:
    return all(name in hints and _fits(value, hints[name]) for name, value in values.items())


def _is_plain(value: object, hint: Any) -> bool:
    if hint is float:
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        )
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is type(None):
        return value is None
    return hint is Any or isinstance(value, hint)
