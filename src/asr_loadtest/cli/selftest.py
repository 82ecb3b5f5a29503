"""asr-loadtest selftest: the load tester proves its own figures on this machine."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from asr_client.cli.console import Console, ExitCode
from asr_client.errors import ConfigError
from asr_loadtest.cli.choices import some_of

__all__ = ["add_selftest_arguments", "selftest"]

# What `selftest.scenarios.SCENARIOS` has; that module is too much for a --help.
_NAMES = ("stall", "limit", "overload", "replica", "key")

_EPILOG = """\
scenarios:
  stall     a server stands still for 2 s: seen by the open loop, hidden by a closed one
  limit     a gateway's rate limit is told from a slow server
  overload  a full queue is the server's
  replica   a new replica gets load, or none: that is up to the connection policy
  key       a wrong key ends the load test before it starts, and is shown nowhere

Servers, gateways and load tests are real and run on 127.0.0.1: about two minutes, --quick one.
Needs the extras loadtest and embedded, and the repository's folder loadtest.

exit codes:
  0  all hold
  1  one does not, could not run, or this machine was too busy to tell
  2  the command line cannot work, or Locust or its suite is missing
"""


def add_selftest_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--only",
        type=some_of(_NAMES, "scenarios"),
        default=_NAMES,
        metavar="NAME,NAME",
        help="these scenarios (default: all)",
    )
    parser.add_argument("--quick", action="store_true", help="shorter load tests")
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="keep output and runs there (default: nowhere)"
    )
    parser.add_argument(
        "--suite", type=Path, metavar="DIR", help="folder with locustfile.py (default: loadtest)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but the result")


def selftest(arguments: argparse.Namespace) -> int:
    """Run the scenarios, tell what was found."""
    from asr_loadtest.selftest.conduct import conduct
    from asr_loadtest.selftest.scenarios import scenarios
    from asr_loadtest.selftest.suite import find_suite
    from asr_loadtest.selftest.table import as_fields, as_table, summary

    console = Console("asr-loadtest selftest", quiet=arguments.quiet)
    suite = find_suite(arguments.suite)
    chosen = [each for each in scenarios(quick=arguments.quick) if each.name in arguments.only]
    # So that whoever ends us finds nothing of ours running on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _folder(arguments.out) as folder:
        results = list(conduct(chosen, suite, folder, console.note))
    if arguments.json:
        print(json.dumps(as_fields(results), ensure_ascii=False))
    else:
        print(f"\n{as_table(results)}\n\n{summary(results)}")
    return ExitCode.OK if all(each.word == "holds" for each in results) else ExitCode.FAILED


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is None:
        with TemporaryDirectory(prefix="asr-loadtest-selftest-") as folder:
            yield Path(folder)
        return
    if given.exists() and any(given.iterdir()):
        raise ConfigError(f"{given} is not empty", hint="choose another folder for --out")
    yield given.resolve()
