"""What is said of each recording of many as it is over, and what is kept of it for the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asr_client.bulk.account.summary import Failure
from asr_client.bulk.inputs import STDIN
from asr_client.errors import ASRError

if TYPE_CHECKING:
    from asr_client.bulk.inputs import Entry
    from asr_client.bulk.outputs import Assignment
    from asr_client.cli.console import Console
    from asr_client.client import ASRClient
    from asr_client.results import Transcript

__all__ = ["Teller", "naming"]


def naming(entry: Entry, text: str) -> str:
    """Say of which recording a message is, unless it says so itself."""
    path = entry.path
    says_so = path == STDIN or path in text or ascii(path) in text
    return text if says_so else f"{path}: {text}"


class Teller:
    """
    Tells what comes of recordings.

    Args:
        console: Where to.
        client: For the way that was found, which is told to those who ask for details; None tells
            no details.
        keep_texts: Whether texts are kept, by the recordings' names.
    """

    def __init__(self, console: Console, client: ASRClient | None, *, keep_texts: bool) -> None:
        self.failures: list[Failure] = []
        self.texts: dict[str, str] = {}
        self._console = console
        self._client = client
        self._keep_texts = keep_texts

    def finished(self, assignment: Assignment, transcript: Transcript) -> None:
        """Tell what is odd about it."""
        name = assignment.entry.label
        for warning in transcript.warnings:
            self._console.warn(f"{name}: {warning}")
        if not transcript.is_complete:
            text = "there is no text for parts of it"
            self.failures.append(Failure(assignment.entry.path, "incomplete", text))
            self._console.error(f"{name}: {text}")
        if self._keep_texts:
            self.texts[assignment.name] = transcript.text
        if self._client is not None:
            from asr_client.cli.explain import explain

            for line in explain(transcript, self._client.model()):
                self._console.detail(f"{name}: {line}")

    def failed(self, assignment: Assignment, error: Exception) -> None:
        """Tell why."""
        code = error.code if isinstance(error, ASRError) else "error"
        self.failures.append(Failure(assignment.entry.path, code, str(error)))
        self._console.error(naming(assignment.entry, str(error)))
