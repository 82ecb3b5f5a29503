"""
Ten hours in one file: what it takes, whether all of it was sent, and whether the text is whole.

Recordings are synthesised while they are written, into a temporary folder that is removed; servers
are on 127.0.0.1: the embedded Triton's `asr_slow`, which answers with the length that it was sent,
and its recogniser; and, for words that are known, synthetic speech (tests/support) behind the
gateway stand-in. Each client has a process of its own, whose resident memory is sampled.

    python benchmarks/long_audio.py                 six minutes on a machine at rest, 2.5 GB of disk
    python benchmarks/long_audio.py --only memory --hours 0.5,1
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from scipy import stats

from asr_client import ASRClient, AsyncASRClient, Chunking, Transcript
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel
from asr_client.evaluation import error_rates
from asr_client.formats import format_transcript
from asr_client.results import Coverage
from asr_client.retry import NO_RETRY
from asr_client.testing import Gateway, UpstreamReply, UpstreamRequest

ROOT = Path(__file__).parent.parent
SPEECH = ROOT / "samples" / "speech"
sys.path.append(str(ROOT / "tests" / "support"))
from spelled_speech import GAP_S, WORD_S, answer, speak, words_for  # noqa: E402 - found above

RATE_HZ = 16_000
PAUSES_S = (0.4, 1.2)
WARM_HOURS = 0.05
MEBIBYTE = 1 << 20
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SAMPLED_EVERY_S = 0.05
LONGEST_RUN_S = 240.0
# A server that costs next to nothing, so that the client shows; and one that is slower than it.
FAST = SlowModel(a_ms=2, b_ms=0)
SLOW = SlowModel(a_ms=50, b_ms=0, max_batch_size=1)

Row = tuple[str, ...]
Int16 = npt.NDArray[np.int16]


def main() -> None:
    """Print one table a section."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--only", choices=list(SECTIONS), help="one section alone")
    parser.add_argument("--hours", default="0.5,1,2,5,10", help="lengths (0.5,1,2,5,10)")
    parser.add_argument("--client", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.client:
        print(json.dumps(be_client(json.loads(arguments.client))))
        return
    hours = [float(each) for each in arguments.hours.split(",")]
    with tempfile.TemporaryDirectory(prefix="long-audio-") as folder:
        check_room(Path(folder), max(hours))
        print(f"load average {os.getloadavg()[0]:.1f}")
        for name, section in SECTIONS.items():
            if arguments.only in (None, name):
                section(Path(folder), hours)


def check_room(folder: Path, hours: float) -> None:
    """Refuse to begin where a recording might fill the disk."""
    needed, free = int(2.2 * hours * 3600 * RATE_HZ * 2), shutil.disk_usage(folder).free
    if free < 2 * needed:
        sys.exit(f"{folder}: {free >> 20} MiB free, and {2 * needed >> 20} MiB are wanted")


def print_table(title: str, head: Row, rows: Iterator[Row]) -> None:
    """Print a Markdown table, each row as soon as it is measured."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


# --- recordings -----------------------------------------------------------------------------------


def write_speech(path: Path, hours: float, *, is_studio: bool = False) -> int:
    """
    Write the shipped recordings, drawn at random, with a pause after each; *is_studio*: 48 kHz
    stereo. Gives the samples that it has at 16 kHz.
    """
    draw, factor = np.random.default_rng(7), 3 if is_studio else 1
    clips = [soundfile.read(clip, dtype="int16")[0] for clip in sorted(SPEECH.glob("*.flac"))]
    if is_studio:
        clips = [np.column_stack((wide, wide // 2)) for wide in map(_widened, clips)]
    written = 0
    channels = 2 if is_studio else 1
    with soundfile.SoundFile(path, "w", factor * RATE_HZ, channels, "PCM_16") as file:
        while written < hours * 3600 * RATE_HZ * factor:
            clip = clips[draw.integers(len(clips))]
            pause = round(draw.uniform(*PAUSES_S) * RATE_HZ) * factor
            for part in (clip, np.zeros((pause, *clip.shape[1:]), np.int16)):
                file.write(part)
                written += len(part)
    return round(written / factor)


def _widened(clip: Int16) -> Int16:
    wide: Int16 = soxr.resample(clip, RATE_HZ, 3 * RATE_HZ)[: 3 * len(clip)].astype(np.int16)
    return wide


# --- a client, in a process of its own ------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Run:
    """What a client did: its own report, and its memory as seen from outside, by the clock."""

    report: dict[str, Any]
    memory: list[tuple[float, float]]

    @property
    def added_mib(self) -> float:
        """What its memory grew by, at most."""
        return float(self.report["peak_mib"] - self.report["base_mib"])

    @property
    def typical_mib(self) -> float:
        """Its memory half of the time, once all requests were under way."""
        return float(np.median(in_blocks(self)[1]))

    @property
    def wall_s(self) -> float:
        """Seconds of the call."""
        return float(self.report["ended_s"] - self.report["began_s"])


def run_client(source: Path, *, environment: dict[str, str] | None = None, **plan: Any) -> Run:
    """Let a process of its own transcribe *source*, and watch its memory."""
    command = [sys.executable, __file__, "--client", json.dumps({"source": str(source), **plan})]
    memory = []
    with ExitStack() as stack:
        stdin = None
        if plan.get("way") == "pipe":
            cat = stack.enter_context(
                subprocess.Popen(["/bin/cat", source], stdout=subprocess.PIPE)
            )
            stdin = cat.stdout
        client = stack.enter_context(
            subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | (environment or {}),
            )
        )
        give_up_s = time.monotonic() + LONGEST_RUN_S
        while client.poll() is None:
            memory.append((time.monotonic(), resident_mib(client.pid)))
            time.sleep(SAMPLED_EVERY_S)
            if time.monotonic() > give_up_s:
                client.kill()
        told, _ = client.communicate()
        if client.returncode:
            sys.exit(f"the client of {source.name} ended with {client.returncode}")
        return Run(json.loads(told), memory)


def resident_mib(pid: int | str = "self") -> float:
    """Resident memory of a process; 0 when it has gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / MEBIBYTE
    except (OSError, IndexError):
        return 0.0


def be_client(plan: dict[str, Any]) -> dict[str, Any]:
    """Transcribe: the short recording twice, to warm up, and then the one that is measured."""
    source: Any = plan["source"]
    if plan.get("way") == "bytes":
        source = Path(source).read_bytes()
    elif plan.get("way") == "pipe":
        source = "-"
    if plan.get("way") == "asyncio":
        transcript, report = asyncio.run(_measured_on_a_loop(plan, source))
    else:
        with ASRClient(plan["url"], **_settings(plan)) as client:
            for _ in range(2):
                _transcribe(client, plan["warm"], plan.get("jobs"))
            report = _before()
            transcript = _transcribe(client, source, plan.get("jobs"))
            report |= _after(report)
    began_s = time.perf_counter()
    written = format_transcript(transcript, "json")
    report |= {"json_bytes": len(written.encode()), "json_s": time.perf_counter() - began_s}
    if "out" in plan:
        Path(plan["out"]).write_text(written)
    return report | told_of(transcript)


def _settings(plan: dict[str, Any]) -> dict[str, Any]:
    language = plan.get("language", "en")
    return {"model": "asr_slow", "language": language, "retry": NO_RETRY}


def _transcribe(client: ASRClient, source: Any, jobs: int | None) -> Transcript:
    if jobs is None:
        return client.transcribe(source)
    (item,) = client.transcribe_many([source], jobs=jobs)
    return item.get()


async def _measured_on_a_loop(
    plan: dict[str, Any], source: Any
) -> tuple[Transcript, dict[str, Any]]:
    async with AsyncASRClient(plan["url"], **_settings(plan)) as client:
        for _ in range(2):
            await client.transcribe(plan["warm"])
        report = _before()
        transcript = await client.transcribe(source)
        return transcript, report | _after(report)


def _before() -> dict[str, Any]:
    Path("/proc/self/clear_refs").write_text("5")  # from here on the peak counts anew
    return {
        "base_mib": resident_mib(),
        "cpu_s": time.process_time(),
        "began_s": time.monotonic(),
    }


def _after(before: dict[str, Any]) -> dict[str, Any]:
    ended_s, cpu_s = time.monotonic(), time.process_time() - before["cpu_s"]
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak_mib = int(status["VmHWM"].split()[0]) / 1024
    return {"ended_s": ended_s, "cpu_s": cpu_s, "peak_mib": peak_mib}


def coverage_of(transcript: Transcript) -> Coverage:
    """Give the coverage; recordings here are never one request."""
    if transcript.coverage is None:
        sys.exit("the recording was sent in one request")
    return transcript.coverage


def told_of(transcript: Transcript) -> dict[str, Any]:
    """
    Hold what the server said that it was sent against what the client says that it sent.

    Where chunks overlap the answers of `asr_slow`, whose words are alike, would be merged; its
    recordings have pauses everywhere.
    """
    coverage = coverage_of(transcript)
    chunks = coverage.chunks
    lengths = [chunk.end_sample - chunk.first_sample for chunk in chunks]
    shared = [max(0, one.end_sample - other.first_sample) for one, other in pairwise(chunks)]
    answers = [segment.text for segment in transcript.segments]
    return {
        "chunks": len(chunks),
        "attempts": len(transcript.attempts),
        "overlaps": sum(map(bool, shared)),
        "samples": coverage.samples,
        "sent_once": sum(lengths) - sum(shared),
        "sent": sum(lengths),
        "unsent": len(coverage.unsent) + len(coverage.gaps),
        "confirmed": sum(
            text == f"{length / RATE_HZ:.2f} s of en"
            for text, length in zip(answers, lengths, strict=True)
        ),
    }


# --- memory ---------------------------------------------------------------------------------------


def memory(folder: Path, hours: Sequence[float]) -> None:
    """Memory and speed of the client, by the length of the recording."""
    runs: dict[str, dict[float, Run]] = {name: {} for name in _MEMORY_WAYS}
    head = (
        *("recording", "requests", "chunks", "MiB before", "half of the time", "peak"),
        *("s", "RTFx"),
        *("CPU s", "RTFx of CPU", "server got it all"),
    )
    with EmbeddedTriton(options=EmbeddedOptions(models=("asr_slow",), slow=FAST)) as triton:
        print_table(
            "One recording, `asr_slow` with 2 ms an execution",
            head,
            _memory_rows(folder, hours, triton.http_url, runs),
        )
    print()
    for name, by_hours in runs.items():
        if len(by_hours) > 2:
            typical = [run.typical_mib for run in by_hours.values()]
            print(f"{name}, half of the time, by length: {slope(list(by_hours), typical)}")
            peaks = [run.report["peak_mib"] for run in by_hours.values()]
            print(f"{name}, peak, by length: {slope(list(by_hours), peaks)}")
        longest = max(by_hours)
        print(f"{name}, within {longest:g} h: {slope(*in_blocks(by_hours[longest]))}")
    report = runs[ADAPTIVE][max(hours)].report
    print(
        f"JSON of {max(hours):g} h: {report['json_bytes'] / MEBIBYTE:.2f} MiB, "
        f"{report['json_s'] * 1e3:.0f} ms; {report['attempts']} attempts"
    )


ADAPTIVE, GIVEN_BACK = "adaptive", "8 at a time, freed memory given back"
# glibc keeps freed memory for each thread, more or less of it as threads take turns; what is live
# shows where it is given back at once.
_GIVING_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "1"}
_MEMORY_WAYS: dict[str, dict[str, Any]] = {
    ADAPTIVE: {},
    GIVEN_BACK: {"jobs": 8, "environment": _GIVING_BACK},
}


