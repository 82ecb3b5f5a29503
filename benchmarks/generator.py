"""
What the load generator costs beside others, what rate it holds, and whether its memory is flat.

One server, the embedded Triton with a model that takes no time, on the same cores; one second of
audio in each request, 64 KB. A contender's CPU for a request is the difference between a long run
and a short one, so that starting does not count; the server says how many requests there were.

    python benchmarks/generator.py
    python benchmarks/generator.py --soak 1000000

wrk and perf_analyzer take part where they are found: on the path, or as $PERF_ANALYZER says.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
import soundfile
from transports import LANGUAGE, MODEL, RATE_HZ, Audio, encode, recognizer_for

from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel
from asr_loadtest.cluster.trend import robust_trend
from asr_loadtest.load.tally import Tally, tally_of
from asr_loadtest.report.run_folder import RunReader

PROJECT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "generator_peers"
TOGETHER = 8
AUDIO_S = 1.0
LAG_P99_S = 0.005
WARM_UP_S = 3
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


def prepare(folder: Path, url: str) -> None:
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
    np.testing.assert_equal(urlsplit(url).scheme, "http")


# --- who takes part -----------------------------------------------------------------------------


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

# --- what a request costs -----------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """CPU of one request in microseconds, and requests a second."""

    cpu_us: float
    rps: float


def cost_of(contender: Contender, bench: Bench, plan: argparse.Namespace) -> Cost:
    """Take the difference between a long run and a short one."""
    spent = []
    for seconds in (plan.short_s, plan.long_s):
        before = bench.answered()
        cpu_s = bench.run(contender.command(bench, seconds))
        spent.append((cpu_s, bench.answered() - before))
    (short_cpu_s, short_count), (long_cpu_s, long_count) = spent
    requests = long_count - short_count
    return Cost(
        (long_cpu_s - short_cpu_s) / requests * 1e6, requests / (plan.long_s - plan.short_s)
    )


def compare(group: Sequence[Contender], bench: Bench, plan: argparse.Namespace) -> None:
    """Let contenders take turns, round by round, and print their table."""
    here = [each for each in group if each.is_here()]
    costs: dict[str, list[Cost]] = {each.label: [] for each in here}
    for _ in range(plan.rounds):
        for each in here:
            costs[each.label].append(cost_of(each, bench, plan))
    medians = {
        label: statistics.median(cost.cpu_us for cost in of_one) for label, of_one in costs.items()
    }
    peers = [label for label in medians if label.startswith(("perf_analyzer", "Locust Fast"))]
    heads = ["CPU µs a request", *(f"/ {label.partition(',')[0]}" for label in peers), "rounds"]
    print(f"| contender | {' | '.join(heads)} | req/s |\n|{'---|' * (len(heads) + 2)}")
    for label, of_one in costs.items():
        ratios = [f"{medians[label] / medians[peer]:.2f}" for peer in peers]
        rounds = ", ".join(f"{cost.cpu_us:.0f}" for cost in of_one)
        rps = statistics.median(cost.rps for cost in of_one)
        cells = [label, f"{medians[label]:.0f}", *ratios, rounds, f"{rps:.0f}"]
        print(f"| {' | '.join(cells)} |", flush=True)
    for missing in set(group) - set(here):
        print(f"(not here: {missing.label})")


# --- what it holds ------------------------------------------------------------------------------


def measured(bench: Bench, seconds: int, rate: int, *options: str) -> RunReader:
    """Run one load test, and give its folder."""
    before = set(bench.folder.glob("runs/*"))
    bench.run(ours(bench, seconds, "--asr-rate", str(rate), *options))
    (folder,) = set(bench.folder.glob("runs/*")) - before
    return RunReader(folder)


def hold_rates(bench: Bench, plan: argparse.Namespace) -> None:
    """Offer one rate after the other from one process, and print how late it was."""
    print(
        "| offered req/s | sent | lag ms p50 | p99 | p99.9 | response ms p50 | p99 | its CPU |"
        "\n|---|---|---|---|---|---|---|---|"
    )
    held = 0
    for rate in plan.rates:
        reader = measured(bench, plan.rate_s, rate)
        tally = tally_of(reader.samples(), warm_up_s=WARM_UP_S)
        readings = list(reader.generator())[WARM_UP_S:-1]
        cpu_share = statistics.fmean(reading.cpu_share for reading in readings)
        print(f"| {rate} | {' | '.join(cells_of(tally))} | {cpu_share:.0%} |", flush=True)
        if (tally.lag.quantile(0.99) or 0.0) < LAG_P99_S and tally.all.sent == tally.all.count:
            held = max(held, rate)
    print(f"\nheld with lag p99 < {LAG_P99_S * 1000:g} ms: {held} req/s")


def cells_of(tally: Tally) -> Iterator[str]:
    """Give what was sent, of what was meant, and how late; then how long it took."""
    yield f"{tally.all.sent / tally.all.count:.1%}"
    for histogram, shares in ((tally.lag, (0.5, 0.99, 0.999)), (tally.all.response, (0.5, 0.99))):
        for share in shares:
            yield f"{1000 * (histogram.quantile(share) or 0.0):.1f}"


# --- whether its memory is flat -----------------------------------------------------------------


def soak(bench: Bench, plan: argparse.Namespace) -> None:
    """Send so many requests in one run, and fit a line through the memory of its process."""
    seconds = round(plan.soak / plan.soak_rate)
    reader = measured(bench, seconds, plan.soak_rate)
    outcomes = tally_of(reader.samples()).all.outcomes
    readings = [(each.at_s, each.memory_bytes / 1024) for each in reader.generator()]
    settled = [point for point in readings if point[0] > seconds / 10]
    trend = robust_trend(settled)
    if trend is None:
        raise SystemExit("too short to tell")
    per_1000 = 1000 / plan.soak_rate
    slopes = (trend.slope_per_s, trend.low_per_s, trend.high_per_s)
    slope, low, high = (1024 * per_1000 * each for each in slopes)
    print(f"{sum(outcomes.values())} requests at {plan.soak_rate} req/s: {dict(outcomes)}")
    print(f"resident memory after the first tenth: {trend.mean / 1024:.1f} MiB")
    print(f"slope {slope:.0f} bytes a 1000 requests (95 %: {low:.0f} to {high:.0f})")


# --- the run ------------------------------------------------------------------------------------


def main() -> None:
    """Run the benchmark."""
    plan = parsed()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    options = EmbeddedOptions(models=(MODEL,), slow=SlowModel(a_ms=0, b_ms=0))
    with EmbeddedTriton(options=options) as server, tempfile.TemporaryDirectory() as folder:
        bench = Bench(server.http_url, Path(folder), plan.rate)
        prepare(bench.folder, bench.url)
        cores = len(os.sched_getaffinity(0))
        print(f"Python {platform.python_version()}, {platform.machine()}, {cores} cores")
        print(", ".join(f"{name} {version(name)}" for name in ("locust", "gevent", "tritonclient")))
        if "cost" in plan.only:
            head(f"CPU of a request, {TOGETHER} on their way")
            compare(CLOSED, bench, plan)
            head(f"CPU of a request, {plan.rate} Poisson arrivals a second")
            compare(OPEN, bench, plan)
        if "rates" in plan.only:
            head("The open loop of one process")
            hold_rates(bench, plan)
        if plan.soak:
            head("Memory")
            soak(bench, plan)


def head(title: str) -> None:
    """Begin a table, and tell how busy the machine is with other things."""
    print(f"\n{title} (load average {os.getloadavg()[0]:.1f})\n", flush=True)


def parsed() -> argparse.Namespace:
    """Read the command line."""
    about = (__doc__ or "").strip().splitlines()[0]
    parser = argparse.ArgumentParser(description=about)
    add = parser.add_argument
    add("--only", nargs="+", choices=("cost", "rates"), default=["cost", "rates"])
    add("--rounds", type=int, default=5, help="turns of each contender (%(default)s)")
    add("--short-s", type=int, default=3, help="seconds of the short runs (%(default)s)")
    add("--long-s", type=int, default=9, help="seconds of the long runs (%(default)s)")
    add("--rate", type=int, default=800, help="arrivals a second of open loops (%(default)s)")
    add("--rates", type=int, nargs="+", default=[300, 600, 900, 1200, 1500], help="to be held")
    add("--rate-s", type=int, default=20, help="seconds of each of these (%(default)s)")
    add("--soak", type=int, default=0, metavar="N", help="requests of a long run; 0: none")
    add("--soak-rate", type=int, default=1000, help="arrivals a second of that (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
