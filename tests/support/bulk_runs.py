"""asr-transcribe as a process that a drill may kill, what it was given, and what it has left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

__all__ = [
    "JOURNAL",
    "Ended",
    "Running",
    "done_counts",
    "inferences",
    "journal_lines",
    "left_behind",
    "make_recordings",
    "outputs",
    "start",
    "transcribe",
]

JOURNAL = ".asr-transcribe.jsonl"
_SPEECH = Path(__file__).parent.parent.parent / "samples" / "speech"
_KILLED_AT = Path(__file__).parent / "killed_at.py"
_RATE_HZ = 16_000
# Whatever a drill does, it ends.
_LONGEST_S = 300.0


def make_recordings(
    folder: Path, number: int, *, seed: int, shortest_s: float = 0.3, longest_s: float = 3.0
) -> list[Path]:
    """
    Make short recordings of real speech, of all lengths; one in ten has another's content.

    They lie in three folders, and some of them share all of their name but the suffix.
    """
    draw = random.Random(seed)  # noqa: S311 - the same recordings in every run
    speech = np.concatenate([_read(each) for each in sorted(_SPEECH.glob("en-*.flac"))])
    made: list[Path] = []
    for place in range(number):
        suffix = ".flac" if place % 7 == 0 else ".wav"
        named = place - 3 if place % 21 == 3 else place
        path = folder / f"set {place % 3}" / f"clip-{named:04}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        alike = [each for each in made if each.suffix == suffix]
        if place % 10 == 9 and alike:
            path.write_bytes(draw.choice(alike).read_bytes())
        else:
            samples = int(draw.uniform(shortest_s, longest_s) * _RATE_HZ)
            first = draw.randrange(len(speech) - samples)
            joined = draw.randrange(samples)  # the end of one sentence, the beginning of another
            other = draw.randrange(len(speech) - samples)
            wave = np.concatenate(
                [speech[first : first + joined], speech[other : other + samples - joined]]
            )
            soundfile.write(path, wave, _RATE_HZ, subtype="PCM_16")
        made.append(path)
    return made


def _read(path: Path) -> np.ndarray:
    wave, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == _RATE_HZ
    return wave


@dataclass(frozen=True)
class Ended:
    """What a run said, and its exit code; -9 if it was killed."""

    code: int
    said: str
    printed: str = ""
    took_s: float = 0.0

    @property
    def lines(self) -> list[str]:
        """What it said, line by line."""
        return self.said.splitlines()


@dataclass
class Running:
    """A run that goes on in a process of its own."""

    process: subprocess.Popen[bytes]
    began_s: float = field(default_factory=time.monotonic)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to it, and to nobody else."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait_until(self, condition: Callable[[], bool], within_s: float = 60.0) -> bool:
        """Wait until something is so, or the run is over; tell whether it is so."""
        ends_s = time.monotonic() + within_s
        while not (so := condition()) and self.process.poll() is None:
            assert time.monotonic() < ends_s, "it never came to that"
            time.sleep(0.002)
        return so

    def ended(self, within_s: float = _LONGEST_S) -> Ended:
        """Wait for its end."""
        printed, said = self.process.communicate(timeout=within_s)
        took_s = time.monotonic() - self.began_s
        code = self.process.returncode
        return Ended(code, said.decode(), printed.decode(errors="surrogateescape"), took_s)


@contextmanager
def start(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    killed_at: str = "",
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[Running]:
    """
    Run asr-transcribe; whatever becomes of the drill, the process ends with the block.

    Args:
        arguments: Its arguments.
        killed_at: The step at which it kills itself: see killed_at.py; "" for none.
        stdin: What it reads there; None is nothing.
        environment: Variables besides those of this process.
        folder: Where it runs; None: here.
    """
    by_itself = [str(_KILLED_AT), killed_at] if killed_at else ["-m", "asr_client.cli.transcribe"]
    process = subprocess.Popen(
        [sys.executable, *by_itself, *map(os.fspath, arguments)],
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONFAULTHANDLER": "1", **(environment or {})},
        cwd=folder,
    )
    try:
        if stdin is not None and process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
            process.stdin = None
        yield Running(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def transcribe(arguments: Sequence[str | os.PathLike[str]], **others: object) -> Ended:
    """Run asr-transcribe to its end."""
    with start(arguments, **others) as running:  # type: ignore[arg-type]
        return running.ended()


def journal_lines(folder: Path) -> list[bytes]:
    """Give the lines of a folder's journal, as far as they have ends."""
    try:
        content = (folder / JOURNAL).read_bytes()
    except FileNotFoundError:
        return []
    return content.split(b"\n")[:-1]


def done_counts(folder: Path) -> Counter[str]:
    """Tell how often the journal has each recording as done; fails if a line cannot be read."""
    lines = [json.loads(line) for line in journal_lines(folder)]
    return Counter(line["done"]["name"] for line in lines if "done" in line)


def outputs(folder: Path) -> dict[str, bytes]:
    """Read all that a user sees in an output folder."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != JOURNAL and not path.name.endswith(".part")
    }
    return dict(sorted(found.items()))


def left_behind(folder: Path) -> list[str]:
    """Name the files that a run has begun to write and not put in their place."""
    return sorted(path.name for path in folder.rglob("*.part"))


def inferences(http_url: str, model: str) -> int:
    """Ask a Triton for how many recordings it has recognised since its start."""
    with urllib.request.urlopen(f"{http_url}/v2/models/{model}/stats", timeout=10) as reply:
        (stats,) = json.load(reply)["model_stats"]
    return int(stats["inference_stats"]["success"]["count"])
