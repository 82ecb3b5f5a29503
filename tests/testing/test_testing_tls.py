"""Encryption between client and gateway: one port for HTTP and gRPC here, too."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import grpc
import pytest

from asr_client.errors import ConfigError
from asr_client.testing import EchoUpstream, Gateway, Tls

FOLDER = Path(__file__).parent.parent / "data" / "tls"
AUTHORITY = FOLDER / "ca.pem"
CERTIFICATE = FOLDER / "server.pem"  # for "localhost", with its key
METHOD = "/inference.GRPCInferenceService/ModelInfer"
PATIENCE_S = 30.0


@pytest.fixture
def upstream() -> Iterator[str]:
    """Start a gRPC server that gives back what it gets."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, _: object) -> Any:
            return grpc.unary_unary_rpc_method_handler(lambda message, _: message)

    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}"
    server.stop(0).wait(PATIENCE_S)


def status_over_tls(gateway: Gateway, *, certificate: Path | None = None) -> int:
    """Ask for health over a verified connection."""
    context = ssl.create_default_context(cafile=AUTHORITY)
    if certificate is not None:
        context.load_cert_chain(certificate)
    raw = socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S)
    connection = HTTPSConnection("localhost", gateway.port)
    try:
        connection.sock = context.wrap_socket(raw, server_hostname="localhost")
        connection.request("GET", "/v2/health/ready")
        with connection.getresponse() as response:
            return response.status
    finally:
        connection.close()
        raw.close()


def test_http_and_grpc_are_told_apart_behind_tls(asr_gateway: Any, upstream: str) -> None:
    """Both URLs say so, and both work."""
    gateway = asr_gateway(EchoUpstream(), upstream, tls=Tls(CERTIFICATE))
    assert gateway.url.startswith("https://")
    assert gateway.grpc_url.startswith("grpcs://")
    assert status_over_tls(gateway) == 200
    credentials = grpc.ssl_channel_credentials(AUTHORITY.read_bytes())
    names = [("grpc.ssl_target_name_override", "localhost")]
    with grpc.secure_channel(f"127.0.0.1:{gateway.port}", credentials, names) as channel:
        assert channel.unary_unary(METHOD)(b"hello", timeout=PATIENCE_S) == b"hello"


def test_client_certificate_is_asked_for_where_an_authority_is_named(asr_gateway: Any) -> None:
    """Without one nobody gets in; with one of that authority everybody does."""
    gateway = asr_gateway(tls=Tls(CERTIFICATE, client_ca=AUTHORITY))
    with pytest.raises(OSError, match=r"(?i)certificate|reset|closed|EOF"):
        status_over_tls(gateway)
    assert status_over_tls(gateway, certificate=CERTIFICATE) == 200


def test_unusable_certificate_is_told_at_the_start(tmp_path: Path) -> None:
    """The gateway does not come up with half an encryption."""
    (tmp_path / "empty.pem").touch()
    with pytest.raises(ConfigError, match="certificates"):
        Gateway(EchoUpstream(), tls=Tls(tmp_path / "empty.pem")).start()
