"""asr-loadtest report: a run's reports, made again from its raw samples."""

from __future__ import annotations

import argparse
from pathlib import Path

from asr_client.cli.console import Console
from asr_loadtest.cli.choices import some_of

__all__ = ["add_report_arguments", "report"]

# What `report.written.FORMATS` has; that module is too much for a --help.
_FORMATS = ("html", "json", "csv", "junit", "md")

_EXIT_CODES = """\
exit codes, as of the run itself:
  0  the SLO was met
  1  it was missed
  2  the command line or a file cannot work
  3  the run is invalid: it measured the generator
  4  the gateway's limit was met before the servers'
  5  the target was not ready
"""


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.epilog = _EXIT_CODES
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run: runs/<run id>")
    parser.add_argument(
        "--slo",
        type=Path,
        metavar="FILE",
        help="judge by this SLO (default: the one that the run was given)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write (default: the run's folder)"
    )
    parser.add_argument(
        "--format",
        type=some_of(_FORMATS, "formats"),
        default=_FORMATS,
        metavar="F,F",
        help=f"which reports: {','.join(_FORMATS)} (default: all)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")


def report(arguments: argparse.Namespace) -> int:
    """Read, judge, write; end as the run did."""
    from asr_loadtest.judgement.slo_file import load_slo
    from asr_loadtest.report.assessment import assess_again
    from asr_loadtest.report.run_folder import RunReader
    from asr_loadtest.report.written import write_reports

    console = Console("asr-loadtest report", quiet=arguments.quiet)
    reader = RunReader(arguments.run)
    slo = None if arguments.slo is None else load_slo(arguments.slo)
    whole = sum(worker.samples for worker in reader.info.workers)
    of = f" of {whole}" if whole else ""
    found = assess_again(reader, slo, lambda count: console.progress(f"{count}{of} samples ..."))
    console.clear_progress()
    for note in reader.notes:
        console.warn(note)
    files = write_reports(arguments.out or arguments.run, found.document, arguments.format)
    console.note(found.verdict.headline)
    for file in files:
        print(file)
    return int(found.verdict.exit_code)
