"""The SLO's file: TOML for people, with milliseconds; loadtest/slo.example.toml explains it."""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from asr_client.errors import ConfigError
from asr_client.languages import ALL_CODES, resolve_language
from asr_loadtest.judgement.slo import DEFAULT_ERROR_RATE, DEFAULT_REFUSAL_RATE, Limits, Slo
from asr_loadtest.load.lengths import LENGTH_BUCKETS

__all__ = ["load_slo", "parse_slo", "slo_fields", "slo_of_fields"]

# Keys of the file, the limits that they are, and what one of the file's units is of ours.
_KEYS: Mapping[str, tuple[str, float]] = {
    "p50_ms": ("p50_s", 1e-3),
    "p95_ms": ("p95_s", 1e-3),
    "p99_ms": ("p99_s", 1e-3),
    "p999_ms": ("p999_s", 1e-3),
    "p99_per_audio_s": ("p99_per_audio_s", 1),
    "rtfx_p5": ("rtfx_p5", 1),
    "rtfx_mean": ("rtfx_mean", 1),
    "error_rate": ("error_rate", 1),
    "refusal_rate": ("refusal_rate", 1),
    "goodput_rps": ("goodput_rps", 1),
    "min_samples": ("min_samples", 1),
}
_RATES = ("error_rate", "refusal_rate")
_GROUPS = ("language", "length")
# A language tag, which a model may use as its code: it is taken as it stands.
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def load_slo(path: str | os.PathLike[str]) -> Slo:
    """
    Read an SLO file.

    Raises:
        ConfigError: If it cannot be read, or says what no SLO says; with the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigError(
            f"cannot read the SLO file {os.fspath(path)}: {reason}",
            hint="loadtest/slo.example.toml is one to start from",
        ) from error
    return parse_slo(text, source=os.fspath(path))


def parse_slo(text: str, *, source: str) -> Slo:
    """
    Read the text of an SLO file; *source* is its name, for messages.

    Raises:
        ConfigError: If it says what no SLO says; with the line.
    """
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}") from error
    return _Reader(source, text).slo(fields)


def slo_of_fields(fields: Mapping[str, Any], *, source: str) -> Slo:
    """
    Read what `slo_fields` gave, or what a TOML file holds.

    Raises:
        ConfigError: If it says what no SLO says.
    """
    return _Reader(source, "").slo(fields)


def slo_fields(slo: Slo) -> dict[str, Any]:
    """Give an SLO as its file states it; JSON can carry it."""
    groups = {"language": slo.languages, "length": slo.lengths}
    stated: dict[str, Any] = _stated(slo.limits)
    for name, limits in groups.items():
        if limits:
            stated[name] = {each: _stated(of_group) for each, of_group in limits.items()}
    return stated


def _stated(limits: Limits) -> dict[str, float | int]:
    values = {key: (getattr(limits, name), unit) for key, (name, unit) in _KEYS.items()}
    return {key: _round(value / unit) for key, (value, unit) in values.items() if value is not None}


def _round(value: float) -> float | int:
    """Milliseconds that were divided and multiplied are what they were."""
    rounded = round(value, 9)
    return int(rounded) if rounded == int(rounded) else rounded


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns a file's tables into an SLO, and says where something is wrong."""

    source: str
    text: str

    def slo(self, fields: Mapping[str, Any]) -> Slo:
        own = {key: value for key, value in fields.items() if key not in _GROUPS}
        limits = self._limits("", own)
        return Slo(
            _with_defaults(limits),
            {self._language(name): found for name, found in self._group("language", fields)},
            {self._length(name): found for name, found in self._group("length", fields)},
            self.source,
        )

    def _group(self, kind: str, fields: Mapping[str, Any]) -> list[tuple[str, Limits]]:
        tables = fields.get(kind, {})
        if not isinstance(tables, Mapping):
            self._refuse("", kind, f"{kind!r} holds tables, such as [{kind}.{_EXAMPLES[kind]}]")
        return [(name, self._limits(f"{kind}.{name}", table)) for name, table in tables.items()]

    def _limits(self, section: str, table: object) -> Limits:
        if not isinstance(table, Mapping):
            kind, _, name = section.partition(".")
            self._refuse(kind, name, f"[{section}] is no table")
        values = {
            _KEYS[key][0]: self._value(section, key, table[key])
            for key in self._known(section, table)
        }
        return Limits(**values)

    def _known(self, section: str, table: Mapping[str, Any]) -> Collection[str]:
        known = (*_KEYS, *(() if section else _GROUPS))
        for key in table:
            if key not in known:
                what = "section" if isinstance(table[key], Mapping) else "limit"
                self._refuse(section, key, f"{key!r} is no {what} of an SLO", _nearest(key, known))
        return table.keys()

    def _value(self, section: str, key: str, value: object) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refuse(section, key, f"{key} must be a number, not {value!r}")
        if key in _RATES and not 0 <= value <= 1:
            self._refuse(section, key, f"{key} is a share from 0 to 1, not {value!r}")
        if key not in _RATES and not 0 < value < math.inf:
            self._refuse(section, key, f"{key} must be above 0 and finite, not {value!r}")
        if key == "min_samples":
            if value != int(value):
                self._refuse(section, key, f"{key} must be a whole number, not {value!r}")
            return int(value)
        return value * _KEYS[key][1]

    def _language(self, name: str) -> str:
        if _TAG.fullmatch(name):
            return name
        try:
            return resolve_language(name, ALL_CODES)
        except ConfigError as error:
            self._refuse("language", name, f"[language.{name}]: {error.message}", error.hint)

    def _length(self, name: str) -> str:
        if name not in LENGTH_BUCKETS:
            buckets = ", ".join(map(repr, LENGTH_BUCKETS))
            message = f"[length.{name!r}] is no length bucket; they are {buckets}"
            self._refuse("length", name, message, _nearest(name, LENGTH_BUCKETS))
        return name

    def _refuse(self, section: str, key: str, message: str, hint: str = "") -> NoReturn:
        line = _find_line(self.text, section, key)
        where = f"{self.source}, line {line}" if line else self.source
        if section and section not in message and not message.startswith("["):
            where += f", [{section}]"
        raise ConfigError(f"{where}: {message}", hint=hint)


_EXAMPLES = {"language": "hi", "length": '"2-5 s"'}


def _with_defaults(limits: Limits) -> Limits:
    """Whoever limits latency alone does not mean that all may fail."""
    return replace(
        limits,
        error_rate=DEFAULT_ERROR_RATE if limits.error_rate is None else limits.error_rate,
        refusal_rate=DEFAULT_REFUSAL_RATE if limits.refusal_rate is None else limits.refusal_rate,
    )


def _nearest(word: str, known: Collection[str]) -> str:
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    return f"nearest match: {found[0]}" if found else f"known: {', '.join(known)}"


def _find_line(text: str, section: str, key: str) -> int | None:
    """Find the line of a key or of a section's header; tomllib does not tell. None if unseen."""
    here, wanted = "", f"{section}.{key}" if section else key
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if bare.startswith("["):
            here = bare.strip("[] ").replace('"', "").replace("'", "")
            if here == wanted or here.startswith(f"{wanted}."):
                return number
        elif here == section and bare.partition("=")[0].strip(" \"'") == key:
            return number
    return None
