"""
The layouts in which files hold utterances: what was said, or what was recognised. Pure.

    lines   an utterance a line, without ids
    kaldi   an id, white space, a text
    tsv     a header, with a column for the text and one for the id
    jsonl   an object a line, likewise
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, TypeAlias, get_args

from asr_client.errors import ConfigError

__all__ = [
    "HYPOTHESIS_FIELDS",
    "LAYOUTS",
    "REFERENCE_FIELDS",
    "Layout",
    "TextSet",
    "Utterance",
    "parse_texts",
    "text_of_json",
]

Layout: TypeAlias = Literal["lines", "kaldi", "tsv", "jsonl"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)

# Fields and columns that hold what was said: NeMo's and most others', Common Voice's.
REFERENCE_FIELDS: tuple[str, ...] = ("text", "sentence", "transcript", "transcription", "reference")
# NeMo writes what was recognised beside what was said.
HYPOTHESIS_FIELDS: tuple[str, ...] = ("pred_text", "hypothesis", *REFERENCE_FIELDS)
_IDS = (
    "id",
    "utt_id",
    "utterance_id",
    "audio_filepath",
    "path",
    "file",
    "file_name",
    "audio",
    "wav",
    "source",
)
_SUFFIXES: dict[str, Layout] = {
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
# What an id looks like and a word does not: parts, with a digit among them (1272-128104, s1_u2).
_ID = re.compile(r"(?=\S*\d)[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text, and what it is called; "" where it has its place alone."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class TextSet:
    """
    All utterances of a file or folder.

    Attributes:
        name: The file, for messages.
        layout: How it was read, or "folder".
        utterances: In the file's order.
    """

    name: str
    layout: str
    utterances: tuple[Utterance, ...]

    @property
    def has_ids(self) -> bool:
        """Whether the utterances can be told by their ids."""
        return self.layout != "lines"


def parse_texts(
    content: str,
    name: str,
    layout: Layout | None = None,
    text_fields: Sequence[str] = REFERENCE_FIELDS,
) -> TextSet:
    """
    Read utterances from a file's content.

    Args:
        content: All of it.
        name: The file's, for messages; its suffix tells the layout.
        layout: How it is written; None to tell by its name and its first lines.
        text_fields: Fields and columns of the text, the first that is there counts.

    Raises:
        ConfigError: If it is not written as it should be; the line is named.
    """
    # Not splitlines(), which knows a dozen characters more that end a line.
    lines = content.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    layout = layout or _layout_of(name, lines)
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    match layout:
        case "lines":
            return TextSet(name, layout, tuple(Utterance("", line) for line in lines))
        case "kaldi":
            found = _from_kaldi(numbered)
        case "tsv":
            found = _from_tsv(numbered, name, text_fields)
        case "jsonl":
            found = _from_json(numbered, name, text_fields)
    return TextSet(name, layout, tuple(_with_own_ids(found, name)))


def _layout_of(name: str, lines: Sequence[str]) -> Layout:
    place = PurePath(name)
    if place.suffix.lower() in _SUFFIXES:
        return _SUFFIXES[place.suffix.lower()]
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("{"):
        return "jsonl"
    if "\t" in first and not set(_columns(first)).isdisjoint(HYPOTHESIS_FIELDS):
        return "tsv"
    names = [line.split(maxsplit=1)[0] for line in lines if line.strip()]
    are_ids = bool(names) and all(map(_ID.match, names)) and len(set(names)) == len(names)
    return "kaldi" if place.name == "text" or are_ids else "lines"


def _from_kaldi(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Utterance]]:
    for number, line in lines:
        name, text = (*line.split(maxsplit=1), "")[:2]
        yield number, Utterance(name, text)


def _from_tsv(
    lines: Sequence[tuple[int, str]], name: str, text_fields: Sequence[str]
) -> Iterator[tuple[int, Utterance]]:
    if not lines:
        return
    columns = _columns(lines[0][1])
    text = next((columns.index(field) for field in text_fields if field in columns), None)
    if text is None:
        raise ConfigError(
            f"{name}: none of its columns ({', '.join(columns)[:200]}) is a text",
            hint=f"its first line names the columns, one of them {', '.join(text_fields[:3])}",
        )
    names = [columns.index(field) for field in _IDS if field in columns]
    names = [place for place in names if place != text]
    if not names:
        raise ConfigError(
            f"{name}: no column tells which utterance a text is of",
            hint=f"name one of them {', '.join(_IDS[:5])}",
        )
    for number, line in lines[1:]:
        cells = line.split("\t")
        if len(cells) <= max(text, names[0]):
            raise ConfigError(
                f"{name}, line {number}: {len(cells)} columns, and the header has {len(columns)}"
            )
        yield number, Utterance(cells[names[0]].strip(), cells[text])


def _columns(header: str) -> list[str]:
    return [column.strip().lower() for column in header.split("\t")]


def text_of_json(content: str, name: str, text_fields: Sequence[str]) -> str:
    """Take the text of a file that is one JSON object, such as `asr-transcribe -f json` writes."""
    fields = _object(content, name)
    text = _first(fields, text_fields, str)
    if text is None:
        raise _no_field(name, "text", text_fields)
    return str(fields[text])


def _from_json(
    lines: Iterable[tuple[int, str]], name: str, text_fields: Sequence[str]
) -> Iterator[tuple[int, Utterance]]:
    for number, line in lines:
        where = f"{name}, line {number}"
        fields = _object(line, where)
        text = _first(fields, text_fields, str)
        own = _first(fields, _IDS, str, int)
        if text is None:
            raise _no_field(where, "text", text_fields)
        if own is None:
            raise _no_field(where, "id", _IDS)
        yield number, Utterance(str(fields[own]), fields[text])


def _object(content: str, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{where}: this is no JSON: {str(error)[:200]}", hint="one object a line"
        ) from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{where}: this is no JSON object")
    return fields


def _first(fields: dict[str, Any], names: Sequence[str], *kinds: type) -> str | None:
    return next((name for name in names if isinstance(fields.get(name), kinds)), None)


def _no_field(where: str, what: str, names: Sequence[str]) -> ConfigError:
    return ConfigError(f"{where}: no field holds the {what}", hint=f"name it {', '.join(names)}")


def _with_own_ids(found: Iterable[tuple[int, Utterance]], name: str) -> Iterator[Utterance]:
    """Refuse two texts of one utterance: either might be meant."""
    lines: dict[str, int] = {}
    for number, utterance in found:
        if not utterance.id:
            raise ConfigError(f"{name}, line {number}: the id is empty")
        if utterance.id in lines:
            raise ConfigError(
                f"{name}: {utterance.id[:100]!r} stands in line {lines[utterance.id]} and again in "
                f"line {number}"
            )
        lines[utterance.id] = number
        yield utterance
