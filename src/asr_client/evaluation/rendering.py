"""Error rates -> text for people, and a document for machines. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asr_client.evaluation.pairing import Pairs
from asr_client.evaluation.rates import AlignedWords, Edits, ErrorRates, UtteranceErrors

__all__ = ["aligned_text", "percent", "rates_as_text", "rates_document", "worst_utterances"]

_LISTED = 5


def rates_as_text(rates: ErrorRates, pairs: Pairs) -> str:
    """Write the rates, what they are made of, and what was missing."""
    rows = (
        ("word error rate", rates.words),
        ("character error rate", rates.characters),
        ("grapheme error rate", rates.graphemes),
    )
    lines = [f"{name:<21}{percent(edits.rate):>9}   {_counts(edits)}" for name, edits in rows]
    return "\n".join([*lines, *_notes(rates, pairs)])


def percent(rate: float | None) -> str:
    """Write a rate in percent; "-" for none."""
    return "-" if rate is None else f"{100 * rate:.2f} %"


def aligned_text(alignment: tuple[AlignedWords, ...]) -> str:
    """Write what differs as `git diff --word-diff` does: [-left out-] {+put in+}."""
    return " ".join(
        " ".join(words.reference)
        if words.change == "equal"
        else (f"[-{' '.join(words.reference)}-]" if words.reference else "")
        + (f"{{+{' '.join(words.hypothesis)}+}}" if words.hypothesis else "")
        for words in alignment
    )


def worst_utterances(
    rates: ErrorRates, pairs: Pairs, most: int
) -> list[tuple[str, UtteranceErrors]]:
    """Give up to *most* utterances that have errors, by id: those with the most errors first."""
    wrong = [
        (name, each)
        for name, each in zip(pairs.ids, rates.utterances, strict=True)
        if each.words.errors
    ]
    return sorted(wrong, key=lambda pair: -pair[1].words.errors)[:most]


def rates_document(rates: ErrorRates) -> dict[str, Any]:
    """Give the figures as values of JSON; a rate is null where there is nothing to be wrong."""
    return {
        "wer": rates.wer,
        "cer": rates.cer,
        "grapheme_error_rate": rates.grapheme_error_rate,
        "utterances": len(rates.utterances),
        "utterances_without_error": sum(not each.words.errors for each in rates.utterances),
        "empty_references": rates.empty_references,
        "empty_hypotheses": rates.empty_hypotheses,
        "words": _fields(rates.words),
        "characters": _fields(rates.characters),
        "graphemes": _fields(rates.graphemes),
    }


def _fields(edits: Edits) -> dict[str, int]:
    return {
        "reference_length": edits.reference_length,
        "hits": edits.hits,
        "substitutions": edits.substitutions,
        "deletions": edits.deletions,
        "insertions": edits.insertions,
    }


def _counts(edits: Edits) -> str:
    return (
        f"{edits.errors} of {edits.reference_length}: {edits.substitutions} substituted, "
        f"{edits.deletions} left out, {edits.insertions} put in"
    )


def _notes(rates: ErrorRates, pairs: Pairs) -> Iterator[str]:
    right = sum(not each.words.errors for each in rates.utterances)
    yield f"{len(rates.utterances)} utterances, paired by {pairs.by}: {right} without an error"
    for count, what in (
        (rates.empty_references, "empty references: what was heard there is put in"),
        (rates.empty_hypotheses, "empty hypotheses: all that was said there is left out"),
        (len(pairs.missing), f"without a hypothesis, so empty: {_listed(pairs.missing)}"),
        (len(pairs.extra), f"without a reference, so not counted: {_listed(pairs.extra)}"),
    ):
        if count:
            yield f"{count} {what}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
