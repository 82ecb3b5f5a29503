"""Command-line arguments that several commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from asr_client import __version__
from asr_client.endpoint import PROTOCOLS

if TYPE_CHECKING:
    from asr_client.settings.config import Settings

__all__ = ["ENVIRONMENT_HELP", "add_connection", "add_quiet", "add_version", "settings_from"]

ENVIRONMENT_HELP = """\
environment:
  ASR_URL              server or gateway, where --url is not given
  ASR_API_KEY          key for the gateway (never an argument: `ps` would show it)
  ASR_API_KEY_FILE     file that holds it: one key a line, the preferred one first
  ASR_API_KEY_COMMAND  command that prints it; of the three the first that is set counts
  ASR_API_KEY_HEADER   header that carries it (default X-API-Key)
  ASR_MODEL, ASR_LANGUAGE, ASR_PROTOCOL
                       stand in for the options of these names
  ASR_EMBEDDED_PYTHON  interpreter with asr-client[embedded], if this one lacks it
  ASR_LOG              debug (each request), info (retries, waits) or warning: log to stderr
"""


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add --version."""
    parser.add_argument("--version", action="version", version=f"asr-client {__version__}")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add -q, for commands that say more than their result."""
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add what leads to a server and its model."""
    group = parser.add_argument_group("server")
    group.add_argument(
        "--url",
        metavar="URL",
        help="http://host:8000, grpc://host:8001, or a gateway's https://host[/prefix]",
    )
    group.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        help="how to ask (default: auto, which finds out and can say why)",
    )
    group.add_argument("--model", metavar="NAME", help="model to ask (default: asr_am_ensemble)")
    group.add_argument(
        "--languages",
        metavar="L,L",
        help="languages the model takes, where you know better than it tells",
    )
    _add_key(group)
    _add_way(group)
    group.add_argument(
        "--deadline",
        type=float,
        metavar="SECONDS",
        help="time for one call (default: 30, and twice the audio's length)",
    )


def _add_key(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--api-key-file",
        metavar="FILE",
        help="file that holds the gateway's API key; read again when it changes",
    )
    group.add_argument(
        "--api-key-command",
        metavar="COMMAND",
        help="command that prints the key; run again when the key is refused",
    )
    group.add_argument(
        "--api-key-header", metavar="NAME", help="header for the key (default: X-API-Key)"
    )


def _add_way(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--tls-ca-file", metavar="FILE", help="PEM file with the authorities to trust"
    )
    group.add_argument(
        "--tls-cert-file", metavar="FILE", help="PEM file with the certificate to show, if asked"
    )
    group.add_argument("--tls-key-file", metavar="FILE", help="PEM file with its private key")
    group.add_argument(
        "--proxy",
        type=_proxy,
        metavar="URL",
        help='HTTP proxy, or "environment" for HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
    )


def _proxy(text: str) -> str:
    if "@" in text:
        raise argparse.ArgumentTypeError(
            "`ps` would show its password: put the URL into HTTPS_PROXY and say --proxy environment"
        )
    return text


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Turn connection arguments into the client's settings."""
    return {
        "protocol": arguments.protocol,
        "model": arguments.model,
        "languages": (arguments.languages or "").replace(",", " ").split(),
        "api_key_file": arguments.api_key_file,
        "api_key_command": arguments.api_key_command,
        "api_key_header": arguments.api_key_header,
        "tls_ca_file": arguments.tls_ca_file,
        "tls_cert_file": arguments.tls_cert_file,
        "tls_key_file": arguments.tls_key_file,
        "proxy": arguments.proxy,
        "deadline_s": arguments.deadline,
    }
