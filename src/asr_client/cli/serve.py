"""asr-client serve: an embedded Triton until Ctrl-C, behind a gateway if that is asked for."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from asr_client.cli.console import Console, ExitCode
from asr_client.errors import ConfigError

if TYPE_CHECKING:
    from asr_client.auth import ApiKey
    from asr_client.embedded import EmbeddedTriton, Event

__all__ = ["add_serve_arguments", "serve"]

# A signal handler cannot wake the wait on another thread's news, so look now and then.
_LOOK_EVERY_S = 0.5
_WINDOWS = ("second", "minute", "hour")


def add_serve_arguments(serve: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    for port in ("--http-port", "--grpc-port", "--metrics-port"):
        serve.add_argument(port, type=int, default=0, metavar="PORT", help="default: a free one")
    serve.add_argument(
        "--python",
        metavar="PATH",
        help="interpreter with asr-client[embedded] (default: ASR_EMBEDDED_PYTHON, or this one)",
    )
    gateway = serve.add_argument_group("gateway", "a stand-in for Kong before the server")
    gateway.add_argument("--gateway", action="store_true", help="put one before the server")
    gateway.add_argument(
        "--gateway-port", type=int, default=0, metavar="PORT", help="default: a free one"
    )
    for window in _WINDOWS:
        gateway.add_argument(
            f"--limit-per-{window}", type=int, metavar="N", help=f"calls let through each {window}"
        )
    gateway.add_argument(
        "--api-key-file",
        metavar="PATH",
        help="file with the key that opens it (default: ASR_API_KEY, or else a new key in a file)",
    )


def serve(arguments: argparse.Namespace) -> int:
    """Run the server, and the gateway, until a signal or a failure."""
    from asr_client.embedded import EmbeddedTriton

    _refuse_idle_options(arguments)
    console = Console("asr-client serve", quiet=arguments.quiet)
    _end_like_ctrl_c("SIGTERM", "SIGHUP")  # the latter comes when the terminal is closed
    console.progress("starting the embedded Triton ...")
    with ExitStack() as running:
        server = running.enter_context(
            EmbeddedTriton(
                python=arguments.python,
                http_port=arguments.http_port,
                grpc_port=arguments.grpc_port,
                metrics_port=arguments.metrics_port,
                on_event=lambda event: _tell(event, console),
            )
        )
        places = {"http": server.http_url, "grpc": server.grpc_url, "metrics": server.metrics_url}
        try:
            if arguments.gateway:
                places |= running.enter_context(_gateway(server, arguments))
            console.clear_progress()
            _print_places(places, as_json=arguments.json)
            if not arguments.json:
                console.note(f"try: asr-transcribe {_how_to_call(places)} FILE    (Ctrl-C stops)")
            while not server.wait(_LOOK_EVERY_S):
                pass
        except KeyboardInterrupt:
            console.note("stopping")
        if server.failure is not None:
            raise server.failure
    return ExitCode.OK


def _end_like_ctrl_c(*names: str) -> None:
    for name in names:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, signal.default_int_handler)


def _refuse_idle_options(arguments: argparse.Namespace) -> None:
    given = [f"--limit-per-{window}" for window in _limits(arguments)]
    given += ["--gateway-port"] if arguments.gateway_port else []
    given += ["--api-key-file"] if arguments.api_key_file else []
    if given and not arguments.gateway:
        raise ConfigError(f"{given[0]} is about the gateway", hint="add --gateway")


def _limits(arguments: argparse.Namespace) -> dict[str, int]:
    found = {window: getattr(arguments, f"limit_per_{window}") for window in _WINDOWS}
    return {window: limit for window, limit in found.items() if limit is not None}


@contextmanager
def _gateway(server: EmbeddedTriton, arguments: argparse.Namespace) -> Iterator[dict[str, str]]:
    """Run a gateway before the server; give what a caller must know, never the key itself."""
    from asr_client.testing import Gateway, GatewayOptions

    with _key(arguments) as (key, key_file):
        options = GatewayOptions(api_keys=(key,), limits=_limits(arguments))
        urls = (server.http_url, server.grpc_url)
        with Gateway(*urls, options=options, port=arguments.gateway_port) as gateway:
            yield {"gateway": gateway.url, "gateway_grpc": gateway.grpc_url} | (
                {"api_key_file": key_file} if key_file else {}
            )


@contextmanager
def _key(arguments: argparse.Namespace) -> Iterator[tuple[ApiKey, str]]:
    """Give the key and the file that holds it; a new key lives as long as the gateway."""
    from asr_client.auth import ApiKey

    if arguments.api_key_file:
        yield ApiKey.from_file(arguments.api_key_file), os.path.abspath(arguments.api_key_file)  # noqa: PTH100 - a link stays one
        return
    if os.environ.get("ASR_API_KEY"):
        yield ApiKey(os.environ["ASR_API_KEY"]), ""
        return
    key = ApiKey(secrets.token_urlsafe(24))
    handle, path = tempfile.mkstemp(prefix="asr-client-key-")  # for its owner alone: mode 600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(key.reveal())
        yield key, path
    finally:
        Path(path).unlink(missing_ok=True)


def _how_to_call(places: dict[str, str]) -> str:
    """Give the arguments with which the other command reaches what runs here."""
    if "gateway" not in places:
        return f"--url {places['http']}"
    key = f" --api-key-file {places['api_key_file']}" if "api_key_file" in places else ""
    return f"--url {places['gateway']}{key}"


def _print_places(places: dict[str, str], *, as_json: bool) -> None:
    width = max(map(len, places)) + 2
    lines = [f"{name:<{width}}{place}" for name, place in places.items()]
    print(json.dumps(places) if as_json else "\n".join(lines), flush=True)


def _tell(event: Event, console: Console) -> None:
    """Tell of restarts; start and end show in other ways."""
    if event.kind == "restarting":
        console.warn(f"the server broke and is being restarted: {event.message}")
    if event.kind == "restarted":
        console.note("the server is back, on the same ports")
