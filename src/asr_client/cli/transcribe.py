"""asr-transcribe: text from recordings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from asr_client.bulk.inputs import Entry, Inputs, collect
from asr_client.cli.arguments import ENVIRONMENT_HELP, add_connection, add_quiet, add_version
from asr_client.cli.bulk_arguments import add_inputs, add_long, add_many, add_telling
from asr_client.cli.console import Console, ExitCode, run_command
from asr_client.cli.opening import open_client
from asr_client.cli.outputs import Destination, plan_one, write_output
from asr_client.cli.progress import clock
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
  asr-transcribe --url grpc://localhost:8001 -l bn -f srt -f txt -o subtitles/ talks/
      over gRPC, a folder's recordings, subtitles and a text for each
  ffmpeg -i film.mkv -f wav - | asr-transcribe --embedded -
      read from a pipe

many recordings (the server from ASR_URL):
  asr-transcribe recordings -r -o texts --plan
      what there is, what limits the speed, how long it will take; no audio is sent
  asr-transcribe recordings -r -o texts --resume
      recordings/a/b.wav becomes texts/a/b.txt; killed or failed, the same command goes on
  asr-transcribe --manifest test.jsonl -o texts --reference test.jsonl --summary summary.json
      a language for each line, and error rates at the end
  find /data -name '*.wav' -mtime -1 -print0 | asr-transcribe --files-from - -0 -o texts --resume
      whatever find finds

exit codes:
  0 all recordings transcribed    1 some or all failed    2 wrong usage or settings
  130 ended by Ctrl-C, 143 by kill, 129 by the terminal's end: what was finished is kept

"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    arguments = _parser().parse_args(argv)
    run_command("asr-transcribe", lambda: _transcribe_all(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asr-transcribe",
        usage="asr-transcribe [options] FILE|FOLDER|PATTERN ...",
        description="Turn recordings into text. The text goes to stdout or to OUT, everything else "
        "to\nstderr; one bad recording does not stop the rest.",
        epilog=_EXAMPLES + ENVIRONMENT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_inputs(parser)
    _add_text(parser)
    add_many(parser)
    add_telling(parser)
    add_long(parser)
    add_connection(parser)
    add_version(parser)
    add_quiet(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="tell decisions and timings, on stderr"
    )
    return parser


def _add_text(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("text")
    group.add_argument(
        "-l", "--language", metavar="L", help="language: code, tag or name (hi, hi-IN, Hindi)"
    )
    group.add_argument(
        "-f",
        "--format",
        choices=FORMATS,
        action="append",
        help="output format (default: txt); with -o OUT several, each with an -f of its own",
    )
    group.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="file for one transcript, folder for several, where folders keep their tree",
    )
    group.add_argument(
        "--normalize-peak", action="store_true", help="scale each recording to full scale first"
    )
    group.add_argument(
        "--embedded",
        action="store_true",
        help="start a real Triton here for this run (English; needs asr-client[embedded])",
    )


def _transcribe_all(arguments: argparse.Namespace) -> int:
    console = Console("asr-transcribe", quiet=arguments.quiet, verbose=arguments.verbose)
    arguments.format = list(dict.fromkeys(arguments.format or ["txt"]))
    _refuse_idle_options(arguments)
    entries = collect(
        Inputs(
            files=tuple(arguments.files),
            recursive=arguments.recursive,
            files_from=arguments.files_from,
            null=arguments.null,
            manifest=arguments.manifest,
            skip=arguments.output,
        )
    )
    if arguments.plan:
        from asr_client.cli.planning import show_plan

        return show_plan(arguments, entries, console)
    if _is_one(arguments, entries):
        return _transcribe_one(arguments, entries[0], console)
    from asr_client.cli.many import to_folder, to_stdout

    work = to_stdout if arguments.output is None else to_folder
    return work(arguments, entries, console)


def _refuse_idle_options(arguments: argparse.Namespace) -> None:
    if arguments.output == "":
        raise ConfigError("-o names no file and no folder")
    if (arguments.resume or arguments.overwrite) and not arguments.output:
        raise ConfigError("--resume and --overwrite are about a folder", hint="name it with -o")
    if arguments.null and not arguments.files_from:
        raise ConfigError("--null is about the names of --files-from")
    if arguments.rtfx and not arguments.plan:
        raise ConfigError("--rtfx is about --plan")
    if arguments.summary and Path(arguments.summary).is_dir():
        raise ConfigError(f"--summary {arguments.summary} is a folder, and wants a file")


def _is_one(arguments: argparse.Namespace, entries: Sequence[Entry]) -> bool:
    """Whether one file is named and nothing of what only many have."""
    journalled = arguments.resume or arguments.overwrite
    told = arguments.summary or arguments.reference
    if len(entries) > 1 or journalled or told:
        return False
    return entries[0].is_named or not arguments.output


def _transcribe_one(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    plan = plan_one(entry.path, arguments.output, arguments.format)
    with ExitStack() as stack:
        client = open_client(arguments, console, stack)
        console.progress(entry.label)
        try:
            transcript = client.transcribe(
                entry.path, language=entry.language, on_progress=_shown(entry.label, console)
            )
            console.clear_progress()
            for destination in plan:
                _write(transcript, entry, destination)
        except ConfigError:
            raise
        except BrokenPipeError:
            raise
        except (ASRError, OSError) as error:
            from asr_client.cli.telling import naming

            console.error(naming(entry, str(error)))
            return ExitCode.FAILED
        for warning in transcript.warnings:
            console.warn(f"{entry.label}: {warning}")
        if arguments.verbose:
            _explain(client, transcript, entry.label, console)
    return ExitCode.OK if transcript.is_complete else ExitCode.FAILED


def _shown(label: str, console: Console) -> Callable[[float], None]:
    """Show how much of a long recording has been heard, on a terminal."""
    heard_s = 0.0

    def show(audio_s: float) -> None:
        nonlocal heard_s
        heard_s += audio_s
        console.progress(f"{label}: {clock(heard_s)} of audio heard")

    return show


def _write(transcript: Transcript, entry: Entry, destination: Destination) -> None:
    write_output(destination, format_transcript(transcript, destination.format, source=entry.label))


def _explain(client: ASRClient, transcript: Transcript, name: str, console: Console) -> None:
    from asr_client.cli.explain import explain

    for line in explain(transcript, client.model()):
        console.detail(f"{name}: {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
