"""
What the load generator costs beside others, what rate it holds, and whether its memory is flat.

One server, the embedded Triton with a model that takes no time, on the same cores; one second of
audio in each request, 64 KB. A contender's CPU for a request is the slope of a line through short
and long runs, so that starting does not count; the server says how many requests there were.

    python benchmarks/generator.py
    python benchmarks/generator.py --soak 1000000

Who takes part: generator_contenders.py.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from generator_contenders import CLOSED, OPEN, TOGETHER, Bench, Contender, ours, prepare
from transports import MODEL

from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel
from asr_loadtest.cluster.trend import robust_trend
from asr_loadtest.load.tally import Tally, tally_of
from asr_loadtest.report.run_folder import RunReader

LAG_P99_S = 0.005
WARM_UP_S = 3
# When a run of a million requests has all the windows that its timeline will have.
SETTLED = 0.6

# --- what a request costs -----------------------------------------------------------------------

Runs = list[tuple[float, float]]
"""For each run the requests that were answered, and the seconds of CPU."""


def take_turns(
    contenders: Sequence[Contender], bench: Bench, plan: argparse.Namespace
) -> dict[str, Runs]:
    """Run everybody, short and long, round by round."""
    runs: dict[str, Runs] = {each.label: [] for each in contenders}
    for _ in range(plan.rounds):
        for each in contenders:
            for seconds in (plan.short_s, plan.long_s):
                before = bench.answered()
                cpu_s = bench.run(each.command(bench, seconds))
                runs[each.label].append((bench.answered() - before, cpu_s))
    return runs


def compare(group: Sequence[Contender], bench: Bench, plan: argparse.Namespace) -> None:
    """Let contenders take turns, and print their table."""
    here = [each for each in group if each.is_here()]
    lines = {label: robust_trend(runs) for label, runs in take_turns(here, bench, plan).items()}
    costs_us = {label: line.slope_per_s * 1e6 for label, line in lines.items() if line}
    peers = [label for label in costs_us if label.startswith(("perf_analyzer", "Locust Fast"))]
    heads = ["CPU µs a request", "95 %", *(f"/ {label.partition(',')[0]}" for label in peers)]
    print(f"| contender | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 1)}")
    for label, line in lines.items():
        if line is None:
            raise SystemExit("too few runs for a line: more --rounds")
        ratios = [f"{costs_us[label] / costs_us[peer]:.2f}" for peer in peers]
        spread = f"{line.low_per_s * 1e6:.0f} to {line.high_per_s * 1e6:.0f}"
        print(f"| {' | '.join([label, f'{costs_us[label]:.0f}', spread, *ratios])} |", flush=True)
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
    readings = [(each.at_s, float(each.memory_bytes)) for each in reader.generator()]
    print(f"{sum(outcomes.values())} requests at {plan.soak_rate} req/s: {dict(outcomes)}")
    for first_s in (seconds * 0.1, seconds * SETTLED):
        trend = robust_trend([point for point in readings if point[0] > first_s])
        if trend is None:
            raise SystemExit("too short to tell")
        slopes = (trend.slope_per_s, trend.low_per_s, trend.high_per_s)
        slope, low, high = (1000 / plan.soak_rate * each for each in slopes)
        print(
            f"from {first_s:.0f} s on: {trend.mean / 2**20:.1f} MiB resident, "
            f"slope {slope:.0f} bytes a 1000 requests (95 %: {low:.0f} to {high:.0f})"
        )


# --- the run ------------------------------------------------------------------------------------


def main() -> None:
    """Run the benchmark."""
    plan = parsed()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    slow = SlowModel(a_ms=0, b_ms=0)
    options = EmbeddedOptions(models=(MODEL,), max_queue=5000, slow=slow)
    with EmbeddedTriton(options=options) as server, tempfile.TemporaryDirectory() as folder:
        bench = Bench(server.http_url, Path(folder), plan.rate)
        prepare(bench.folder)
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
