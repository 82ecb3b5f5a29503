"""What of a corpus flatters the server, or cannot be judged: said once, before the run."""

from __future__ import annotations

from collections.abc import Sequence

from asr_loadtest.load.corpus.clips import Clip

__all__ = ["observe"]


def observe(clips: Sequence[Clip]) -> list[str]:
    """Give one sentence for each thing that the reader of the figures must know."""
    notes = []
    if len(clips) == 1:
        notes.append(
            "there is one recording: a dynamic batcher joins equal lengths only, so capacity "
            "looks better than it is"
        )
    elif len({clip.sent_samples for clip in clips}) == 1:
        notes.append(
            "all recordings are sent with the same length: a dynamic batcher joins equal lengths "
            "only, so capacity looks better than it is unless all callers send this length"
        )
    notes += _lacking(clips, [clip for clip in clips if not clip.language], "language")
    notes += _lacking(clips, [clip for clip in clips if not clip.text], "reference text")
    return notes


def _lacking(clips: Sequence[Clip], lacking: Sequence[Clip], what: str) -> list[str]:
    if not lacking:
        return []
    return [f"{len(lacking)} of {len(clips)} recordings have no {what}, such as {lacking[0].name}"]
