"""
What starting costs: `import asr_client` and the commands' --help, over an empty Python.

Each case is a child process of its own; the cases take turns, so that a busy machine disturbs all
of them alike. Byte code is cached, as it is where a package is installed: the first turn fills a
cache in a temporary folder and does not count.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asr_client

SCRIPTS = ("asr-transcribe", "asr-client")


@dataclass(frozen=True)
class Case:
    """
    One row.

    Attributes:
        label: Its name in the table.
        command: What is run.
        aim_ms: What we allow ourselves over an empty Python; None where we only compare.
    """

    label: str
    command: tuple[str, ...]
    aim_ms: float | None = None


@dataclass(frozen=True)
class Cost:
    """One run of a process; CPU is user and system."""

    wall_ms: float
    cpu_ms: float


def _import(module: str, aim_ms: float | None = None) -> Case:
    return Case(f"import {module}", (sys.executable, "-c", f"import {module}"), aim_ms)


def _help(module: str) -> Case:
    command = (sys.executable, "-m", f"asr_client.cli.{module}", "--help")
    return Case(f"python -m asr_client.cli.{module} --help", command, 100.0)


PEER = _import("tritonclient.http")
BARE = Case("python -c pass", (sys.executable, "-c", "pass"))
CASES = (
    BARE,
    _import("asr_client", 30.0),
    _help("transcribe"),
    _help("admin"),
    _import("numpy"),
    _import("httpx"),
    PEER,
    _import("tritonclient.grpc"),
)


def installed_scripts() -> list[Case]:
    """Find the console scripts beside this interpreter; say which are not there."""
    found = []
    for name in SCRIPTS:
        path = Path(sys.executable).with_name(name)
        if path.exists():
            found.append(Case(f"{name} --help", (str(path), "--help"), 100.0))
        else:
            print(f"skipped: the script {name}, which is not installed beside this Python")
    return found


def environment(cache: str) -> dict[str, str]:
    """Build what the children see: the package measured here, and byte code kept in *cache*."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "ASR_"))
    }
    source = str(Path(asr_client.__file__).parent.parent)
    return {**kept, "PYTHONPATH": source, "PYTHONPYCACHEPREFIX": cache}


def run_once(case: Case, env: Mapping[str, str]) -> Cost:
    """
    Run a case to its end.

    Raises:
        subprocess.CalledProcessError: If it fails.
    """
    before, started_s = _children_cpu_s(), time.perf_counter()
    subprocess.run(case.command, env=env, check=True, stdout=subprocess.DEVNULL)
    wall_s, cpu_s = time.perf_counter() - started_s, _children_cpu_s() - before
    return Cost(1000 * wall_s, 1000 * cpu_s)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(cases: Sequence[Case], rounds: int) -> dict[Case, list[Cost]]:
    """Run the cases in turns; leave out those that cannot run here, and say so."""
    costs: dict[Case, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as cache:
        env = environment(cache)
        for case in cases:
            try:
                run_once(case, env)
                costs[case] = []
            except subprocess.CalledProcessError:
                print(f"skipped: {case.label}, which fails here")
        for _ in range(rounds):
            for case, runs in costs.items():
                runs.append(run_once(case, env))
    return costs


def print_table(costs: Mapping[Case, Sequence[Cost]]) -> None:
    """Print a row a case: what it takes over an empty Python, and beside tritonclient.http."""
    wall = {case: statistics.median(run.wall_ms for run in runs) for case, runs in costs.items()}
    cpu = {case: statistics.median(run.cpu_ms for run in runs) for case, runs in costs.items()}
    lowest = {case: min(run.wall_ms for run in runs) for case, runs in costs.items()}
    print("| start | wall ms | over python | lowest, over python | CPU over python | aim | ratio |")
    print("|---" * 7 + "|")
    peer_ms = wall.get(PEER, 0.0) - wall[BARE]
    for case in costs:
        over_ms = wall[case] - wall[BARE]
        ratio = f"{over_ms / peer_ms:.2f}" if peer_ms > 0 else "-"
        aim = f"< {case.aim_ms:g}" if case.aim_ms else ""
        over = (over_ms, lowest[case] - lowest[BARE], cpu[case] - cpu[BARE])
        cells = (f"{wall[case]:.0f}", *(f"{each:.1f}" for each in over), aim, ratio)
        print(f"| {case.label} | " + " | ".join(cells) + " |")
    print(f"\nratio: the median over python, beside that of `{PEER.label}`")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Figures are medians; a case that cannot run here is skipped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rounds", type=int, default=25, help="turns of each case (default: %(default)s)"
    )
    rounds: int = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds must be positive")
    cores = len(os.sched_getaffinity(0))
    print(f"Python {platform.python_version()}, {platform.machine()}, {cores} cores")
    print(f"medians of {rounds} interleaved runs\n")
    print_table(measure([*CASES, *installed_scripts()], rounds))


if __name__ == "__main__":
    main()
