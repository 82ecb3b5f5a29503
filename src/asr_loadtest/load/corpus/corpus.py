"""The recordings of a run, each with its share, and whose turn it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import PurePath
from typing import Any

from asr_client.contracts.recognizer import Recognizer
from asr_client.errors import ConfigError, LanguageError
from asr_loadtest.load.corpus.clips import Clip
from asr_loadtest.load.corpus.draw import Draw
from asr_loadtest.load.corpus.languages import canonical_language, sent_language
from asr_loadtest.load.corpus.mix import parse_mix, weights_of
from asr_loadtest.load.corpus.notes import observe
from asr_loadtest.load.corpus.spec import CorpusSpec
from asr_loadtest.load.lengths import LENGTH_BUCKETS, length_bucket

__all__ = ["Corpus"]


class Corpus:
    """
    Clips, and the choice among them; it cannot change once made.

    Args:
        spec: What was asked for: the mix and the seed are its.
        clips: In an order that is the same for every worker; those that the mix leaves out are
            dropped.
        notes: What the user should know of how they came about.

    Attributes:
        weights: The share of requests that each clip gets, adding up to 1.
        notes: Those of above, and what the clips themselves give reason to say.

    Raises:
        ConfigError: If two clips have one name, or the mix asks for what there is not.
    """

    def __init__(self, spec: CorpusSpec, clips: Sequence[Clip], notes: Sequence[str] = ()) -> None:
        weights = weights_of(parse_mix(spec.mix), clips)
        held = [(clip, weight) for clip, weight in zip(clips, weights, strict=True) if weight]
        self.spec = spec
        self.clips: tuple[Clip, ...] = tuple(clip for clip, _ in held)
        self.weights: tuple[float, ...] = tuple(weight for _, weight in held)
        left_out = len(clips) - len(held)
        self._history = [*notes]
        if left_out:
            self._history.append(f"the mix leaves out {left_out} of {len(clips)} recordings")
        self.notes: tuple[str, ...] = (*self._history, *observe(self.clips))
        self._by_name = {clip.name: clip for clip in self.clips}
        if len(self._by_name) != len(self.clips):
            raise ConfigError("two recordings of the corpus have one name")
        self._draws: dict[str | None, tuple[Draw, tuple[Clip, ...]]] = {}

    def pick(self, index: int, *, language: str | None = None, clip: str | None = None) -> Clip:
        """
        Choose the clip of arrival *index*: the same in every worker, at every time.

        Args:
            index: The arrival's number, from 0.
            language: Only among clips in this one, by their shares; as in a replayed trace.
            clip: This one, by its name.

        Raises:
            ConfigError: If no clip has that language or name.
        """
        if clip is not None:
            if clip not in self._by_name:
                raise ConfigError(f"the corpus has no recording {clip!r}")
            return self._by_name[clip]
        held = self._draws.get(language)
        if held is None:
            held = self._draws[language] = self._draw(language)
        draw, clips = held
        return clips[draw.at(index)]

    def _draw(self, language: str | None) -> tuple[Draw, tuple[Clip, ...]]:
        code = None if language is None else canonical_language(language)
        held = [
            (clip, weight)
            for clip, weight in zip(self.clips, self.weights, strict=True)
            if code is None or clip.language == code
        ]
        if not held:
            raise ConfigError(f"the corpus has no recording in {language!r}")
        return Draw([weight for _, weight in held], self.spec.seed), tuple(clip for clip, _ in held)

    def fitting(self, recognizer: Recognizer, languages: Collection[str] = ()) -> Corpus:
        """
        Leave out clips that the model cannot take: other languages, longer than it listens.

        Args:
            recognizer: The model.
            languages: What the user says it takes; wins over what the model says.

        Returns:
            This corpus if all fit; else another one, whose notes say what was left out.

        Raises:
            LanguageError: If the user asked for a language, as filter or in the mix, that the model
                does not take.
            ConfigError: If no clip is left, or the model must be told a language that is not known.
        """
        for asked in (*self.spec.languages, *parse_mix(self.spec.mix).languages):
            sent_language(recognizer, canonical_language(asked), languages)
        misfits = {clip.name: _misfit(clip, recognizer, languages) for clip in self.clips}
        clips = [clip for clip in self.clips if not misfits[clip.name]]
        if len(clips) == len(self.clips):
            return self
        name, reason = next((name, reason) for name, reason in misfits.items() if reason)
        if not clips:
            raise ConfigError(f"the model takes no recording of the corpus; {name}: {reason}")
        left_out = f"{len(self.clips) - len(clips)} of {len(self.clips)} recordings were left out"
        return Corpus(self.spec, clips, [*self._history, f"{left_out}, such as {name}: {reason}"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, shares, languages, texts and samples: equal where workers agree."""
        digest = hashlib.sha256()
        for clip, weight in zip(self.clips, self.weights, strict=True):
            facts = (clip.name, clip.language, clip.text, clip.sent_samples, weight)
            digest.update(repr(facts).encode())
            digest.update(clip.wave.samples.data)
        return digest.hexdigest()

    def describe(self) -> dict[str, Any]:
        """Sum up for reports; shares are of requests. Nothing in it but JSON's own types."""
        return {
            # Its name alone: a report holds no path of this machine.
            "source": PurePath(self.spec.source).name or self.spec.source,
            "clips": len(self.clips),
            "audio_s": round(sum(clip.audio_s for clip in self.clips), 3),
            "padded_s": round(sum(clip.padded_s for clip in self.clips), 3),
            "with_text": sum(bool(clip.text) for clip in self.clips),
            "languages": self._groups(lambda clip: clip.language or "unknown"),
            "lengths": self._groups(lambda clip: length_bucket(clip.audio_s), LENGTH_BUCKETS),
            "digest": self.digest,
        }

    def _groups(
        self, key_of: Callable[[Clip], str], order: Sequence[str] = ()
    ) -> dict[str, dict[str, float]]:
        groups: dict[str, dict[str, float]] = {}
        for clip, weight in zip(self.clips, self.weights, strict=True):
            group = groups.setdefault(key_of(clip), {"clips": 0, "audio_s": 0.0, "share": 0.0})
            group["clips"] += 1
            group["audio_s"] += clip.audio_s
            group["share"] += weight
        ordered = [key for key in order or sorted(groups) if key in groups]
        return {key: {name: round(n, 6) for name, n in groups[key].items()} for key in ordered}


def _misfit(clip: Clip, recognizer: Recognizer, languages: Collection[str]) -> str:
    """Say why the model cannot take the clip; empty if it can."""
    if recognizer.window_s is not None and clip.audio_s > recognizer.window_s:
        return f"it has {clip.audio_s:.1f} s, and the model listens for {recognizer.window_s:g} s"
    try:
        sent_language(recognizer, clip.language, languages)
    except LanguageError as error:
        return error.message
    return ""
