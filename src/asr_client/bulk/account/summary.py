"""What came of a run: a paragraph to read, and a document to keep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asr_client.bulk.account.tally import Tally

__all__ = ["Failure", "Summary", "format_duration", "write_json"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A recording that failed: where it is, and why, as a code and in a sentence."""

    source: str
    code: str
    message: str


@dataclass(slots=True, kw_only=True)
class Summary:
    """
    A run that is over.

    Attributes:
        version: Of asr-client.
        started: When it began, in UTC, as ISO 8601 writes it.
        output: The folder of the transcripts; None for stdout.
        tally: What was counted.
        wall_s: How long it took.
        options: What shaped the text.
        stopped_by: The code of the error, or the name of the signal, that ended it early; "" if
            all recordings were tried.
        failures: The recordings that failed.
        scores: Error rates, where there are references.
    """

    version: str
    started: str
    output: str | None
    tally: Tally
    wall_s: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    stopped_by: str = ""
    failures: Sequence[Failure] = ()
    scores: Mapping[str, Any] | None = None

    @property
    def rtfx(self) -> float:
        """Seconds of audio transcribed a second."""
        return self.tally.audio_s / self.wall_s if self.wall_s > 0 else 0.0

    def fields(self) -> dict[str, Any]:
        """Tell all of it; docs/bulk.md says what each field means."""
        tally = self.tally
        return {
            "version": self.version,
            "started": self.started,
            "output": self.output,
            "options": dict(self.options),
            "recordings": tally.total,
            "done": tally.done,
            "skipped": tally.skipped,
            "failed": tally.failed,
            "not_tried": tally.not_tried,
            "incomplete": tally.incomplete,
            "failed_by_code": dict(tally.failures.most_common()),
            "stopped_by": self.stopped_by or None,
            "audio_s": round(tally.audio_s, 3),
            "wall_s": round(self.wall_s, 3),
            "rtfx": round(self.rtfx, 3),
            "requests": tally.requests,
            "retries": tally.retries,
            "waited_s": round(tally.waited_s, 3),
            "scores": self.scores,
            "failures": [
                {"source": each.source, "code": each.code, "message": each.message}
                for each in self.failures
            ],
        }

    def paragraph(self) -> str:
        """Tell what matters, to be read."""
        tally = self.tally
        if tally.skipped and tally.skipped == tally.total:
            said = [f"nothing was left to do: all {tally.total} recordings were done before"]
        else:
            said = [f"{tally.done} of {tally.total} recordings transcribed"]
            said += [f"{tally.skipped} were done before"] if tally.skipped else []
        if tally.failed:
            codes = ", ".join(f"{count} {code}" for code, count in tally.failures.most_common())
            said.append(f"{tally.failed} failed ({codes})")
        said += [f"{tally.not_tried} not tried"] if tally.not_tried else []
        if tally.audio_s:
            took = f"in {format_duration(self.wall_s)} (RTFx {self.rtfx:.1f})"
            said.append(f"{format_duration(tally.audio_s)} of audio {took}")
        if tally.retries:
            said.append(f"{tally.requests} requests, {tally.retries} of them in vain")
        if self.scores and self.scores.get("wer") is not None:
            rates = f"WER {self.scores['wer']:.1%}, CER {self.scores['cer']:.1%}"
            said.append(f"{rates} over {self.scores['recordings']} with a reference")
        return "; ".join(said)


def format_duration(seconds: float) -> str:
    """Write a time to be read: 3.2 s, 4 min 5 s, 2 h 3 min."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def write_json(summary: Summary) -> bytes:
    """Write the document."""
    # Names of files may be no text: as escapes, they stay valid JSON.
    return json.dumps(summary.fields(), indent=2).encode() + b"\n"
