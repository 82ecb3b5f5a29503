"""asr-loadtest: what comes after a load test; `locust -f loadtest` runs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from asr_client.cli.arguments import add_version
from asr_client.cli.console import run_command
from asr_loadtest.cli.advise import add_advise_arguments, advise
from asr_loadtest.cli.compare import add_compare_arguments, compare
from asr_loadtest.cli.options import options
from asr_loadtest.cli.replay import add_replay_arguments, replay
from asr_loadtest.cli.report import add_report_arguments, report
from asr_loadtest.cli.selftest import add_selftest_arguments, selftest

__all__ = ["main"]

_EXAMPLES = """\
examples:
  locust -f loadtest --headless --host http://localhost:8000 -t 60s
      a load test; its folder is runs/<run id>
  asr-loadtest report runs/20250131T120000-3f9c
      make its reports again from the raw samples
  asr-loadtest report runs/20250131T120000-3f9c --slo stricter.toml --out /tmp/stricter
      judge it by another SLO
  asr-loadtest compare runs/before runs/after
      two runs beside each other, and whether they may be compared
  asr-loadtest advise deploy/kubernetes/ai-model-hpa.yaml deploy/kubernetes --idle top.txt
      what an autoscaler will do wrong, told without a cluster
  asr-loadtest replay tests/data/kube-api/step-up-hard.jsonl.gz --kubeconfig /tmp/kubeconfig
      a recorded cluster's API, to try `locust -f loadtest --asr-hpa` with
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    arguments = _parser().parse_args(argv)
    work: Callable[[argparse.Namespace], int] = arguments.work
    run_command(f"asr-loadtest {arguments.command}", lambda: work(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asr-loadtest",
        description="Around load tests of speech recognition: their reports, and comparing them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_version(parser)
    _add(commands, "options", options, "tell what `locust -f loadtest` takes")
    add_report_arguments(_add(commands, "report", report, "make a run's reports again"))
    add_compare_arguments(_add(commands, "compare", compare, "put two runs beside each other"))
    add_advise_arguments(_add(commands, "advise", advise, "tell what an HPA will do wrong"))
    add_replay_arguments(_add(commands, "replay", replay, "play a recorded cluster's API here"))
    command = _add(commands, "selftest", selftest, "prove the load tester's own figures here")
    add_selftest_arguments(command)
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    work: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.set_defaults(work=work)
    return command


if __name__ == "__main__":
    main(sys.argv[1:])
