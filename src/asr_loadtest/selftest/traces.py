"""Reads what a load test left: its report, its samples, and secrets where none should be."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from asr_loadtest.load.samples import Sample
from asr_loadtest.report.run_folder import RunReader
from asr_loadtest.selftest.evidence import Evidence
from asr_loadtest.selftest.load_test import LoadTest

__all__ = ["read_evidence"]

_ERROR = "/ERROR/"


def read_evidence(
    load_test: LoadTest,
    exit_code: int,
    *,
    observed: Mapping[str, float],
    machine_busy: float | None,
) -> Evidence:
    """
    Read what there is.

    Raises:
        ConfigError: If its files are not such as load tests write.
    """
    runs = [path.parent for path in load_test.runs.glob("*/run.json")]
    output = load_test.output.read_text(encoding="utf-8", errors="replace")
    return Evidence(
        exit_code=exit_code,
        error=_error(output),
        report=_report(runs),
        samples=tuple(_samples(runs)),
        observed=observed,
        leaks=tuple(_leaks(load_test.folder, load_test.place.secrets)),
        machine_busy=machine_busy,
    )


def _error(output: str) -> str:
    """Give the words of the last line that Locust logged as an error."""
    errors = [line for line in output.splitlines() if _ERROR in line]
    return errors[-1].partition(_ERROR)[2].partition(": ")[2] if errors else ""


def _report(runs: Sequence[Path]) -> Mapping[str, Any]:
    for run in runs:
        path = run / "report.json"
        if path.exists():
            report: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return report
    return {}


def _samples(runs: Sequence[Path]) -> Iterator[Sample]:
    for run in runs:
        yield from RunReader(run).samples()


def _leaks(folder: Path, secrets: Sequence[str]) -> Iterator[str]:
    """Name the files in which, or in whose name, a secret stands."""
    for path in sorted(folder.rglob("*")) if secrets else ():
        if not path.is_file():
            continue
        data = _unpacked(path) if path.suffix == ".gz" else path.read_bytes()
        name = str(path.relative_to(folder))
        if any(secret in name or secret.encode() in data for secret in secrets):
            yield "its output" if path.suffix == ".log" else path.name


def _unpacked(path: Path) -> bytes:
    """Give what is there of a file that may have been cut off."""
    pieces = []
    with gzip.open(path) as file, suppress(EOFError, OSError, zlib.error):
        while piece := file.read(2**16):
            pieces.append(piece)
    return b"".join(pieces)
