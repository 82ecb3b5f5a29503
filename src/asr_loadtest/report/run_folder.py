"""
A run's folder: written while the run goes, readable whatever becomes of the writer.

    run.json            what the run was          (RunInfo)
    samples.jsonl.gz    every arrival             (Sample, a line each)
    server.jsonl.gz     looks at the servers      (PodReading)
    generator.jsonl.gz  looks at the generator    (GeneratorReading)
    cluster.jsonl.gz    what the cluster did      (Sighting), where one was watched
    slo.toml            the SLO that was given
    report.*, junit.xml what was made of it
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.sightings import (
    SIGHTING_KINDS,
    Sighting,
    sighting_from_fields,
    sighting_to_fields,
)
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.report.checked_fields import check_fields
from asr_loadtest.report.line_files import LineWriter, read_lines, write_whole

__all__ = ["RunReader", "RunWriter"]

_INFO_FILE = "run.json"
_SAMPLES_FILE = "samples.jsonl.gz"
_SERVER_FILE = "server.jsonl.gz"
_GENERATOR_FILE = "generator.jsonl.gz"
_CLUSTER_FILE = "cluster.jsonl.gz"
_SLO_FILE = "slo.toml"

# Thirty years: what is beyond is no instant of a run, and would ask for endless plots.
_LAST_INSTANT_S = 1e9
_MAY_BE_UNKNOWN = ("sent_s", "done_s", "connect_s", "gateway_s", "upstream_s")

T = TypeVar("T")


class _Record(Protocol):
    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self: ...


R = TypeVar("R", bound=_Record)


class RunWriter:
    """
    Writes a run's folder.

    Args:
        folder: Is made, with its parents.
        info: What is known before the start; `finish` tells the rest.

    Raises:
        ConfigError: If the folder holds a run already.
    """

    def __init__(self, folder: Path, info: RunInfo) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / _INFO_FILE).exists():
            raise ConfigError(f"{folder} holds a run already", hint="choose another folder")
        self.folder = folder
        self._write_info(info)
        self._samples = LineWriter(folder / _SAMPLES_FILE)
        self._server = LineWriter(folder / _SERVER_FILE)
        self._generator = LineWriter(folder / _GENERATOR_FILE)
        self._cluster: LineWriter | None = None

    def add_sample(self, sample: Sample) -> None:
        """Note an arrival; cheap enough for the generator's own loop."""
        self._samples.add(sample.to_line())

    def add_pod(self, reading: PodReading) -> None:
        """Note a look at a server."""
        self._server.add(json.dumps(reading.to_fields()))

    def add_generator(self, reading: GeneratorReading) -> None:
        """Note a look at the generator."""
        self._generator.add(json.dumps(reading.to_fields()))

    def add_sighting(self, sighting: Sighting) -> None:
        """Note what was seen of the cluster."""
        if self._cluster is None:
            self._cluster = LineWriter(self.folder / _CLUSTER_FILE)
        self._cluster.add(json.dumps(sighting_to_fields(sighting)))

    def keep_slo(self, text: str) -> None:
        """Keep the SLO file as it was, so that the report can be made again without it."""
        write_whole(self.folder / _SLO_FILE, text)

    def flush(self) -> None:
        """Put on disk what is not there yet: worth a call every few seconds of a slow run."""
        for file in self._files:
            file.flush()

    def finish(self, info: RunInfo) -> None:
        """Close the files, and write what the run was."""
        for file in self._files:
            file.close()
        self._write_info(info)

    @property
    def _files(self) -> list[LineWriter]:
        files = (self._samples, self._server, self._generator, self._cluster)
        return [file for file in files if file is not None]

    def _write_info(self, info: RunInfo) -> None:
        text = json.dumps(info.to_fields(), ensure_ascii=False, indent=1)
        write_whole(self.folder / _INFO_FILE, text + "\n")


