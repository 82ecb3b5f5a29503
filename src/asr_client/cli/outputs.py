"""Where transcripts go: stdout, one file, or a folder with one file a recording."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asr_client.errors import ConfigError

__all__ = ["STDIN", "Destination", "plan_outputs", "write_output"]

STDIN = "-"

# File names may hold what is no letter; written as an escape it stays valid JSON.
_ERRORS = "backslashreplace"

# Formats that can hold several recordings, one after the other.
_STREAM_FORMATS = ("txt", "json")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the transcript of one recording goes; None is stdout."""

    source: str
    path: Path | None


def plan_outputs(
    sources: Sequence[str], output: str | None, output_format: str
) -> tuple[Destination, ...]:
    """
    Decide where each transcript goes, before any work is done.

    Without *output* to stdout. Else to that file, if there is one recording and it names no
    folder; else to <folder>/<stem>.<format>, the stem keeping its suffix where two would collide.

    Raises:
        ConfigError: If an output would overwrite a recording or another output, or the format
            cannot hold several recordings on stdout.
    """
    if output is None:
        if len(sources) > 1 and output_format not in _STREAM_FORMATS:
            raise ConfigError(
                f"format {output_format} holds one recording, {len(sources)} were given",
                hint="write one file each with -o FOLDER",
            )
        return tuple(Destination(source, None) for source in sources)
    if not output:
        raise ConfigError("-o names no file and no folder")
    if len(sources) == 1 and not _names_folder(output):
        return _checked((Destination(sources[0], Path(output)),))
    return _checked(_in_folder(sources, Path(output), output_format))


def _names_folder(output: str) -> bool:
    return output.endswith(os.sep) or Path(output).is_dir()


def _in_folder(sources: Sequence[str], folder: Path, output_format: str) -> tuple[Destination, ...]:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            f"{folder} is a file, and {len(sources)} transcripts need a folder",
            hint="name a folder with -o",
        )
    stems = Counter(_stem(source) for source in sources)
    return tuple(
        Destination(
            source,
            folder / f"{_stem(source) if stems[_stem(source)] == 1 else _name(source)}"
            f".{output_format}",
        )
        for source in sources
    )


def _stem(source: str) -> str:
    return "stdin" if source == STDIN else Path(source).stem


def _name(source: str) -> str:
    return "stdin" if source == STDIN else Path(source).name


def _checked(plan: tuple[Destination, ...]) -> tuple[Destination, ...]:
    """Refuse a plan in which anything would be overwritten."""
    recordings = {Path(each.source).resolve() for each in plan if each.source != STDIN}
    taken: dict[Path, str] = {}
    for each in plan:
        if each.path is None:
            continue
        path = each.path.resolve()
        if path in recordings:
            raise ConfigError(f"the output {each.path} would overwrite a recording")
        if path in taken:
            raise ConfigError(
                f"{taken[path]} and {each.source} would both be written to {each.path}",
                hint="transcribe them into different folders",
            )
        taken[path] = each.source
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
        path.write_text(
            text, encoding="utf-8", errors=_ERRORS
        )  # a device, such as /dev/null, is not replaced
        return
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors=_ERRORS) as file:
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
