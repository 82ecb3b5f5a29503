"""What earlier runs have left, by their journal: what is done, with which options, how fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from asr_client.bulk.journal.records import JournalLine, Record, RunBegun, RunEnded

__all__ = ["History", "Speed", "differences"]

# A run that was shorter tells of its start alone.
_TELLING_S = 5.0


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a run was: audio seconds a wall second, with which model, and when it began."""

    rtfx: float
    model: str
    started: str


@dataclass(slots=True)
class _Run:
    begun: RunBegun
    audio_s: float = 0.0
    until_s: float = 0.0


@dataclass(slots=True)
class History:
    """
    What a journal tells.

    Attributes:
        records: What last came of each recording, by its name.
        damaged: How many lines could not be read.
    """

    records: dict[str, Record] = field(default_factory=dict)
    damaged: int = 0
    _runs: list[_Run] = field(default_factory=list)
    _options: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[JournalLine | None]) -> History:
        """Read the lines in their order; None is a damaged one."""
        history = cls()
        for line in lines:
            history.add(line)
        return history

    def add(self, line: JournalLine | None) -> None:
        """Take in one line."""
        match line:
            case None:
                self.damaged += 1
            case RunBegun():
                self._runs.append(_Run(line))
            case Record():
                self.records[line.name] = line
                if self._runs:
                    run = self._runs[-1]
                    run.audio_s += line.audio_s if line.ok else 0.0
                    run.until_s = max(run.until_s, line.at_s)
                    self._options[line.name] = run.begun.options
            case RunEnded():
                pass

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of any run."""
        return not self._runs and not self.records

    def options_of(self, name: str) -> Mapping[str, Any]:
        """Give the options with which a recording was last gone through."""
        return self._options.get(name, {})

    def speed(self, model: str) -> Speed | None:
        """Tell how fast the last run with a model was that lasted long enough to tell."""
        for run in reversed(self._runs):
            if run.begun.model == model and run.until_s >= _TELLING_S and run.audio_s:
                return Speed(run.audio_s / run.until_s, model, run.begun.started)
        return None


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in which options two runs differ, one phrase each; nothing where one is not known."""
    if not before:
        return ()
    old, new = dict(_flat(before)), dict(_flat(now))
    return tuple(
        f"{name} was {old.get(name)!r}, is {new.get(name)!r}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def _flat(options: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Name what is within others by its place."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + name, value
