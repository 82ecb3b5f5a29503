"""
The lines of a journal: what they say, written and read. Pure.

    {"run": {...}}    a run has begun: with which options, by which version
    {"done": {...}}   a recording is transcribed, and these files hold it
    {"failed": {...}} it is not, and this is why
    {"end": {...}}    the run is over, and this came of it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = [
    "JournalLine",
    "Record",
    "RunBegun",
    "RunEnded",
    "Written",
    "key_of",
    "parse_line",
    "write_line",
]


@dataclass(frozen=True, slots=True)
class Written:
    """An output as it was written: its path below the output folder, digest and size."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBegun:
    """
    A run.

    Attributes:
        version: Of asr-client.
        started: When, in UTC, as ISO 8601 writes it.
        options: What shapes the outputs' text: see `key_of`.
        model: Who is asked.
        url: Where.
        recordings: How many were named.
    """

    version: str = ""
    started: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    url: str = ""
    recordings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    What came of one recording.

    Attributes:
        name: Its outputs' path without their ending.
        source: Where it was.
        key: Of its content and the options: `key_of`.
        outputs: What was written; of a failed one, whatever there was of it.
        audio_s: Its length in seconds; 0 where that is not known.
        at_s: When it was over, in seconds since the run began.
        code: Why it failed; empty where it did not.
        message: The same in a sentence.
    """

    name: str
    source: str = ""
    key: str = ""
    outputs: tuple[Written, ...] = ()
    audio_s: float = 0.0
    at_s: float = 0.0
    code: str = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was transcribed."""
        return not self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The end of a run: how long it took, and what it was told to end by, if it was."""

    wall_s: float = 0.0
    stopped_by: str = ""


JournalLine = RunBegun | Record | RunEnded

# What JSON has for the fields' types.
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "Mapping[str, Any]": dict,
    "tuple[Written, ...]": list,
}


def key_of(content_sha256: str, language: str | None, options: Mapping[str, Any]) -> str:
    """
    Name a transcript by all that it hangs on: the recording's bytes, its language, the options.

    Not by the server's address, for a server may move, nor by formats, which say only how the
    text is dressed, and whose files are looked for by name.
    """
    shaping = {name: value for name, value in options.items() if name != "language"}
    text = json.dumps([content_sha256, language, shaping], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_line(line: JournalLine) -> bytes:
    """Write a line with its end."""
    match line:
        case RunBegun():
            kind = "run"
        case Record():
            kind = "done" if line.ok else "failed"
        case RunEnded():
            kind = "end"
    fields = {name: value for name, value in asdict(line).items() if value not in ("", ())}
    # Names of files may be no text: as escapes, they stay valid JSON and come back as they were.
    return json.dumps({kind: fields}).encode() + b"\n"


def parse_line(text: bytes) -> JournalLine | None:
    """Read a line; None if it is damaged, or of a kind that a later version writes."""
    try:
        ((kind, fields),) = json.loads(text).items()
        match kind:
            case "run":
                return RunBegun(**_known(RunBegun, fields))
            case "done" | "failed":
                known = _known(Record, fields)
                known["outputs"] = tuple(
                    Written(**_known(Written, each)) for each in known.get("outputs", ())
                )
                return Record(**known)
            case "end":
                return RunEnded(**_known(RunEnded, fields))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return None


def _known(kind: type[JournalLine | Written], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a later version has added, and refuse what is of another type."""
    known = {name: fields[name] for name in kind.__dataclass_fields__ if name in fields}
    for name, value in known.items():
        expected = _TYPES.get(str(kind.__dataclass_fields__[name].type), object)
        if not isinstance(value, expected) or isinstance(value, bool):
            raise TypeError(name)
    return known
