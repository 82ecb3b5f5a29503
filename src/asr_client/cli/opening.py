"""From arguments to a client, with a server of its own if that is asked for."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from asr_client.cli.arguments import settings_from
from asr_client.cli.bulk_arguments import chunking_from
from asr_client.cli.console import Console
from asr_client.errors import ConfigError

if TYPE_CHECKING:
    from asr_client.client import ASRClient
    from asr_client.settings.config import ClientConfig, Settings

__all__ = ["client_settings", "config_from", "open_client", "shaping_options"]

# Stands for the embedded server's address, while that is not known.
_EMBEDDED = "http://127.0.0.1"


def client_settings(arguments: argparse.Namespace) -> Settings:
    """
    Turn arguments into the client's settings.

    Raises:
        ConfigError: If they exclude each other.
    """
    settings = settings_from(arguments)
    settings["language"] = arguments.language
    settings["normalize_peak"] = arguments.normalize_peak
    settings["chunking"] = chunking_from(arguments)
    if arguments.embedded:
        if arguments.url:
            raise ConfigError("--url and --embedded exclude each other")
        if arguments.protocol in ("asr-infer", "ulca", "ai4i"):
            raise ConfigError(f"the embedded server does not speak {arguments.protocol}")
        if arguments.protocol == "generate":
            settings["model"] = arguments.model or "asr"
    return settings


def config_from(arguments: argparse.Namespace) -> ClientConfig:
    """Tell what the client will be like, before any server is started or asked."""
    from asr_client.settings.config import ClientConfig

    settings = client_settings(arguments)
    url = arguments.url
    if arguments.embedded:
        url = "grpc://127.0.0.1" if arguments.protocol == "grpc" else _EMBEDDED
    return ClientConfig.resolve(url, **settings)


def shaping_options(config: ClientConfig) -> dict[str, Any]:
    """Tell what shapes the text of all recordings: with other options it would be another text."""
    return {
        "model": config.model,
        "language": config.language,
        "normalize_peak": config.normalize_peak,
        "chunking": asdict(config.chunking),
    }


def open_client(arguments: argparse.Namespace, console: Console, stack: ExitStack) -> ASRClient:
    """Open the client, and start a server before that if it is to be an embedded one."""
    from asr_client.client import ASRClient

    settings = client_settings(arguments)
    url = arguments.url
    if arguments.embedded:
        from asr_client.embedded import EmbeddedTriton

        console.progress("starting the embedded Triton ...")
        server = stack.enter_context(EmbeddedTriton())
        console.clear_progress()
        url = server.grpc_url if arguments.protocol == "grpc" else server.http_url
    return stack.enter_context(ASRClient(url, **settings))
