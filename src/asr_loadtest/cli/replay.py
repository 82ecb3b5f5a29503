"""asr-loadtest replay: a recorded cluster's API on this machine, for a watcher to be tried on."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from asr_client.cli.console import Console, ExitCode

if TYPE_CHECKING:
    from asr_loadtest.replay import Recording, ReplayServer

__all__ = ["add_replay_arguments", "replay"]

_SPEED = 20.0
# With --once: so long watchers may read the last state, in real seconds.
_AFTERWARDS_S = 5.0
_LOOK_S = 0.2

_EPILOG = """\
faults, at a second of the recording, for some of its seconds (10, where nothing is said):
  restart@120       connections break, 7 s refused, 1 s of 403, then 410 to all that is old
  expire@120        open watches end with 410
  forbid@120+10     403 to everything
  revoke@120        401 to every new request
  refuse@120+10     no new connections, open watches go on
  hang-up@120+10    connections are closed without an answer
  drop@120          open watches break in the middle of a line
  reset@120         open watches are reset
  close@120         open watches end before their time
  silence@120+10    open watches say nothing
  throttle@120+10   429 to everything
  metrics-down@120+10, metrics-gone@120+10
                    the metrics API answers 503, or 404

A stand-in: read-only, on 127.0.0.1, for the one namespace of the recording. Its time begins with
the first watch; a watch's timeout is in real seconds. After the end the last state stays.

exit codes:
  0  ended: by Ctrl-C, or with --once by the recording's end
  2  the command line cannot work, or the file is no recording
"""


def add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "recording", type=Path, metavar="RECORDING", help="recorded answers, or an HPA's syncs"
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=_SPEED,
        metavar="N",
        help=f"recorded seconds per real one (default: {_SPEED:g})",
    )
    parser.add_argument(
        "--port", type=int, default=0, metavar="PORT", help="on 127.0.0.1 (default: a free one)"
    )
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="write it there (default: a file that goes with the command)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND@S[+S]",
        help="let something go wrong; may be given more than once",
    )
    parser.add_argument(
        "--shift-times",
        action="store_true",
        help="move times inside objects into the present, at the replay's pace",
    )
    parser.add_argument(
        "--once", action="store_true", help=f"stop {_AFTERWARDS_S:g} s after the recording's end"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")


def replay(arguments: argparse.Namespace) -> int:
    """Play a recording until told to stop."""
    from asr_loadtest.replay import ReplayServer, parse_fault, read_recording

    console = Console("asr-loadtest replay", quiet=arguments.quiet)
    faults = [parse_fault(text) for text in arguments.fault]
    recording = read_recording(arguments.recording)
    # Ctrl-C and a polite kill are how this command ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        _kubeconfig(arguments.kubeconfig) as path,
        ReplayServer(
            recording,
            speed=arguments.speed,
            port=arguments.port,
            faults=faults,
            from_s=recording.hpa_from_s,
            shift_times=arguments.shift_times,
        ) as server,
    ):
        server.write_kubeconfig(path)
        try:
            console.note(_introduction(recording, server.url, path, arguments.speed))
            _wait(server, recording.duration_s, once=arguments.once)
        except KeyboardInterrupt:
            console.note("")
        console.note(f"{len(server.requests)} requests answered")
    return ExitCode.OK


@contextmanager
def _kubeconfig(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given.resolve()
        return
    with TemporaryDirectory(prefix="asr-loadtest-replay-") as folder:
        yield Path(folder) / "kubeconfig"


def _introduction(recording: Recording, url: str, path: Path, speed: float) -> str:
    seconds = recording.duration_s
    about = f"{recording.name}: {recording.about}" if recording.about else recording.name
    lines = [
        about,
        f"{seconds:.0f} s, here {seconds / speed:.0f} s from the first watch on",
        f"{url} stands in for a cluster's API, namespace {recording.namespace}",
        f"kubeconfig: {path}",
        "",
        "try:",
        f"  kubectl --kubeconfig {path} get hpa,deployments,pods",
    ]
    if name := recording.hpa:
        lines += [
            f"  locust -f loadtest --headless --host URL -t {seconds / speed:.0f}s \\",
            f"    --asr-kubeconfig {path} --asr-hpa {name} --asr-kube-speed {speed:g}",
        ]
    return "\n".join(lines)


def _wait(server: ReplayServer, duration_s: float, *, once: bool) -> None:
    """Wait for Ctrl-C; with *once* no longer than the recording's end and a little more."""
    while not once or server.clock.at_s() < duration_s:
        time.sleep(_LOOK_S)
    time.sleep(_AFTERWARDS_S)
