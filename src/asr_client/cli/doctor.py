"""asr-client doctor: what keeps a transcription from working, and what to do about it."""

from __future__ import annotations

import argparse
import shutil
import sys

from asr_client.cli.arguments import settings_from
from asr_client.cli.console import Console, ExitCode

__all__ = ["add_doctor_arguments", "doctor"]

_LARGEST_BODY_MIB = 12


def add_doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("server", nargs="?", metavar="URL", help="the server; the same as --url")
    parser.add_argument(
        "--audio", metavar="FILE", help="what to transcribe (default: a short recording)"
    )
    parser.add_argument("--language", metavar="CODE", help="its language")
    parser.add_argument(
        "--timeout",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="time for each step but the transcription (default: %(default)g)",
    )
    parser.add_argument(
        "--max-body",
        type=int,
        default=_LARGEST_BODY_MIB,
        metavar="MIB",
        help="largest body sent to find the size limit, 0 for none (default: %(default)s)",
    )
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="tell only what failed or is not right"
    )


def doctor(arguments: argparse.Namespace) -> int:
    """Examine, and tell."""
    from asr_client.doctor import ExamOptions, examine
    from asr_client.doctor.rendering import as_json, as_text

    console = Console("asr-client doctor", quiet=arguments.quiet or arguments.json)
    options = ExamOptions(
        timeout_s=arguments.timeout,
        audio=arguments.audio,
        max_body_bytes=arguments.max_body << 20,
        tell=lambda doing: console.progress(f"{doing} ..."),
    )
    settings = settings_from(arguments)
    settings["language"] = arguments.language
    report = examine(arguments.server or arguments.url, options, **settings)
    console.clear_progress()
    if arguments.json:
        print(as_json(report))
    else:
        is_terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if is_terminal else 0
        text = as_text(report, is_terminal=is_terminal, width=width, quiet=arguments.quiet)
        print(text, end="\n" if text else "")
    return ExitCode.OK if report.ok else ExitCode.FAILED
