"""asr-transcribe with many recordings: into a folder with a journal, or to stdout in order."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asr_client import __version__
from asr_client.bulk.account.scores import References, check_evaluation, read_back, score
from asr_client.bulk.account.summary import Summary, write_json
from asr_client.bulk.account.tally import Tally
from asr_client.bulk.durations import DurationScan
from asr_client.bulk.journal import Journal, RunBegun, RunEnded, read_history
from asr_client.bulk.outputs import Assignment, assign_outputs
from asr_client.bulk.resume import check_beginning, take_back
from asr_client.bulk.run import Store, Task, run_bulk
from asr_client.bulk.store import FolderStore
from asr_client.cli.bulk_arguments import beginning_from
from asr_client.cli.console import Console, ExitCode, without_controls
from asr_client.cli.opening import config_from, open_client, shaping_options
from asr_client.cli.outputs import Destination, check_stream, write_output
from asr_client.cli.progress import Progress
from asr_client.cli.signals import Drain
from asr_client.cli.telling import Teller
from asr_client.errors import ASRError, ConfigError
from asr_client.formats import format_transcript

if TYPE_CHECKING:
    from asr_client.bulk.inputs import Entry
    from asr_client.results import Transcript

__all__ = ["to_folder", "to_stdout"]


class _StdoutStore:
    """Writes transcripts to stdout, one after the other."""

    def __init__(
        self, assignments: Sequence[Assignment], output_format: str, console: Console
    ) -> None:
        self._assignments = assignments
        self._format = output_format
        self._console = console

    def todo(self) -> Iterator[Task]:
        return (Task(place, assignment) for place, assignment in enumerate(self._assignments))

    def keep(self, task: Task, transcript: Transcript) -> None:
        name = task.assignment.entry.label
        text = format_transcript(transcript, self._format, source=name)
        if self._format == "txt" and len(self._assignments) > 1:
            # One line each, whatever a name holds; and none of it steers a terminal.
            shown = without_controls(name).replace("\n", "\\n")
            text = f"{shown}: {text}"
        with self._console.without_progress():
            write_output(Destination(None), text)

    def note_failure(self, task: Task, error: ASRError) -> None:
        """Leave it to the messages."""


def to_stdout(arguments: argparse.Namespace, entries: Sequence[Entry], console: Console) -> int:
    """Transcribe to stdout, in order."""
    output_format = check_stream(len(entries), arguments.format)
    assignments = [Assignment(entry, entry.label, ()) for entry in entries]
    run = _Run(arguments, assignments, console, None)
    with ExitStack() as stack:
        stopped_by = run.go(_StdoutStore(assignments, output_format, console), stack, ordered=True)
    if stopped_by is not None:
        raise stopped_by
    tally = run.tally
    if tally.failed or tally.not_tried:
        console.note(f"asr-transcribe: {tally.failed} of {tally.total} recordings failed")
    run.conclude(stopped_by, tell=bool(arguments.reference))
    return run.exit_code(stopped_by)


def to_folder(arguments: argparse.Namespace, entries: Sequence[Entry], console: Console) -> int:
    """Transcribe into a folder that keeps a journal."""
    folder = Path(arguments.output)
    assignments = assign_outputs(entries, folder, arguments.format)
    config = config_from(arguments)
    options, beginning = shaping_options(config), beginning_from(arguments)
    check_beginning(beginning, assignments, folder, read_history(folder), options)
    run = _Run(arguments, assignments, console, folder, options)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(folder))
        check_beginning(beginning, assignments, folder, journal.history, options)
        _warn_of_damage(journal, console)
        journal.append(
            RunBegun(
                version=__version__,
                started=run.started,
                options=options,
                model=config.model,
                url=str(config.endpoint),
                recordings=len(assignments),
            ),
            *(take_back(assignments, journal.history) if beginning == "overwrite" else ()),
        )
        store = FolderStore(
            assignments,
            journal,
            options,
            resume=beginning == "resume",
            elapsed_s=lambda: run.tally.elapsed_s,
        )
        stopped_by = run.go(store, stack, ordered=False)
        if not isinstance(stopped_by, OSError):
            journal.append(
                RunEnded(wall_s=run.tally.elapsed_s, stopped_by=run.why_ended(stopped_by))
            )
    if isinstance(stopped_by, OSError):
        console.error(f"{folder}: nothing more can be written there: {stopped_by}")
    elif stopped_by is not None:
        console.error(str(stopped_by))
    if store.rewritten:
        console.warn(f"{store.rewritten} recordings' outputs were changed or gone, and made again")
    run.conclude(stopped_by, tell=True)
    return run.exit_code(stopped_by)


def _warn_of_damage(journal: Journal, console: Console) -> None:
    if journal.history.damaged:
        console.warn(
            f"{journal.path}: {journal.history.damaged} lines are damaged; what they told of is "
            "done again"
        )


def _references(
    arguments: argparse.Namespace, assignments: Sequence[Assignment]
) -> References | None:
    if not arguments.reference:
        return None
    check_evaluation()
    references = References(arguments.reference)
    references.check(assignment.entry for assignment in assignments)
    return references


class _Run:
    """One run: its counts, what is shown of it, and how it ends."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        assignments: Sequence[Assignment],
        console: Console,
        folder: Path | None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.tally = Tally(len(assignments))
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self._arguments = arguments
        self._assignments = assignments
        self._console = console
        self._folder = folder
        self._options = options or {}
        self._drain = Drain()
        self._teller: Teller | None = None
        self._wall_s = 0.0
        self._references = _references(arguments, assignments)

    def go(self, store: Store, stack: ExitStack, *, ordered: bool) -> Exception | None:
        """Do the work; give what stopped it."""
        arguments, console = self._arguments, self._console
        client = open_client(arguments, console, stack)
        self._teller = Teller(
            console,
            client if arguments.verbose else None,
            keep_texts=self._references is not None,
        )
        options: dict[str, Any] = {"jobs": arguments.jobs, "ordered": ordered}
        if arguments.patience is not None:
            options["patience_s"] = arguments.patience
        self.tally = Tally(len(self._assignments), jobs=arguments.jobs)
        scan = DurationScan(
            [assignment.entry for assignment in self._assignments], self.tally.measured
        )
        stack.callback(scan.close)
        if not ordered:
            count = len(self._assignments)
            console.plain(f"{count} recording{'s' if count > 1 else ''} into {self._folder}")
        with (
            self._drain,
            Progress(console, self.tally, self._ending, plain=not ordered),
        ):
            stopped_by = run_bulk(
                client, store, self.tally, self._teller, self._drain.requested, **options
            )
        self._wall_s = self.tally.elapsed_s
        return stopped_by

    def _ending(self) -> str:
        if not self._drain.number:
            return ""
        return (
            f"asr-transcribe: {self._drain.name}: requests under way are ended, and recordings "
            "that are whole then are kept; the same again stops at once"
        )

    def why_ended(self, stopped_by: Exception | None) -> str:
        """Name what ended the run early; empty if nothing did."""
        if stopped_by is None:
            return self._drain.name
        return stopped_by.code if isinstance(stopped_by, ASRError) else "output"

    def exit_code(self, stopped_by: Exception | None) -> int:
        """Tell the shell what came of it."""
        if stopped_by is not None:
            return ExitCode.USAGE if isinstance(stopped_by, ConfigError) else ExitCode.FAILED
        if self._drain.number:
            return 128 + self._drain.number
        return ExitCode.FAILED if self.tally.failed else ExitCode.OK

    def conclude(self, stopped_by: Exception | None, *, tell: bool) -> None:
        """Say what came of it, and write it down if that is asked for."""
        teller = self._teller
        summary = Summary(
            version=__version__,
            started=self.started,
            output=None if self._folder is None else str(self._folder),
            tally=self.tally,
            wall_s=self._wall_s,
            options=self._options,
            stopped_by=self.why_ended(stopped_by),
            failures=teller.failures if teller else (),
            scores=self._score(),
        )
        if tell:
            self._console.note(f"asr-transcribe: {summary.paragraph()}")
        if tell and self.tally.not_tried and self._folder is not None:
            self._console.note("asr-transcribe: the same command with --resume goes on from here")
        if self._arguments.summary:
            destination = Destination(Path(self._arguments.summary), "json")
            write_output(destination, write_json(summary).decode())

    def _score(self) -> Mapping[str, Any] | None:
        if self._references is None:
            return None
        made = self._teller.texts if self._teller else {}
        heard = (
            (assignment.entry, text)
            for assignment in self._assignments
            if (text := made.get(assignment.name) or self._read_back(assignment)) is not None
        )
        return score(self._references, heard, self._arguments.language)

    def _read_back(self, assignment: Assignment) -> str | None:
        return None if self._folder is None else read_back(assignment, self._folder)
