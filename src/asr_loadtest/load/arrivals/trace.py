"""
Traces of recorded load: CSV with a header line, or one JSON object a line.

    at_s,audio,lang                        {"ts_ms": 1718000000123, "language": "hi"}
    0.0,en-rms-weather.flac,en             {"ts_ms": 1718000000980}
    0.85,hi-espeak-rain.flac,hi

`at_s` counts seconds from the start of the run. `ts_ms` is any clock's milliseconds; its earliest
row starts the run. `audio` names a recording of the corpus. All else is ignored.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals.values import quoted

__all__ = ["Trace", "parse_trace", "read_trace"]

_CLOCKS = ("at_s", "ts_ms")
# Four months. Who has a later at_s gave a calendar's time.
_LATEST_S = 1e7

# Where a row began, from 1, and its cells by name.
_Row = tuple[int, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Trace:
    """
    Recorded arrivals, in the order of their instants.

    A trace is held as a whole, in some 24 bytes a row: it may have to be put in order first.

    Attributes:
        name: Its file.
        at_s: Seconds from the run's zero, ascending; never empty.
        clips: Recording of each, None where none is named.
        languages: Language of each, None where none is named.
        was_in_order: Whether the file had them in this order.
    """

    name: str
    at_s: Sequence[float]
    clips: Sequence[str | None]
    languages: Sequence[str | None]
    was_in_order: bool = True


def read_trace(path: Path) -> Trace:
    """
    Read a trace; its suffix says what it is: .csv, .jsonl or .ndjson.

    Raises:
        ConfigError: If it cannot be read, or a line of it cannot be meant; the message names it.
    """
    try:
        # What spreadsheets write begins with a byte-order mark.
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return parse_trace(path.name, lines)
    except OSError as error:
        raise ConfigError(f"cannot read the trace {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the trace {path} is no UTF-8 text") from error
    except ValueError as error:  # a name with a NUL in it
        raise ConfigError(f"cannot read the trace {quoted(path.name)}: {error}") from error


def parse_trace(name: str, lines: Iterable[str]) -> Trace:
    """Read the lines of a trace, as `read_trace` does."""
    formats = {".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
    rows_of = formats.get(Path(name).suffix.lower())
    if rows_of is None:
        raise ConfigError(f"{name} is no trace", hint=f"traces end in {', '.join(formats)}")
    instants = array("d")
    clips: list[str | None] = []
    languages: list[str | None] = []
    clock = ""
    for line, row in rows_of(name, lines):
        clock = clock or _clock_of(row, f"{name}, line {line}")
        instants.append(_instant(row, clock, f"{name}, line {line}"))
        clips.append(_text(row, "audio"))
        languages.append(_text(row, "lang") or _text(row, "language"))
    if not instants:
        raise ConfigError(f"the trace {name} has no arrivals")
    return _in_order(name, _from_zero(instants, clock), clips, languages)


def _from_zero(instants: array[float], clock: str) -> array[float]:
    if clock == "at_s":
        return instants
    first_ms = min(instants)
    return array("d", ((instant_ms - first_ms) / 1000 for instant_ms in instants))


def _in_order(
    name: str, at_s: array[float], clips: list[str | None], languages: list[str | None]
) -> Trace:
    """Sort; access logs are written when a request ends, not when it came."""
    order = sorted(range(len(at_s)), key=at_s.__getitem__)
    return Trace(
        name,
        array("d", (at_s[place] for place in order)),
        [clips[place] for place in order],
        [languages[place] for place in order],
        was_in_order=all(place == rank for rank, place in enumerate(order)),
    )


def _csv_rows(name: str, lines: Iterable[str]) -> Iterator[_Row]:
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                # Before there is a row: a trace may be a header and nothing else.
                _clock_of(dict.fromkeys(header), f"{name}, line {reader.line_num}")
            elif len(cells) > len(header):
                raise ConfigError(
                    f"{name}, line {reader.line_num}: {len(cells)} cells in {len(header)} columns"
                )
            else:
                yield reader.line_num, dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise ConfigError(f"{name}, line {reader.line_num}: {error}") from error


def _json_rows(name: str, lines: Iterable[str]) -> Iterator[_Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{name}, line {number}: no JSON ({quoted(line)})") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{name}, line {number}: no JSON object ({quoted(line)})")
        yield number, row


def _clock_of(row: Mapping[str, object], where: str) -> str:
    """Find out which of the two ways to tell time a trace has."""
    clocks = [clock for clock in _CLOCKS if clock in row]
    if len(clocks) != 1:
        found = "both at_s and ts_ms" if clocks else "neither at_s nor ts_ms"
        raise ConfigError(
            f"{where}: there is {found}",
            hint=f"one of them is needed; there are: {', '.join(map(quoted, row)) or 'none'}",
        )
    return clocks[0]


def _instant(row: Mapping[str, object], clock: str, where: str) -> float:
    written = row.get(clock)
    try:
        if isinstance(written, bool) or not isinstance(written, str | int | float):
            raise ValueError(written)  # noqa: TRY004 - it joins those of float()
        instant = float(written)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{where}: {clock} is no number ({quoted(written)})") from error
    if not 0 <= instant < math.inf:
        raise ConfigError(f"{where}: {clock} must be 0 or more, not {instant:g}")
    if clock == "at_s" and instant > _LATEST_S:
        raise ConfigError(
            f"{where}: at_s counts from the start of the run, and {instant:.10g} s is months later",
            hint="for the time of a clock, use ts_ms and milliseconds",
        )
    return instant


def _text(row: Mapping[str, object], name: str) -> str | None:
    written = row.get(name)
    if not isinstance(written, str) or not written.strip():
        return None
    # A trace has few different names and many rows: each name is held once.
    return sys.intern(written.strip())
