"""asr-client: around transcription - a server to try with, its models and health, error rates."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from asr_client.cli.arguments import (
    ENVIRONMENT_HELP,
    add_connection,
    add_quiet,
    add_version,
    settings_from,
)
from asr_client.cli.console import ExitCode, run_command
from asr_client.cli.doctor import add_doctor_arguments, doctor
from asr_client.cli.serve import add_serve_arguments, serve
from asr_client.cli.wer import WER_HELP, add_wer_arguments, wer

if TYPE_CHECKING:
    from asr_client.results import ModelInfo, ModelList

__all__ = ["main"]

_EXAMPLES = """\
examples:
  asr-client serve
      a real Triton with an English recogniser on this machine, until Ctrl-C
  asr-client serve --gateway --limit-per-minute 30
      the same behind a gateway that wants a key and counts
  asr-client health --url http://localhost:8000
      exit code 0 when the server and the model are ready, 1 when not
  asr-client models --url https://asr.example.com
      what the server has, and which source said so
  asr-client models asr_am_ensemble --url grpc://localhost:8001
      how this client would talk to one model, and why
  asr-client doctor https://asr.example.com
      name, port, TLS, key, paths, limits, one transcription; and what to do about each
  asr-client wer reference.txt hypothesis.txt
      word and character error rate (needs asr-client[eval])

"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    arguments = _parser().parse_args(argv)
    work: Callable[[argparse.Namespace], int] = arguments.work
    run_command(f"asr-client {arguments.command}", lambda: work(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asr-client",
        description="Around transcription: a server to try with, models, health, error rates.",
        epilog=_EXAMPLES + ENVIRONMENT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_version(parser)
    command = _add(commands, "serve", serve, "run a real Triton here until Ctrl-C", None)
    add_serve_arguments(command)
    add_quiet(command)
    health = _add(commands, "health", _health, "is the server ready, and the model?")
    models = _add(commands, "models", _models, "list the server's models, or explain one")
    models.add_argument("name", nargs="?", metavar="NAME", help="explain how to talk to this model")
    examine = _add(commands, "doctor", doctor, "what keeps a transcription from working?")
    add_doctor_arguments(examine)
    for command in (health, models, examine):
        add_connection(command)
    summary = "how much of what was said was recognised wrongly?"
    add_wer_arguments(_add(commands, "wer", wer, summary, WER_HELP))
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    work: Callable[[argparse.Namespace], int],
    summary: str,
    epilog: str | None = ENVIRONMENT_HELP,
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:],
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("--json", action="store_true", help="one JSON object, for machines")
    command.set_defaults(work=work)
    return command


def _health(arguments: argparse.Namespace) -> int:
    from asr_client.client import ASRClient

    with ASRClient(arguments.url, **settings_from(arguments)) as client:
        health = client.health()
    print(json.dumps({**asdict(health), "ok": health.ok}) if arguments.json else health.explain())
    return ExitCode.OK if health.ok else ExitCode.FAILED


def _models(arguments: argparse.Namespace) -> int:
    from asr_client.client import ASRClient

    with ASRClient(arguments.url, **settings_from(arguments)) as client:
        found = client.model(arguments.name) if arguments.name else client.models()
    if arguments.json:
        print(json.dumps(asdict(found), ensure_ascii=False))
    else:
        print(_as_text(found))
    return ExitCode.OK


def _as_text(found: ModelInfo | ModelList) -> str:
    from asr_client.results import ModelList

    if isinstance(found, ModelList):
        lines = [f"{entry.name:<32} {entry.version:>4}  {entry.state}" for entry in found.models]
        return "\n".join([*lines, f"(source: {found.source})"])
    rows = {
        "model": found.name,
        "protocol": f"{found.protocol}  ({found.why_protocol})",
        "contract": f"{found.contract}  ({found.why_contract})",
        "languages": " ".join(found.languages) or "not told",
        "audio": f"{found.sample_rate_hz} Hz mono, up to {found.max_batch_size} a request",
    }
    return "\n".join(f"{name:<10} {value}" for name, value in rows.items())


if __name__ == "__main__":
    main(sys.argv[1:])
