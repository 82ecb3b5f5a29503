"""Where transcripts go that no journal keeps: stdout, or files named for one recording."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asr_client.bulk.inputs import STDIN
from asr_client.errors import ConfigError
from asr_client.formats import ENCODING_ERRORS

__all__ = ["Destination", "check_stream", "plan_one", "write_output"]

# Formats that can hold several recordings, one after the other.
_STREAM_FORMATS = ("txt", "json")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a transcript goes, and in which format; no path is stdout."""

    path: Path | None
    format: str = "txt"


def _names_folder(output: str) -> bool:
    """Whether an output is meant for a folder: it is one, or ends as one."""
    return output.endswith(os.sep) or Path(output).is_dir()


def check_stream(count: int, formats: Sequence[str]) -> str:
    """
    Settle the format of *count* transcripts on stdout.

    Raises:
        ConfigError: If it cannot hold them.
    """
    if len(formats) > 1:
        raise ConfigError(
            f"stdout takes one format, {len(formats)} were given", hint="name a folder with -o"
        )
    if count > 1 and formats[0] not in _STREAM_FORMATS:
        raise ConfigError(
            f"format {formats[0]} holds one recording, {count} were given",
            hint="write one file each with -o FOLDER",
        )
    return formats[0]


def plan_one(source: str, output: str | None, formats: Sequence[str]) -> tuple[Destination, ...]:
    """
    Decide where the transcript of one recording goes, before any work is done.

    Without *output* to stdout. Else to that file, or to <folder>/<stem>.<format> if it names a
    folder.

    Raises:
        ConfigError: If it would overwrite the recording, or several formats meet in one file.
    """
    if output is None:
        return (Destination(None, check_stream(1, formats)),)
    if not output:
        raise ConfigError("-o names no file and no folder")
    if not _names_folder(output):
        if len(formats) > 1:
            raise ConfigError(
                f"{output} is one file, and {len(formats)} formats were given",
                hint=f"name a folder: -o {output}{os.sep}",
            )
        return _checked(source, (Destination(Path(output), formats[0]),))
    stem = "stdin" if source == STDIN else Path(source).stem
    folder = Path(output)
    return _checked(source, tuple(Destination(folder / f"{stem}.{each}", each) for each in formats))


def _checked(source: str, plan: tuple[Destination, ...]) -> tuple[Destination, ...]:
    for each in plan:
        if source != STDIN and each.path and each.path.resolve() == Path(source).resolve():
            raise ConfigError(f"the output {each.path} would overwrite a recording")
    return plan


def write_output(destination: Destination, text: str) -> None:
    """Write to stdout, or to the file at once: a reader sees all of it or none."""
    if destination.path is None:
        if sys.stdout is None:
            raise OSError("standard output is closed")
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    path = destination.path.resolve()  # a link's target is written, the link stays
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        # A device, such as /dev/null, is not replaced.
        path.write_text(text, encoding="utf-8", errors=ENCODING_ERRORS)
        return
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors=ENCODING_ERRORS) as file:
            file.write(text)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Read the umask; there is no way but to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
