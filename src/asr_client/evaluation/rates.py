"""
References and hypotheses -> word, character and grapheme error rates.

Rates are over the whole corpus: all edits by all reference words. A mean of the utterances' rates
would let one word of a short utterance weigh as much as ten of a long one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from asr_client.errors import ConfigError
from asr_client.evaluation.normalization import DEFAULT_NORMALIZATION, Normalization, normalize
from asr_client.graphemes import graphemes

__all__ = ["AlignedWords", "Edits", "ErrorRates", "UtteranceErrors", "error_rates"]

Change: TypeAlias = Literal["equal", "substitute", "delete", "insert"]
_Texts: TypeAlias = list[list[str]]


@dataclass(frozen=True, slots=True)
class Edits:
    """
    What makes a hypothesis of a reference, counted in words, characters or graphemes.

    Attributes:
        hits: Units that are right.
        substitutions: Units that stand in the place of others.
        deletions: Units of the reference that are left out.
        insertions: Units that the reference does not have.
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def reference_length(self) -> int:
        """Units of the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def errors(self) -> int:
        """All edits."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Edits a unit of the reference, from 0, and above 1 with many insertions; None of none."""
        return self.errors / self.reference_length if self.reference_length else None


@dataclass(frozen=True, slots=True)
class AlignedWords:
    """Words of the reference, and those in their place in the hypothesis."""

    change: Change
    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UtteranceErrors:
    """
    One utterance, compared.

    Attributes:
        reference: What was said, normalised.
        hypothesis: What was recognised, normalised.
        words: Edits in words.
        characters: Edits in code points, spaces included.
        graphemes: Edits in grapheme clusters, spaces included.
        alignment: The words side by side.
    """

    reference: str
    hypothesis: str
    words: Edits
    characters: Edits
    graphemes: Edits
    alignment: tuple[AlignedWords, ...]


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """
    How much of a corpus was recognised wrongly.

    Attributes:
        utterances: Each pair, in the order given.
        words: Edits in words, over all utterances.
        characters: Edits in code points, spaces included, as jiwer and Vistaar count them.
        graphemes: Edits in grapheme clusters: a letter with its vowel signs is one.
    """

    utterances: tuple[UtteranceErrors, ...]
    words: Edits = field(init=False)
    characters: Edits = field(init=False)
    graphemes: Edits = field(init=False)

    def __post_init__(self) -> None:
        for unit in ("words", "characters", "graphemes"):
            edits: list[Edits] = [getattr(each, unit) for each in self.utterances]
            object.__setattr__(self, unit, sum(edits, Edits()))

    @property
    def wer(self) -> float | None:
        """Word error rate; None where the references hold no words."""
        return self.words.rate

    @property
    def cer(self) -> float | None:
        """Character error rate, over code points; None where the references hold none."""
        return self.characters.rate

    @property
    def grapheme_error_rate(self) -> float | None:
        """Error rate over grapheme clusters; None where the references hold none."""
        return self.graphemes.rate

    @property
    def empty_references(self) -> int:
        """Utterances in which nothing was said: all that was heard there is inserted."""
        return sum(not each.reference for each in self.utterances)

    @property
    def empty_hypotheses(self) -> int:
        """Utterances in which something was said and nothing heard: all of it is left out."""
        return sum(bool(each.reference) and not each.hypothesis for each in self.utterances)


def error_rates(
    references: Sequence[str] | str,
    hypotheses: Sequence[str] | str,
    *,
    language: str | None = None,
    normalization: Normalization = DEFAULT_NORMALIZATION,
) -> ErrorRates:
    """
    Compare what was recognised with what was said.

    Args:
        references: What was said, an utterance each; one text is one utterance.
        hypotheses: What was recognised, in the same order; "" where nothing was.
        language: Code, tag or name; it matters for texts in Arabic letters.
        normalization: Which differences count; RAW for all of them.

    Raises:
        ConfigError: If there are not as many hypotheses as references, or jiwer is missing.
        LanguageError: If *language* is none of ours.
    """
    said, heard = (
        [normalize(text, normalization, language=language) for text in _listed(texts)]
        for texts in (references, hypotheses)
    )
    if len(said) != len(heard):
        raise ConfigError(
            f"{len(said)} references and {len(heard)} hypotheses cannot be compared",
            hint='give an empty hypothesis ("") where nothing was recognised',
        )
    words = _align([text.split() for text in said], [text.split() for text in heard])
    characters = _align([list(text) for text in said], [list(text) for text in heard])
    clusters = _align([graphemes(text) for text in said], [graphemes(text) for text in heard])
    return ErrorRates(
        tuple(
            UtteranceErrors(
                reference=reference,
                hypothesis=hypothesis,
                words=_count(words[number]),
                characters=_count(characters[number]),
                graphemes=_count(clusters[number]),
                alignment=_side_by_side(words[number], reference.split(), hypothesis.split()),
            )
            for number, (reference, hypothesis) in enumerate(zip(said, heard, strict=True))
        )
    )


def _listed(texts: Sequence[str] | str) -> Sequence[str]:
    return [texts] if isinstance(texts, str) else texts


def _align(references: _Texts, hypotheses: _Texts) -> list[list[Any]]:
    """Find the fewest edits of each pair: jiwer's chunks of units with the same change."""
    try:
        import jiwer
    except ImportError as error:
        raise ConfigError(
            "error rates need jiwer", hint="pip install 'asr-client[eval]'"
        ) from error
    # What jiwer calls a word is any unit, and these are split already; its types know only texts.
    process: Any = jiwer.process_words
    chunks: list[list[Any]] = process(references, hypotheses, _as_they_are, _as_they_are).alignments
    return chunks


def _as_they_are(texts: _Texts) -> _Texts:
    return texts


def _count(chunks: list[Any]) -> Edits:
    counts: dict[Change, int] = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for chunk in chunks:
        counts[chunk.type] += max(
            chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx
        )
    return Edits(counts["equal"], counts["substitute"], counts["delete"], counts["insert"])


def _side_by_side(
    chunks: list[Any], reference: list[str], hypothesis: list[str]
) -> tuple[AlignedWords, ...]:
    return tuple(
        AlignedWords(
            chunk.type,
            tuple(reference[chunk.ref_start_idx : chunk.ref_end_idx]),
            tuple(hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        )
        for chunk in chunks
    )
