"""
A bulk run whose bad day comes: killed, told to stop, its server killed, its key exchanged.

Each drill transcribes short recordings, cut and joined from the samples' speech, by the command
`asr-transcribe FOLDER -r -o OUT --resume` in a process of its own, does something bad to it, and
resumes it. What must be left is what an undisturbed run leaves, byte by byte. The server is the
embedded Triton; its own count of inferences tells what was transcribed twice. All traffic stays on
127.0.0.1. Counts are exact; times are those of this machine.

    python benchmarks/bulk_drills.py
    python benchmarks/bulk_drills.py --only kills --recordings 100 --seed 7
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from asr_client import ApiKey
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton
from asr_client.embedded.options import SlowModel
from asr_client.testing import Gateway
from bulk_runs import (
    JOURNAL,
    Ended,
    done_counts,
    inferences,
    journal_lines,
    left_behind,
    make_recordings,
    outputs,
    start,
    transcribe,
)
from killed_at import STEPS

SAMPLES = Path(__file__).parent.parent / "samples" / "speech"
SLOW, SPEECH = "asr_slow", "asr_am_ensemble"
KEY, NEXT_KEY = "a-key-of-the-drill", "the-key-that-follows-it"
# Fixed, so that what can be in flight at a kill is known.
JOBS = 16

Row = tuple[object, ...]


@dataclass
class Drill:
    """
    What all drills of one section share: recordings, a server, what an undisturbed run made.

    Attributes:
        folder: For whatever it needs.
        server: It is killed and comes back.
        model: Who is asked.
        recordings: How many there are.
        draw: Where moments come from.
        wanted: The outputs of an undisturbed run.
    """

    folder: Path
    server: EmbeddedTriton
    model: str
    recordings: int
    draw: random.Random
    wanted: dict[str, bytes] = field(default_factory=dict)

    def arguments(self, out: Path, *others: str, url: str = "") -> list[str]:
        """Name a run."""
        where = ["--url", url or self.server.http_url, "--model", self.model, "-l", "en"]
        return [str(self.folder / "in"), "-r", "-o", str(out), "--resume", *where, *others]

    def make_wanted(self) -> Ended:
        """Make what is wanted."""
        ended = transcribe(self.arguments(self.folder / "wanted"))
        self.wanted = outputs(self.folder / "wanted")
        if ended.code or len(self.wanted) != self.recordings:
            sys.exit(f"an undisturbed run fails: {ended.said}")
        return ended

    def is_as_wanted(self, out: Path) -> str:
        """Tell whether a run has left what it should, each recording done once, and no litter."""
        found, twice = outputs(out), max(done_counts(out).values(), default=0) > 1
        if found == self.wanted and not twice and not left_behind(out):
            return "yes"
        differing = sum(self.wanted.get(name) != data for name, data in found.items())
        missing = len(self.wanted.keys() - found.keys())
        return f"NO: {differing} differ, {missing} missing, twice: {twice}, {left_behind(out)}"


@contextmanager
def drill(
    arguments: argparse.Namespace, recordings: int, model: str = SLOW, **law: float
) -> Iterator[Drill]:
    """Set the stage, and clear it away."""
    folder = Path(tempfile.mkdtemp(prefix="asr-bulk-drill-"))
    slow = SlowModel(a_ms=law.get("a_ms", 20), b_ms=law.get("b_ms", 10))
    options = EmbeddedOptions(models=(model,), slow=slow, max_restarts=1000)
    try:
        with EmbeddedTriton(options=options) as server:
            draw = random.Random(arguments.seed)  # noqa: S311 - the same moments again
            yield Drill(folder, server, model, recordings, draw)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Print one table a section."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--only", choices=list(SECTIONS), help="one section alone")
    parser.add_argument("--recordings", type=int, default=500, help="how many (default: 500)")
    parser.add_argument("--entries", type=int, default=10_000, help="of `many` (default: 10000)")
    parser.add_argument("--seed", type=int, default=1, help="of recordings and moments")
    arguments = parser.parse_args()
    for name, section in SECTIONS.items():
        if arguments.only in (None, name):
            print(f"\n{section.__doc__} (seed {arguments.seed})\n", flush=True)
            for row in section(arguments):
                print(f"| {' | '.join(map(str, row))} |", flush=True)


def head(*columns: str) -> Row:
    """Begin a Markdown table."""
    return (*columns[:-1], f"{columns[-1]} |\n|{'---|' * (len(columns) - 1)}---")


# --- the run is killed --------------------------------------------------------------------------


def kills(arguments: argparse.Namespace) -> Iterator[Row]:
    """Kill -9 at drawn moments, then the rest."""
    with drill(arguments, arguments.recordings) as stage:
        make_recordings(stage.folder / "in", stage.recordings, seed=arguments.seed)
        stage.make_wanted()
        yield from _kill(stage, stage.recordings // 4)


def speech(arguments: argparse.Namespace) -> Iterator[Row]:
    """The same with a real recogniser and whole sentences."""
    sentences = sorted(SAMPLES.glob("en-*.flac"))
    copies = max(1, arguments.recordings // 100)
    with drill(arguments, len(sentences) * copies, SPEECH) as stage:
        for number in range(copies):
            (stage.folder / "in" / str(number)).mkdir(parents=True)
            for path in sentences:
                shutil.copy(path, stage.folder / "in" / str(number))
        stage.make_wanted()
        yield from _kill(stage, stage.recordings // 4)


def _kill(stage: Drill, most: int) -> Iterator[Row]:
    yield head("run", "killed", "done by then", "inferences", "journal's end", "outputs as wanted")
    out = stage.folder / "out"
    before = inferences(stage.server.http_url, stage.model)
    for number in range(1, 4):
        lines = len(journal_lines(out)) + 1 + stage.draw.randrange(most)
        later_s = stage.draw.uniform(0, 0.1)
        with start(stage.arguments(out, "--jobs", str(JOBS))) as running:
            running.wait_until(lambda lines=lines: len(journal_lines(out)) >= lines)
            time.sleep(later_s)
            running.kill()
            running.ended()
        moment = f"{later_s * 1000:.0f} ms after line {lines}"
        made = inferences(stage.server.http_url, stage.model) - before
        torn = "torn" if is_torn(out) else "whole"
        yield number, moment, len(done_counts(out)), made, torn, ""
    ended = transcribe(stage.arguments(out, "--jobs", str(JOBS)))
    made = inferences(stage.server.http_url, stage.model) - before
    as_wanted = stage.is_as_wanted(out)
    yield f"4, exit code {ended.code}", "not", len(done_counts(out)), made, "whole", as_wanted
    extra = made - stage.recordings
    yield f"transcribed again: {extra}; in flight at three kills: {3 * JOBS} at most", *[""] * 5


def is_torn(out: Path) -> bool:
    """Tell whether a journal ends in the middle of a line."""
    journal = out / JOURNAL
    content = journal.read_bytes() if journal.exists() else b""
    return not content.endswith(b"\n") and bool(content)


def steps(arguments: argparse.Namespace) -> Iterator[Row]:
    """Kill -9 at each step of what is written, then the rest."""
    yield head("step", "kills", "lines torn", "outputs begun", "resumed to what was wanted")
    with drill(arguments, 12, a_ms=0, b_ms=0) as stage:
        make_recordings(stage.folder / "in", stage.recordings, seed=arguments.seed)
        stage.make_wanted()
        for step in STEPS:
            places = (1, 2, 5, stage.recordings)
            ends = [_step(stage, step, number) for number in places]
            torn, begun, good = (sum(column) for column in zip(*ends, strict=True))
            yield step, len(places), torn, begun, f"{good} of {len(places)}"


def _step(stage: Drill, step: str, number: int) -> tuple[bool, bool, bool]:
    out = stage.folder / f"{step}-{number}"
    ended = transcribe(stage.arguments(out), killed_at=f"{step}:{number}")
    if ended.code != -signal.SIGKILL:
        sys.exit(f"the run outlived {step}:{number}: {ended.said}")
    torn = is_torn(out)
    begun = bool(left_behind(out))
    good = transcribe(stage.arguments(out)).code == 0 and stage.is_as_wanted(out) == "yes"
    return torn, begun, good


# --- the server is killed -----------------------------------------------------------------------


def server(arguments: argparse.Namespace) -> Iterator[Row]:
    """The server is killed in mid-run and comes back; the run is left alone, and then it is not."""
    yield head("wire", "server", "exit code", "done", "seconds", "requests", "outputs as wanted")
    with drill(arguments, arguments.recordings) as stage:
        make_recordings(stage.folder / "in", stage.recordings, seed=arguments.seed)
        took_s = stage.make_wanted().took_s
        yield "http", "left alone", 0, stage.recordings, f"{took_s:.1f}", "", ""
        with Gateway(stage.server.http_url) as between:
            wires = {
                "http": stage.server.http_url,
                "grpc": stage.server.grpc_url,
                "gateway": between.url,
            }
            for wire, url in wires.items():
                yield from _lose_server(stage, wire, url)


def _lose_server(stage: Drill, wire: str, url: str) -> Iterator[Row]:
    out = stage.folder / wire
    with start(stage.arguments(out, url=url)) as running:
        for number in (1, 2):
            lines = stage.recordings * number // 3
            running.wait_until(lambda lines=lines: len(journal_lines(out)) >= lines)
            pid = _kill_server(stage.server)
            running.wait_until(lambda pid=pid: stage.server.pid != pid)
        yield _told(stage, wire, "killed twice", out, running.ended())
    out = stage.folder / f"{wire}-impatient"
    with start(stage.arguments(out, "--patience", "0.5", url=url)) as running:
        running.wait_until(lambda: len(journal_lines(out)) >= stage.recordings // 3)
        pid = _kill_server(stage.server)
        while running.process.poll() is None:  # its supervisor starts it again and again
            if stage.server.pid != pid:
                pid = _kill_server(stage.server)
            time.sleep(0.02)
        ended = running.ended()
    yield (
        *_told(stage, wire, "away for longer than --patience", out, ended)[:-1],
        "said: " + ended.lines[-3],
    )
    while stage.server.pid == pid:
        time.sleep(0.1)
    ended = transcribe(stage.arguments(out, url=url))
    yield _told(stage, wire, "back: resumed", out, ended)


def _kill_server(server: EmbeddedTriton) -> int:
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    return pid


def _told(stage: Drill, wire: str, what: str, out: Path, ended: Ended) -> Row:
    done = len(done_counts(out))
    parts = ended.said.replace("\n", "; ").split("; ")
    requests = next((each for each in parts if "requests" in each), "none in vain")
    took = f"{ended.took_s:.1f}"
    return wire, what, ended.code, done, took, requests, stage.is_as_wanted(out)


# --- a gateway in between -----------------------------------------------------------------------


def gateway(arguments: argparse.Namespace) -> Iterator[Row]:
    """Through the gateway, with a limit, while the key is exchanged."""
    yield head("limit", "key exchanged", "exit code", "statuses", "seconds", "outputs as wanted")
    with drill(arguments, arguments.recordings) as stage:
        make_recordings(stage.folder / "in", stage.recordings, seed=arguments.seed)
        stage.make_wanted()
        for limit in ({}, {"second": 40}, {"minute": stage.recordings * 3 // 4}):
            for overlap in (True, False):
                yield _rotate(stage, limit, overlap=overlap)


def _rotate(stage: Drill, limit: dict[str, int], *, overlap: bool) -> Row:
    """Exchange the key: both are let in for a while, or both are in the file for a while."""
    told = " ".join(f"{number} a {window}" for window, number in limit.items()) or "none"
    out, key_file = stage.folder / f"gateway {told} {overlap}", stage.folder / "key"
    write_key(key_file, KEY)
    urls = (stage.server.http_url, stage.server.grpc_url)
    with Gateway(*urls, api_keys=(ApiKey(KEY),), limits=limit) as between:
        run = stage.arguments(
            out, "--api-key-file", str(key_file), "--patience", "120", url=between.url
        )
        with start(run) as running:
            running.wait_until(lambda: len(journal_lines(out)) >= stage.recordings // 3)
            if overlap:
                between.rotates_key(ApiKey(NEXT_KEY), overlap_s=600)
            write_key(key_file, NEXT_KEY if overlap else f"{NEXT_KEY}\n{KEY}")
            running.wait_until(lambda: len(journal_lines(out)) >= stage.recordings // 2)
            between.rotates_key(ApiKey(NEXT_KEY), overlap_s=0)
            ended = running.ended()
        statuses = ", ".join(f"{n} x {status}" for status, n in between.counts_by_status().items())
    how = "the gateway takes both for a while" if overlap else "the file has both"
    return told, how, ended.code, statuses, f"{ended.took_s:.1f}", stage.is_as_wanted(out)


def write_key(path: Path, content: str) -> None:
    """Replace the file as a whole, as a careful operator does."""
    new = path.with_suffix(".new")
    new.write_text(content)
    new.chmod(0o600)
    new.rename(path)


# --- the run is told to stop --------------------------------------------------------------------


def signals(arguments: argparse.Namespace) -> Iterator[Row]:
    """One signal lets what is under way end, a second one does not; then the rest."""
    yield head("signal", "exit code", "kept after it", "seconds", "left behind", "as wanted")
    with drill(arguments, arguments.recordings) as stage:
        make_recordings(stage.folder / "in", stage.recordings, seed=arguments.seed)
        stage.make_wanted()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            out = stage.folder / number.name
            for times in (1, 2):
                yield _signal(stage, out, number, times)
            ended = transcribe(stage.arguments(out))
            yield "none: resumed", ended.code, "", "", "", stage.is_as_wanted(out)


def _signal(stage: Drill, out: Path, number: signal.Signals, times: int) -> Row:
    before = len(done_counts(out))
    with start(stage.arguments(out)) as running:
        lines = stage.recordings // 4
        running.wait_until(lambda: len(done_counts(out)) >= before + lines)
        began_s, kept = time.monotonic(), len(done_counts(out))
        for _ in range(times):
            running.kill(number)
            time.sleep(0.02)
        ended = running.ended()
    took = f"{time.monotonic() - began_s:.2f}"
    kept = len(done_counts(out)) - kept
    return f"{number.name} x {times}", ended.code, kept, took, len(left_behind(out)), ""


# --- ten thousand -------------------------------------------------------------------------------


def many(arguments: argparse.Namespace) -> Iterator[Row]:
    """A manifest of very many tiny recordings: what its bookkeeping costs."""
    yield head("entries", "what", "exit code", "seconds", "CPU s", "peak MiB", "journal bytes")
    for entries in (arguments.entries // 10, arguments.entries):
        with drill(arguments, entries, a_ms=0, b_ms=0) as stage:
            _write_manifest(stage.folder, entries, arguments.seed)
            for what, options in (
                ("--plan", ["--plan"]),
                ("all of it", []),
                ("--resume: all is done", []),
                ("--plan: all is done", ["--plan"]),
            ):
                out = stage.folder / "out"
                manifest = ["--manifest", str(stage.folder / "manifest.jsonl")]
                run = [*manifest, *stage.arguments(out, *options)[2:]]
                usage = stage.folder / "usage"
                ended = transcribe(run, killed_at="never", environment={"DRILL_USAGE": str(usage)})
                cpu_s, peak_kib = json.loads(usage.read_text())
                size = (out / JOURNAL).stat().st_size if (out / JOURNAL).exists() else 0
                took = f"{ended.took_s:.1f}"
                yield entries, what, ended.code, took, f"{cpu_s:.1f}", peak_kib // 1024, size


def _write_manifest(folder: Path, entries: int, seed: int) -> None:
    made = make_recordings(folder / "made", 20, seed=seed, shortest_s=0.3, longest_s=0.5)
    (folder / "in").mkdir()
    with (folder / "manifest.jsonl").open("w") as manifest:
        for number in range(entries):
            source = made[number % len(made)]
            path = folder / "in" / f"{number:06}{source.suffix}"
            os.link(source, path)
            manifest.write(json.dumps({"audio_filepath": f"in/{path.name}"}) + "\n")


SECTIONS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "kills": kills,
    "steps": steps,
    "speech": speech,
    "server": server,
    "gateway": gateway,
    "signals": signals,
    "many": many,
}

if __name__ == "__main__":
    main()
