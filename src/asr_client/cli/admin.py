"""asr-client: what is around transcription - a server to try with, its models, its health."""

from __future__ import annotations

import argparse
import json
import signal
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
from asr_client.cli.console import Console, ExitCode, run_command

if TYPE_CHECKING:
    from asr_client.embedded import Event
    from asr_client.results import ModelInfo, ModelList

__all__ = ["main"]

# A signal handler cannot wake the wait on another thread's news, so look now and then.
_LOOK_EVERY_S = 0.5

_EXAMPLES = """\
examples:
  asr-client serve
      a real Triton with an English recogniser on this machine, until Ctrl-C
  asr-client health --url http://localhost:8000
      exit code 0 when the server and the model are ready, 1 when not
  asr-client models --url https://asr.example.com
      what the server has, and which source said so
  asr-client models asr_am_ensemble --url grpc://localhost:8001
      how this client would talk to one model, and why

"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    arguments = _parser().parse_args(argv)
    work: Callable[[argparse.Namespace], int] = arguments.work
    run_command(f"asr-client {arguments.command}", lambda: work(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asr-client",
        description="Around transcription: a server to try with, its models, its health.",
        epilog=_EXAMPLES + ENVIRONMENT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_version(parser)
    serve = _add(commands, "serve", _serve, "run a real Triton here until Ctrl-C")
    for port in ("--http-port", "--grpc-port", "--metrics-port"):
        serve.add_argument(port, type=int, default=0, metavar="PORT", help="default: a free one")
    serve.add_argument(
        "--python",
        metavar="PATH",
        help="interpreter with asr-client[embedded] (default: ASR_EMBEDDED_PYTHON, or this one)",
    )
    add_quiet(serve)
    health = _add(commands, "health", _health, "is the server ready, and the model?")
    models = _add(commands, "models", _models, "list the server's models, or explain one")
    models.add_argument("name", nargs="?", metavar="NAME", help="explain how to talk to this model")
    for command in (health, models):
        add_connection(command)
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
        description=summary[0].upper() + summary[1:],
        epilog=ENVIRONMENT_HELP if name != "serve" else None,
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


def _serve(arguments: argparse.Namespace) -> int:
    from asr_client.embedded import EmbeddedTriton

    console = Console("asr-client serve", quiet=arguments.quiet)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it like Ctrl-C
    console.progress("starting the embedded Triton ...")
    with EmbeddedTriton(
        python=arguments.python,
        http_port=arguments.http_port,
        grpc_port=arguments.grpc_port,
        metrics_port=arguments.metrics_port,
        on_event=lambda event: _tell(event, console),
    ) as server:
        urls = {"http": server.http_url, "grpc": server.grpc_url, "metrics": server.metrics_url}
        console.clear_progress()
        try:
            _print_endpoints(urls, as_json=arguments.json)
            if not arguments.json:
                console.note(f"try: asr-transcribe --url {server.http_url} FILE    (Ctrl-C stops)")
            while not server.wait(_LOOK_EVERY_S):
                pass
        except KeyboardInterrupt:
            console.note("stopping")
        if server.failure is not None:
            raise server.failure
    return ExitCode.OK


def _print_endpoints(urls: dict[str, str], *, as_json: bool) -> None:
    lines = [json.dumps(urls)] if as_json else [f"{name:<8} {url}" for name, url in urls.items()]
    print("\n".join(lines), flush=True)


def _tell(event: Event, console: Console) -> None:
    """Tell of restarts; start and end show in other ways."""
    if event.kind == "restarting":
        console.warn(f"the server broke and is being restarted: {event.message}")
    if event.kind == "restarted":
        console.note("the server is back, on the same ports")


if __name__ == "__main__":
    main(sys.argv[1:])