class RunReader:
    """
    Reads a run's folder.

    Args:
        folder: As `RunWriter` left it.

    Attributes:
        info: What the run was.
        notes: What the reader of a report must know of the files, a sentence each; complete when
            all has been read.

    Raises:
        ConfigError: If this is no run's folder; its methods raise it where a line is no record.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: list[str] = []
        self.info = self._read_info()
        if not self.info.ended_s:
            self.notes.append("the run was cut off: nobody wrote down how it ended")

    def samples(self) -> Iterator[Sample]:
        """Give every arrival, in the order in which they ended."""
        if not (self.folder / _SAMPLES_FILE).exists():
            self.notes.append(f"{_SAMPLES_FILE} is missing")
        return self._records(_SAMPLES_FILE, _sample)

    def pods(self) -> Iterator[PodReading]:
        """Give every look at a server."""
        return self._records(_SERVER_FILE, _decoder(PodReading))

    def generator(self) -> Iterator[GeneratorReading]:
        """Give every look at the generator."""
        return self._records(_GENERATOR_FILE, _decoder(GeneratorReading))

    def sightings(self) -> Iterator[Sighting]:
        """Give all that was seen of the cluster."""
        if self.info.settings.get("hpa") and not (self.folder / _CLUSTER_FILE).exists():
            self.notes.append(f"{_CLUSTER_FILE} is missing: the autoscaler is not judged")
        return self._records(_CLUSTER_FILE, _sighting)

    @property
    def slo_path(self) -> Path | None:
        """The SLO that was given to the run; None if none was."""
        path = self.folder / _SLO_FILE
        return path if path.exists() else None

    def _read_info(self) -> RunInfo:
        path = self.folder / _INFO_FILE
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{self.folder} is no run: cannot read its {_INFO_FILE}",
                hint="give the folder of a run, such as runs/20250131T120000-3f9c",
            ) from error
        return _made(_decoder(RunInfo), text, str(path))

    def _records(self, name: str, record_of: Callable[[str, str], T]) -> Iterator[T]:
        path = self.folder / name
        if not path.exists():
            return
        for number, line in enumerate(read_lines(path, self.notes.append), start=1):
            yield _made(record_of, line, f"{path}, line {number}")


def _decoder(kind: type[R]) -> Callable[[str, str], R]:
    """Give what makes a record of a line and its place."""

    def decode(text: str, place: str) -> R:
        return kind.from_fields(check_fields(kind, _json(text, place), place))

    return decode


def _sighting(text: str, place: str) -> Sighting:
    fields = _json(text, place)
    kind = SIGHTING_KINDS[fields.pop("kind")]
    if not _is_instant(fields.get("at_s")):
        raise ConfigError(f"{place}: this is no sighting of a run: {text[:80]!r}")
    return sighting_from_fields(kind, check_fields(kind, fields, place))


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{place}: this is not JSON: {text[:40]!r}") from error


def _made(record_of: Callable[[str, str], T], line: str, place: str) -> T:
    try:
        return record_of(line, place)
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise ConfigError(f"{place}: this is no record of a run: {line[:40]!r}") from error


def _sample(line: str, place: str) -> Sample:
    """Decode a sample, and look at what is reckoned with: a run has too many for more."""
    try:
        sample = Sample.from_line(line)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error.message}") from error
    known = [getattr(sample, name) for name in _MAY_BE_UNKNOWN]
    seconds = (sample.intended_s, sample.audio_s, sample.padded_s)
    if not (
        all(_is_instant(value) for value in seconds)
        and all(value is None or _is_instant(value) for value in known)
        and isinstance(sample.worker, int)
        and isinstance(sample.key, int)
        and isinstance(sample.language, str)
        and isinstance(sample.detail, str)
    ):
        raise ConfigError(f"{place}: this is no sample of a load test: {line[:80]!r}")
    return sample


def _is_instant(value: object) -> bool:
    """Tell whether a run can hold this many seconds; NaN it cannot."""
    return isinstance(value, int | float) and -_LAST_INSTANT_S < value < _LAST_INSTANT_S
