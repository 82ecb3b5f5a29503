"""
Who takes part in generator.py, and the one request in the forms that each of them takes.

wrk and perf_analyzer take part where they are found: on the path, or as $PERF_ANALYZER says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import soundfile
from transports import LANGUAGE, MODEL, RATE_HZ, Audio, encode, recognizer_for

__all__ = ["CLOSED", "OPEN", "TOGETHER", "Bench", "Contender", "ours", "prepare"]

PROJECT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "generator_peers"
TOGETHER = 8
AUDIO_S = 1.0
LOCUST = (sys.executable, "-m", "locust", "--headless", "--skip-log-setup", "-f")


@dataclass(frozen=True)
class Bench:
    """
    The server, the request in the forms that contenders take, and the plan.

    Attributes:
        url: Where the server's HTTP listens.
        folder: Has payload.json and payload.bin, wrk.lua, perf.json, and noise.wav.
        rate: Arrivals a second of the open loops.
    """

    url: str
    folder: Path
    rate: int

    @property
    def address(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    def answered(self) -> int:
        """Count the requests that the server has answered."""
        with urlopen(f"{self.url}/v2/models/{MODEL}/stats", timeout=30) as reply:  # noqa: S310
            statistics_ = json.load(reply)["model_stats"][0]["inference_stats"]
        return int(statistics_["success"]["count"])

    def run(self, command: Sequence[str]) -> float:
        """Run a contender to its end; gives the seconds of CPU that it and its children took."""
        log = self.folder / "log.txt"
        environ = {**os.environ, "GENERATOR_BENCH": str(self.folder)}
        with log.open("w") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, cwd=PROJECT, env=environ)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1, 3):  # a verdict of ours is none on the benchmark
            raise SystemExit(f"{' '.join(command)}\n{log.read_text()[-2000:]}")
        return usage.ru_utime + usage.ru_stime


def prepare(folder: Path) -> None:
    """Encode one recording for everybody, ahead of time."""
    audio = Audio.of(AUDIO_S)
    request = encode(recognizer_for("http"), audio).request
    headers = {**dict(request.headers), "Content-Length": str(request.size_bytes)}
    (folder / "payload.bin").write_bytes(b"".join(request.body))
    payload = {"path": request.path, "headers": headers}
    (folder / "payload.json").write_text(json.dumps(payload))
    soundfile.write(folder / "noise.wav", audio.array[0], RATE_HZ, subtype="FLOAT")
    tensors = {
        "AUDIO_SIGNAL": audio.array[0].tolist(),
        "NUM_SAMPLES": [audio.array.size],
        "LANG_ID": [LANGUAGE],
    }
    data = {name: {"content": each, "shape": [len(each)]} for name, each in tensors.items()}
    (folder / "perf.json").write_text(json.dumps({"data": [data]}))
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in request.headers]
    (folder / "wrk.lua").write_text(
        "\n".join(
            [
                'wrk.method = "POST"',
                f'wrk.path = "{request.path}"',
                *lines,
                f'wrk.body = io.open("{folder / "payload.bin"}", "rb"):read("*a")',
            ]
        )
    )


# --- their commands -----------------------------------------------------------------------------


def ours(bench: Bench, seconds: int, *options: str) -> list[str]:
    """Run a load test as users do: records, folder, reports, Locust's own statistics."""
    said = {
        "--host": bench.url,
        "-t": f"{seconds}s",
        "--asr-corpus": str(bench.folder),
        "--asr-language": LANGUAGE,
        "--asr-model": MODEL,
        "--asr-out": str(bench.folder / "runs"),
    }
    return [*LOCUST, "loadtest", *(word for pair in said.items() for word in pair), *options]


def our_open_loop(bench: Bench, seconds: int) -> list[str]:
    """Offer a rate."""
    return ours(bench, seconds, "--asr-rate", str(bench.rate))


def our_closed_loop(bench: Bench, seconds: int) -> list[str]:
    """Let users take turns."""
    users = str(TOGETHER)
    return ours(bench, seconds, "--asr-loop", "closed", "-u", users, "-r", users)


def peer(name: str) -> Callable[[Bench, int], list[str]]:
    """Let Locust's users do what a file of generator_peers says."""

    def command(bench: Bench, seconds: int) -> list[str]:
        users = str(TOGETHER)
        file = str(PEERS / f"{name}.py")
        return [*LOCUST, file, "--host", bench.url, "-t", f"{seconds}s", "-u", users, "-r", users]

    return command


def wrk(bench: Bench, seconds: int) -> list[str]:
    """Repeat one request, in C."""
    script = str(bench.folder / "wrk.lua")
    return ["wrk", "-t1", f"-c{TOGETHER}", f"-d{seconds}s", "-s", script, bench.url]


def perf_analyzer(bench: Bench, seconds: int, *how: str, rate: int) -> list[str]:
    """Ask as perf_analyzer does, so many times."""
    given = ["-m", MODEL, "-u", bench.address, "-i", "http", "--async", "-b", "1"]
    data = ["--input-data", str(bench.folder / "perf.json")]
    count = ["--request-count", str(rate * seconds)]
    return [str(find_perf_analyzer()), *given, *data, *how, *count]


def perf_analyzer_closed(bench: Bench, seconds: int) -> list[str]:
    """Keep so many requests on their way."""
    return perf_analyzer(bench, seconds, "--concurrency-range", str(TOGETHER), rate=1500)


def perf_analyzer_open(bench: Bench, seconds: int) -> list[str]:
    """Offer a rate."""
    how = ["--request-rate-range", str(bench.rate), "--request-distribution", "poisson"]
    return perf_analyzer(bench, seconds, *how, rate=bench.rate)


def find_perf_analyzer() -> str | None:
    """Give its path, if it is anywhere."""
    return shutil.which(os.environ.get("PERF_ANALYZER", "perf_analyzer"))


@dataclass(frozen=True)
class Contender:
    """
    One row.

    Attributes:
        label: What it is.
        command: Makes its command, told how many seconds it is to go on.
        is_here: Whether it can take part.
    """

    label: str
    command: Callable[[Bench, int], list[str]]
    is_here: Callable[[], object] = lambda: True


CLOSED = (
    Contender("perf_analyzer", perf_analyzer_closed, find_perf_analyzer),
    Contender("Locust FastHttpUser, ready body", peer("fast_http")),
    Contender("Locust, tritonclient.http, ready inputs", peer("triton_http")),
    Contender("wrk", wrk, lambda: shutil.which("wrk")),
    Contender("ours: the wire alone, in Locust's users", peer("our_wire")),
    Contender("ours: all of it, closed loop", our_closed_loop),
)
OPEN = (
    Contender("perf_analyzer", perf_analyzer_open, find_perf_analyzer),
    Contender("ours: all of it, open loop", our_open_loop),
)
