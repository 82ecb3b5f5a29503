"""Transcripts held against what was really said: which text belongs to which recording, and WER."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from asr_client.bulk.inputs import Entry
from asr_client.bulk.inputs.lines import TextLine, read_lines
from asr_client.bulk.inputs.manifests import kind_of, read_manifest
from asr_client.bulk.outputs import Assignment
from asr_client.errors import ConfigError, LanguageError
from asr_client.evaluation import ErrorRates, error_rates
from asr_client.evaluation.rendering import rates_document

__all__ = ["References", "check_evaluation", "read_back", "score"]


class References:
    """
    What was said in recordings, known by their place or by their name.

    Args:
        path: A table or JSON lines with a text for each recording, or Kaldi's "text".

    Raises:
        ConfigError: If it cannot be read, or tells no text.
    """

    def __init__(self, path: str) -> None:
        self._by_path: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        first = next(read_lines(path), None)
        if first is not None and kind_of(path, first) == "scp":
            for line in read_lines(path):
                self._add_kaldi(line)
        else:
            for entry in read_manifest(path):
                self._add(entry)
        if not self._by_name:
            raise ConfigError(
                f"{path}: it tells of no recording what was said",
                hint="give it a column or field named text",
            )

    def _add_kaldi(self, line: TextLine) -> None:
        name, text = (*line.text.split(maxsplit=1), "")[:2]
        self._by_name[name] = text

    def _add(self, entry: Entry) -> None:
        if entry.text is not None:
            self._by_path[os.path.realpath(entry.path)] = entry.text
            self._by_name[entry.name] = self._by_name[entry.short_name] = entry.text

    def of(self, entry: Entry) -> str | None:
        """Give the text of a recording; None if there is none."""
        text = self._by_path.get(os.path.realpath(entry.path))
        if text is not None:
            return text
        names = (entry.name, entry.short_name, os.path.basename(entry.short_name))  # noqa: PTH119 - a name
        return next((self._by_name[name] for name in names if name in self._by_name), None)

    def check(self, entries: Iterable[Entry]) -> None:
        """Refuse references of which none belongs to any of the recordings."""
        if all(self.of(entry) is None for entry in entries):
            raise ConfigError(
                "none of the references belongs to any of the recordings",
                hint="they are found by path, or by id",
            )


def check_evaluation() -> None:
    """
    Make sure that errors can be counted, before there is anything to count.

    Raises:
        ConfigError: If what it needs is not installed.
    """
    error_rates(["a"], ["a"])


def read_back(assignment: Assignment, folder: Path) -> str | None:
    """Read a transcript's text out of its outputs; None if none of them holds it as it is."""
    for output in assignment.outputs:
        try:
            if output.format == "txt":
                return (folder / output.path).read_text(encoding="utf-8")
            if output.format == "json":
                return str(json.loads((folder / output.path).read_bytes())["text"])
        except (OSError, ValueError, KeyError):
            continue
    return None


def score(
    references: References, heard: Iterable[tuple[Entry, str]], language: str | None
) -> dict[str, Any]:
    """
    Count errors, over all and by language.

    Args:
        references: What was said.
        heard: Recordings and their transcripts.
        language: Of recordings that name none.
    """
    without = 0
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry, text in heard:
        reference = references.of(entry)
        if reference is None:
            without += 1
        else:
            groups[entry.language or language or ""].append((reference, text))
    rates = {name: _rates(name, pairs) for name, pairs in sorted(groups.items())}
    told: dict[str, Any] = {"without_reference": without}
    told |= _told(ErrorRates(tuple(each for one in rates.values() for each in one.utterances)))
    if len(rates) > 1:
        told["languages"] = {name: _told(one) for name, one in rates.items()}
    return told


def _rates(language: str, pairs: Sequence[tuple[str, str]]) -> ErrorRates:
    said, texts = [said for said, _ in pairs], [text for _, text in pairs]
    try:
        return error_rates(said, texts, language=language or None)
    except LanguageError:  # the model's own name for it perhaps
        return error_rates(said, texts)


def _told(rates: ErrorRates) -> dict[str, Any]:
    return {"recordings": len(rates.utterances), **rates_document(rates)}