def _memory_rows(
    folder: Path, hours: Sequence[float], url: str, runs: dict[str, dict[float, Run]]
) -> Iterator[Row]:
    warm, recording = folder / "warm.wav", folder / "recording.wav"
    write_speech(warm, WARM_HOURS)
    for length in hours:
        samples = write_speech(recording, length)
        for name, by_hours in runs.items():
            run = run_client(recording, url=url, warm=str(warm), **_MEMORY_WAYS[name])
            by_hours[length] = run
            yield _memory_row(f"{length:g} h, WAV 16 kHz", name, run, samples)
        recording.unlink()
    studio = folder / "recording.flac"
    length = sorted(hours)[len(hours) // 2]
    samples = write_speech(studio, length, is_studio=True)
    for name, plan in _MEMORY_WAYS.items():
        run = run_client(studio, url=url, warm=str(warm), **plan)
        yield _memory_row(f"{length:g} h, FLAC 48 kHz stereo", name, run, samples)
    studio.unlink()


def _memory_row(name: str, requests: str, run: Run, samples: int) -> Row:
    report, audio_s = run.report, run.report["samples"] / RATE_HZ
    return (
        *(name, requests, str(report["chunks"])),
        *(f"{report['base_mib']:.0f}", f"{run.typical_mib:.0f}", f"{report['peak_mib']:.0f}"),
        *(f"{run.wall_s:.1f}", f"{audio_s / run.wall_s:.0f}"),
        *(f"{report['cpu_s']:.1f}", f"{audio_s / report['cpu_s']:.0f}"),
        covered(report, samples),
    )


def covered(report: dict[str, Any], samples: int) -> str:
    """Say whether every sample of the file was sent once, and the server got it."""
    right = report["samples"] == report["sent_once"] == samples and not report["unsent"]
    if right and report["confirmed"] == report["chunks"] and not report["overlaps"]:
        return f"yes, {samples} samples"
    return f"NO: {report} of {samples} samples"


def slope(at: Sequence[float], values: Sequence[float]) -> str:
    """Least squares, with the 95 % interval of Student's t."""
    line = stats.linregress(at, values)
    half = line.stderr * stats.t.ppf(0.975, len(at) - 2)
    low, high = line.slope - half, line.slope + half
    return f"{line.slope:+.2f} MiB an hour (95 %: {low:+.2f} to {high:+.2f})"


def in_blocks(run: Run) -> tuple[list[float], list[float]]:
    """
    Average the memory over twentieths of the run, since neighbours in time are no two witnesses.

    The first fifth is left out: there the number of requests grows. Audio is taken to go by evenly.
    """
    began_s, hours = run.report["began_s"], run.report["samples"] / RATE_HZ / 3600
    blocks: list[list[float]] = [[] for _ in range(20)]
    for at_s, mib in run.memory:
        share = (at_s - began_s) / run.wall_s
        if 0 <= share < 1:
            blocks[int(20 * share)].append(mib)
    kept = [(index, block) for index, block in enumerate(blocks) if index > 3 and block]
    at = [(index + 0.5) / 20 * hours for index, _ in kept]
    return at, [float(np.mean(block)) for _, block in kept]


# --- ways -----------------------------------------------------------------------------------------


def ways(folder: Path, hours: Sequence[float]) -> None:
    """Memory where something else than a file and a quick server is met."""
    lengths = [length for length in (0.5, 2.0) if length <= max(hours)]
    warm = folder / "warm.wav"
    write_speech(warm, WARM_HOURS)
    head = ("how", *(f"added MiB, {length:g} h" for length in lengths), "server got it all")
    print_table("Other ways", head, _way_rows(folder, lengths, warm))


def _way_rows(folder: Path, lengths: Sequence[float], warm: Path) -> Iterator[Row]:
    recordings = {folder / f"{length:g}.wav": length for length in lengths}
    samples = {path: write_speech(path, length) for path, length in recordings.items()}
    for law, named in ((FAST, _QUICK_WAYS), (SLOW, _SLOW_WAYS)):
        with EmbeddedTriton(options=EmbeddedOptions(models=("asr_slow",), slow=law)) as triton:
            for name, plan in named.items():
                runs = {
                    path: run_client(path, url=triton.http_url, warm=str(warm), **plan)
                    for path in samples
                }
                added = [f"{run.added_mib:.0f}" for run in runs.values()]
                right = [covered(run.report, samples[path]) for path, run in runs.items()]
                yield name, *added, "yes" if all(map(_is_right, right)) else str(right)


def _is_right(told: str) -> bool:
    return told.startswith("yes")


_QUICK_WAYS: dict[str, dict[str, Any]] = {
    "a path": {},
    "bytes, which the caller holds": {"way": "bytes"},
    "a pipe on standard input": {"way": "pipe"},
    "AsyncASRClient": {"way": "asyncio"},
}
_SLOW_WAYS: dict[str, dict[str, Any]] = {
    "a server of 20 requests a second": {},
    "the same, jobs=64": {"jobs": 64},
    "the same, jobs=64, freed memory given back": {"jobs": 64, "environment": _GIVING_BACK},
}


# --- text -----------------------------------------------------------------------------------------

SENTENCES, UNBROKEN, DENSE = "sentences", "words 0.1 s apart", "words 0.04 s apart"
# Shorter than what a detector that goes by loudness can see: to it, this is steady noise.
_DENSE_GAP_S = 0.04
_MINUTES = {SENTENCES: 7, UNBROKEN: 3}
_DENSE_MINUTES, _DENSE_HOURS = {DENSE: 10}, 1.0


@dataclasses.dataclass
class Spoken:
    """What was said: words, where each begins, and in what kind of stretch."""

    numbers: list[int] = dataclasses.field(default_factory=list)
    at: list[int] = dataclasses.field(default_factory=list)
    kinds: list[str] = dataclasses.field(default_factory=list)
    samples: int = 0


def write_words(path: Path, hours: float, stretches: dict[str, int]) -> Spoken:
    """Write synthetic speech: so many minutes of each kind of stretch, over and over."""
    draw, spoken = np.random.default_rng(7), Spoken()
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        while spoken.samples < hours * 3600 * RATE_HZ:
            for kind, minutes in stretches.items():
                numbers = draw.integers(0, 1000, round(minutes * 60 / (WORD_S + GAP_S)))
                _write_stretch(file, spoken, kind, numbers.tolist())
    return spoken


def _write_stretch(
    file: soundfile.SoundFile, spoken: Spoken, kind: str, numbers: Sequence[int]
) -> None:
    step = round((WORD_S + GAP_S) * RATE_HZ)
    for start in range(0, len(numbers), 12):
        sentence = numbers[start : start + 12]
        speech = speak(sentence, pause_after=12 if kind == SENTENCES else 0)
        places = [step * place for place in range(len(sentence))]
        if kind == DENSE:
            dense = round((WORD_S + _DENSE_GAP_S) * RATE_HZ)
            speech = np.concatenate([speech[place : place + dense] for place in places])
            places = [dense * place for place in range(len(sentence))]
        file.write(speech)
        spoken.numbers += sentence
        spoken.at += [spoken.samples + place for place in places]
        spoken.kinds += [kind] * len(sentence)
        spoken.samples += len(speech)


class Counting:
    """Recognises synthetic speech, and counts what it was sent."""

    def __init__(self) -> None:
        self.samples = 0
        self._lock = threading.Lock()

    def __call__(self, request: UpstreamRequest) -> UpstreamReply:
        audio = json.loads(request.body)["audio"]
        padding = audio[-2:].count("=")
        with self._lock:
            self.samples += (len(audio) // 4 * 3 - padding - 44) // 2  # a WAV's header is 44 bytes
        reply: UpstreamReply = answer(request)
        return reply


def text(folder: Path, hours: Sequence[float]) -> None:
    """Words that are known, and what came back."""
    _text(folder, write_words(folder / "words.wav", max(hours), _MINUTES))
    _text(folder, write_words(folder / "words.wav", min(max(hours), _DENSE_HOURS), _DENSE_MINUTES))


def _text(folder: Path, spoken: Spoken) -> None:
    recording, warm, out = folder / "words.wav", folder / "few.wav", folder / "words.json"
    soundfile.write(warm, speak(range(400), pause_after=12), RATE_HZ, "PCM_16")
    served = Counting()
    with Gateway(served) as gateway:
        url = f"{gateway.url}/api/v1/asr/infer"
        plan: dict[str, Any] = {"url": url, "language": "hi", "warm": str(warm)}
        warming = run_client(warm, **plan).report["sent"] * 2  # a client warms up with it twice
        served.samples = 0
        run = run_client(recording, out=str(out), **plan)
    written, report = json.loads(out.read_text()), run.report
    recording.unlink()
    print_table(
        f"{spoken.samples / RATE_HZ / 3600:.2f} h of {len(spoken.numbers)} known words",
        ("stretches", "words", "seams in pauses", "overlaps", "words lost", "words too many"),
        _text_rows(spoken, written),
    )
    is_equal = written["text"] == words_for(spoken.numbers)
    print(f"\nequal to what was said: {'yes' if is_equal else 'no'}; {run.wall_s:.1f} s")
    print(
        f"samples: {spoken.samples} in the file, {report['sent_once']} sent, "
        f"{report['sent'] - report['sent_once']} of them twice; "
        f"the server got {served.samples - warming}, expected {report['sent']}"
    )


def _text_rows(spoken: Spoken, written: dict[str, Any]) -> Iterator[Row]:
    words, kinds = words_for(spoken.numbers).split(), Counter(spoken.kinds)
    seams: Counter[tuple[str, str]] = Counter()
    for chunk in written["coverage"]["chunks"][:-1]:
        place = int(np.searchsorted(spoken.at, chunk["end_sample"], "right")) - 1
        seams[spoken.kinds[place], chunk["seam"]] += 1
    lost, extra = Counter[str](), Counter[str]()
    for place, missing, surplus in differences(words, written["text"].split()):
        kind = spoken.kinds[min(place, len(words) - 1)]
        lost[kind] += missing
        extra[kind] += surplus
    for kind, count in kinds.items():
        counts = (count, seams[kind, "pause"], seams[kind, "overlap"], lost[kind], extra[kind])
        yield kind, *map(str, counts)


def differences(said: Sequence[str], heard: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Tell where texts differ, how many words are lost there, and how many are too many."""
    i = j = 0
    while i < len(said) or j < len(heard):
        if said[i : i + 1] == heard[j : j + 1]:
            i, j = i + 1, j + 1
            continue
        # In step again where four words are equal: the nearest such place.
        steps = ((a, total - a) for total in range(1, 80) for a in range(total + 1))
        missing, surplus = next(
            (step for step in steps if _in_step(said[i + step[0] :][:4], heard[j + step[1] :][:4])),
            (len(said) - i, len(heard) - j),
        )
        yield i, missing, surplus
        i, j = i + missing, j + surplus


def _in_step(one: Sequence[str], other: Sequence[str]) -> bool:
    return bool(one) and one == other


# --- recogniser -----------------------------------------------------------------------------------


def recogniser(folder: Path, hours: Sequence[float]) -> None:  # noqa: ARG001 - as the others
    """A real recogniser: one text of many recordings, beside the recordings one by one."""
    lines = (SPEECH / "manifest.tsv").read_text().splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    texts = {SPEECH / path: said for path, language, _, said in rows if language == "en"}
    head = ("English recordings", "s", "chunks", "overlaps", "gaps", "WER")
    with EmbeddedTriton(options=EmbeddedOptions(models=("asr_am_ensemble",))) as triton:
        print_table(
            "A real recogniser (pocketsphinx)", head, _real_rows(folder, texts, triton.http_url)
        )


# How often each recording comes.
_TURNS = 6
# As many at a time as there are cores that recognise.
_JOBS = 2


def _real_rows(folder: Path, texts: dict[Path, str], url: str) -> Iterator[Row]:
    each, draw = list(texts), np.random.default_rng(7)
    order = [each[place] for _ in range(_TURNS) for place in draw.permutation(len(each))]
    with ASRClient(url, language="en") as client:
        items = client.transcribe_many(list(texts), ordered=True, jobs=_JOBS)
        heard = {path: item.get().text for path, item in zip(texts, items, strict=True)}
        said, told = ([known[path] for path in order] for known in (texts, heard))
        yield "one by one", "", "", "", "", _wer(said, told)
        grouped = [
            _written(folder / f"{place}.wav", group) for place, group in enumerate(_groups(order))
        ]
        items = client.transcribe_many(grouped, ordered=True, jobs=_JOBS)
        told = [item.get().text for item in items]
        yield "in files of 20 to 30 s", "", "", "", "", _wer([" ".join(said)], [" ".join(told)])
    for name, chunking in (
        ("in one file", Chunking()),
        ("in one file, `Chunking.dhruva()`", Chunking.dhruva()),
    ):
        with ASRClient(url, language="en", chunking=chunking) as client:
            transcript = client.transcribe(_written(folder / "joined.wav", order))
        seams = Counter(chunk.seam for chunk in coverage_of(transcript).chunks)
        yield (
            *(name, f"{transcript.duration_s:.0f}", str(len(transcript.segments))),
            *(str(seams["overlap"]), str(len(coverage_of(transcript).gaps))),
            _wer([" ".join(said)], [transcript.text]),
        )


def _groups(order: Sequence[Path]) -> Iterator[list[Path]]:
    """Put recordings together as long as a file of them goes in one request."""
    group: list[Path] = []
    length_s = 0.0
    for path in order:
        each_s = soundfile.info(path).duration + PAUSES_S[1]
        if length_s + each_s > Chunking().whole_s:
            yield group
            group, length_s = [], 0.0
        group.append(path)
        length_s += each_s
    yield group


def _written(path: Path, order: Sequence[Path]) -> Path:
    draw = np.random.default_rng(7)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        for each in order:
            file.write(soundfile.read(each, dtype="int16")[0])
            file.write(np.zeros(round(draw.uniform(*PAUSES_S) * RATE_HZ), np.int16))
    return path


def _wer(said: Sequence[str], heard: Sequence[str]) -> str:
    edits = error_rates(said, heard, language="en").words
    return f"{edits.rate:.3f} ({edits.errors} of {edits.reference_length})"


SECTIONS = {"memory": memory, "ways": ways, "text": text, "recogniser": recogniser}

if __name__ == "__main__":
    main()
