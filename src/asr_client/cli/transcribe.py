"""asr-transcribe: text from recordings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from asr_client.cli.arguments import (
    ENVIRONMENT_HELP,
    add_connection,
    add_quiet,
    add_version,
    settings_from,
)
from asr_client.cli.console import Console, ExitCode, run_command
from asr_client.cli.outputs import STDIN, Destination, plan_outputs, write_output
from asr_client.errors import ASRError, ConfigError
from asr_client.formats import FORMATS, format_transcript

if TYPE_CHECKING:
    from asr_client.client import ASRClient
    from asr_client.results import Transcript

__all__ = ["main"]

_EXAMPLES = """\
examples:
  asr-transcribe --embedded talk.flac
      no server needed: starts a real Triton on this machine (English), and stops it
  asr-transcribe --url http://localhost:8000 --language hi interview.mp3
      ask a Triton; a name or tag does as well: --language Hindi, --language hi-IN
  asr-transcribe --url https://asr.example.com --language ta --api-key-file key.txt *.wav
      through a gateway; several recordings print as "name: text"
  asr-transcribe --url grpc://localhost:8001 -l bn -f srt -o subtitles/ a.ogg b.ogg
      over gRPC, one subtitle file each
  ffmpeg -i film.mkv -f wav - | asr-transcribe --embedded -
      read from a pipe

exit codes:
  0 all recordings transcribed    1 some or all failed    2 wrong usage or settings

"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    arguments = _parser().parse_args(argv)
    run_command("asr-transcribe", lambda: _transcribe_all(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asr-transcribe",
        description="Turn recordings into text. The text goes to stdout, everything else to "
        "stderr; one bad recording does not stop the rest.",
        epilog=_EXAMPLES + ENVIRONMENT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help='recording of any usual format; "-" is stdin'
    )
    parser.add_argument(
        "-l", "--language", metavar="L", help="language: code, tag or name (hi, hi-IN, Hindi)"
    )
    parser.add_argument(
        "-f", "--format", choices=FORMATS, default="txt", help="output format (default: txt)"
    )
    parser.add_argument(
        "-o", "--output", metavar="PATH", help="file for one transcript, folder for several"
    )
    parser.add_argument(
        "--normalize-peak", action="store_true", help="scale each recording to full scale first"
    )
    parser.add_argument(
        "--embedded",
        action="store_true",
        help="start a real Triton here for this run (English; needs asr-client[embedded])",
    )
    add_version(parser)
    add_quiet(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="tell decisions and timings, on stderr"
    )
    add_connection(parser)
    return parser


def _transcribe_all(arguments: argparse.Namespace) -> int:
    console = Console("asr-transcribe", quiet=arguments.quiet, verbose=arguments.verbose)
    if arguments.files.count(STDIN) > 1:
        raise ConfigError("stdin (-) can be read only once")
    plan = plan_outputs(arguments.files, arguments.output, arguments.format)
    with ExitStack() as stack:
        client = stack.enter_context(_open_client(arguments, console, stack))
        failures = 0
        for number, destination in enumerate(plan, start=1):
            console.progress(f"[{number}/{len(plan)}] {destination.source}")
            done = _transcribe_one(client, destination, arguments, console, len(plan) > 1)
            failures += not done
        console.clear_progress()
    if failures and len(plan) > 1:
        console.note(f"asr-transcribe: {failures} of {len(plan)} recordings failed")
    return ExitCode.FAILED if failures else ExitCode.OK


def _open_client(arguments: argparse.Namespace, console: Console, stack: ExitStack) -> ASRClient:
    from asr_client.client import ASRClient

    settings = settings_from(arguments)
    settings["language"] = arguments.language
    settings["normalize_peak"] = arguments.normalize_peak
    url = arguments.url
    if arguments.embedded:
        if url:
            raise ConfigError("--url and --embedded exclude each other")
        if arguments.protocol in ("asr-infer", "ulca", "ai4i"):
            raise ConfigError(f"the embedded server does not speak {arguments.protocol}")
        from asr_client.embedded import EmbeddedTriton

        console.progress("starting the embedded Triton ...")
        server = stack.enter_context(EmbeddedTriton())
        console.clear_progress()
        url = server.grpc_url if arguments.protocol == "grpc" else server.http_url
        if arguments.protocol == "generate":
            settings["model"] = arguments.model or "asr"
    return ASRClient(url, **settings)


def _transcribe_one(
    client: ASRClient,
    destination: Destination,
    arguments: argparse.Namespace,
    console: Console,
    one_of_many: bool,
) -> bool:
    name = "stdin" if destination.source == STDIN else destination.source
    try:
        transcript = client.transcribe(destination.source)
        console.clear_progress()
        _write(transcript, name, destination, arguments.format, one_of_many)
    except ConfigError:
        raise  # it would fail every other recording in the same way
    except BrokenPipeError:
        raise
    except (ASRError, OSError) as error:
        text = str(error)
        named = destination.source == STDIN or name in text or ascii(name) in text
        console.error(text if named else f"{name}: {text}")
        return False
    for warning in transcript.warnings:
        console.warn(f"{name}: {warning}")
    if arguments.verbose:
        _explain(client, transcript, name, console)
    return True


def _write(
    transcript: Transcript, name: str, destination: Destination, output_format: str, labelled: bool
) -> None:
    text = format_transcript(transcript, output_format, source=name)
    if labelled and destination.path is None and output_format == "txt":
        text = f"{name}: {text}"
    write_output(destination, text)


def _explain(client: ASRClient, transcript: Transcript, name: str, console: Console) -> None:
    from asr_client.cli.explain import explain

    for line in explain(transcript, client.model()):
        console.detail(f"{name}: {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
