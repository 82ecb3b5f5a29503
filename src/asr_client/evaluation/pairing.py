"""Which hypothesis belongs to which reference: by id where there are ids, else by line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from asr_client.errors import ConfigError
from asr_client.evaluation.layouts import TextSet

__all__ = ["Pairs", "pair_texts"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """
    References and hypotheses in one order, as many of the one as of the other.

    Attributes:
        ids: What the references are called; their line's number where they have no ids.
        references: What was said.
        hypotheses: What was recognised; "" where the hypothesis is missing.
        missing: Ids of references without a hypothesis. They count: all their words are left out.
        extra: Ids of hypotheses without a reference. They cannot count.
        by: "id", or "line".
    """

    ids: tuple[str, ...]
    references: tuple[str, ...]
    hypotheses: tuple[str, ...]
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    by: str = "id"


def pair_texts(said: TextSet, heard: TextSet) -> Pairs:
    """
    Find the hypothesis of each reference.

    Ids are the same if they are equal, or without their suffixes, or without their folders, too
    (clips/a.wav, out/a.txt): whichever finds more.

    Raises:
        ConfigError: If there are no references, no id is in both, or the numbers of lines differ.
    """
    if not said.utterances:
        raise ConfigError(f"{said.name}: holds no utterances")
    if not (said.has_ids and heard.has_ids):
        return _by_line(said, heard)
    references, hypotheses = _keyed_alike(said, heard)
    missing = [key for key in references if key not in hypotheses]
    if len(missing) == len(references):
        raise ConfigError(
            f"{heard.name} has none of the {len(references)} ids of {said.name}",
            hint=f"they are such as {next(iter(references.values()))[0]!r}"
            + (f" and {heard.utterances[0].id!r}" if heard.utterances else ""),
        )
    return Pairs(
        ids=tuple(name for name, _text in references.values()),
        references=tuple(text for _name, text in references.values()),
        hypotheses=tuple(hypotheses[key][1] if key in hypotheses else "" for key in references),
        missing=tuple(references[key][0] for key in missing),
        extra=tuple(name for key, (name, _text) in hypotheses.items() if key not in references),
    )


_Keyed = dict[str, tuple[str, str]]


def _keyed_alike(said: TextSet, heard: TextSet) -> tuple[_Keyed, _Keyed]:
    """Key both sets in the way in which most of the references are found again."""
    ways = _ways(said, heard)
    best = next(ways)
    for way in ways:
        if len(way[0].keys() & way[1].keys()) > len(best[0].keys() & best[1].keys()):
            best = way
    return best


def _ways(said: TextSet, heard: TextSet) -> Iterator[tuple[_Keyed, _Keyed]]:
    """Try the keys, the strictest first; one that makes two utterances one is none."""
    for key in (str, _without_suffix, _file_name):
        keyed = _keyed(said, key), _keyed(heard, key)
        if len(keyed[0]) == len(said.utterances) and len(keyed[1]) == len(heard.utterances):
            yield keyed


def _keyed(texts: TextSet, key: Callable[[str], str]) -> _Keyed:
    return {key(each.id): (each.id, each.text) for each in texts.utterances}


def _without_suffix(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if PurePosixPath(name).name else name


def _file_name(name: str) -> str:
    return PurePosixPath(name).stem


def _by_line(said: TextSet, heard: TextSet) -> Pairs:
    references = [each.text for each in said.utterances]
    hypotheses = [each.text for each in heard.utterances]
    longer = max(references, hypotheses, key=len)
    # An empty line more at the end of one of them is no utterance.
    while len(references) != len(hypotheses) and longer and not longer[-1].strip():
        longer.pop()
    if len(references) != len(hypotheses):
        raise ConfigError(
            f"{said.name} has {len(references)} utterances and {heard.name} {len(hypotheses)}",
            hint="without ids in both of them, they must be the same in number and order; "
            "an empty line is an empty hypothesis",
        )
    ids = [each.id or str(number) for number, each in enumerate(said.utterances, start=1)]
    return Pairs(tuple(ids[: len(references)]), tuple(references), tuple(hypotheses), by="line")
