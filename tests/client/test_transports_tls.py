"""Real TLS on every wire: whom a client trusts, and how it shows who it is."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from asr_client.contracts.wire import Reply
from asr_client.errors import ASRError, ConfigError
from asr_client.settings.config import ClientConfig
from asr_client.transports import open_async_transport, open_transport
from asr_client.transports.tls import tls_context
from one_request import PATIENCE_S, both_colours

DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntiny"
# The past, for a certificate that has expired.
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC)


both_wires = pytest.mark.parametrize("scheme", ["https", "grpcs"])


@dataclass
class Papers:
    """An authority that nobody knows, and files of what it issued."""

    authority: trustme.CA
    folder: Path

    @property
    def ca_file(self) -> str:
        """Whom to trust."""
        path = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(path)
        return str(path)

    def client_files(self, issuer: trustme.CA | None = None) -> dict[str, str]:
        """Issue a client's certificate; gives the settings that name its files."""
        issued = (issuer or self.authority).issue_cert("client@example.org")
        cert, key = self.folder / "client.pem", self.folder / "client.key"
        issued.private_key_pem.write_to_path(key)
        cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return {"tls_cert_file": str(cert), "tls_key_file": str(key)}


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """Make a new authority."""
    return Papers(trustme.CA(), tmp_path)


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers with the certificate given; gives their URLs."""
    ends: list[Callable[[], object]] = []

    def start(scheme: str, cert: trustme.LeafCert, client_ca: trustme.CA | None = None) -> str:
        start_one = {"https": start_https, "grpcs": start_grpcs}[scheme]
        port, end = start_one(cert, client_ca)
        ends.append(end)
        return f"{scheme}://localhost:{port}"

    yield start
    for end in ends:
        end()


def start_https(
    cert: trustme.LeafCert, client_ca: trustme.CA | None
) -> tuple[int, Callable[[], object]]:
    """Answer one request on each connection; with *client_ca*, its certificates are required."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    if client_ca is not None:
        client_ca.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(PATIENCE_S)
                    with suppress(OSError):  # one does not trust the other
                        answer_once(context, connection.dup())
                    with suppress(OSError):
                        # What is closed with something unread is reset, and takes its alert along.
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(4096):
                            pass

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()

    def end() -> None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE_S)

    return listener.getsockname()[1], end


def answer_once(context: ssl.SSLContext, connection: socket.socket) -> None:
    """Read one request, and stay until the client goes."""
    with context.wrap_socket(connection, server_side=True) as encrypted:
        encrypted.recv(4096)
        encrypted.sendall(DONE)
        encrypted.recv(4096)


def start_grpcs(
    cert: trustme.LeafCert, client_ca: trustme.CA | None
) -> tuple[int, Callable[[], object]]:
    """Echo every message."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, _: object) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(lambda body, _: body)

    chain = b"".join(blob.bytes() for blob in cert.cert_chain_pems)
    credentials = grpc.ssl_server_credentials(
        [(cert.private_key_pem.bytes(), chain)],
        client_ca.cert_pem.bytes() if client_ca else None,
        require_client_auth=client_ca is not None,
    )
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    return port, lambda: server.stop(0).wait(PATIENCE_S)


# --- whom a client trusts -----------------------------------------------------------------------


@both_colours
@both_wires
def test_server_is_trusted_when_its_authority_is_named(
    ask: Callable[..., Reply], scheme: str, serve: Serve, papers: Papers
) -> None:
    """One file names the authority, on either wire."""
    url = serve(scheme, papers.authority.issue_cert("localhost"))
    assert ask(url, tls_ca_file=papers.ca_file).body == b"tiny"


@both_colours
@both_wires
@pytest.mark.parametrize("flaw", ["authority", "host", "age"])
def test_server_is_refused_when_its_certificate_is_wrong(
    ask: Callable[..., Reply], scheme: str, flaw: str, serve: Serve, papers: Papers
) -> None:
    """An unknown authority, another host, an expired date: nothing is sent, and TLS is to blame."""
    issuer = trustme.CA() if flaw == "authority" else papers.authority
    begin, end = LONG_AGO if flaw == "age" else (None, None)
    host = "elsewhere.test" if flaw == "host" else "localhost"
    url = serve(scheme, issuer.issue_cert(host, not_before=begin, not_after=end))
    with pytest.raises(ASRError) as caught:
        ask(url, tls_ca_file=papers.ca_file)
    fault = caught.value.fault
    assert (fault.code, fault.origin, fault.executed) == ("tls", "tls", "no")


@pytest.mark.parametrize("settings", [{}, {"tls_ca_file": "ca"}, {"tls_cert_file": "own"}])
def test_verification_and_its_lowest_version_are_not_optional(
    settings: dict[str, str], papers: Papers
) -> None:
    """Whatever is set, certificates and names are checked, and TLS 1.1 is not spoken."""
    files = {"ca": papers.ca_file, "own": papers.client_files()["tls_cert_file"]}
    given = {name: files[value] for name, value in settings.items()}
    if "tls_cert_file" in given:
        given |= papers.client_files()
    context = tls_context(ClientConfig.resolve("https://h", environ={}, **given))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


# --- who a client is ----------------------------------------------------------------------------


@both_colours
@both_wires
def test_client_is_let_in_with_its_certificate(
    ask: Callable[..., Reply], scheme: str, serve: Serve, papers: Papers
) -> None:
    """Mutual TLS: a certificate and its key in two files."""
    url = serve(scheme, papers.authority.issue_cert("localhost"), papers.authority)
    reply = ask(url, tls_ca_file=papers.ca_file, **papers.client_files())
    assert reply.body == b"tiny"


@both_colours
@both_wires
def test_client_is_let_in_when_certificate_and_key_are_one_file(
    ask: Callable[..., Reply], scheme: str, serve: Serve, papers: Papers
) -> None:
    """As published PEM bundles are."""
    url = serve(scheme, papers.authority.issue_cert("localhost"), papers.authority)
    bundle = papers.folder / "bundle.pem"
    papers.authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(
        bundle
    )
    assert ask(url, tls_ca_file=papers.ca_file, tls_cert_file=str(bundle)).body == b"tiny"


@both_colours
@both_wires
@pytest.mark.parametrize("shows", ["nothing", "a stranger's"])
def test_client_is_told_when_its_certificate_is_refused(
    ask: Callable[..., Reply], scheme: str, shows: str, serve: Serve, papers: Papers
) -> None:
    """Without a certificate, or with one of another authority, nothing was executed."""
    url = serve(scheme, papers.authority.issue_cert("localhost"), papers.authority)
    own = papers.client_files(trustme.CA()) if shows == "a stranger's" else {}
    with pytest.raises(ASRError) as caught:
        ask(url, tls_ca_file=papers.ca_file, **own)
    assert caught.value.executed == "no"


# --- files that cannot be used ------------------------------------------------------------------


def seal(key_file: str) -> None:
    """Put a password on a private key."""
    path = Path(key_file)
    key = load_pem_private_key(path.read_bytes(), None)
    locked = BestAvailableEncryption(b"geheim")
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))


@both_wires
@pytest.mark.parametrize("open_", [open_transport, open_async_transport])
def test_key_with_a_password_is_a_clear_error(
    open_: Callable[..., object], scheme: str, papers: Papers
) -> None:
    """Nobody is asked for the password at a terminal, and nothing hangs."""
    files = papers.client_files()
    seal(files["tls_key_file"])
    with pytest.raises(ConfigError, match="has a password"):
        open_(ClientConfig.resolve(f"{scheme}://h:1", environ={}, **files))


@both_wires
def test_key_of_another_certificate_is_a_clear_error(scheme: str, papers: Papers) -> None:
    """Before anything is sent."""
    files = papers.client_files()
    papers.authority.issue_cert("x@example.org").private_key_pem.write_to_path(
        files["tls_key_file"]
    )
    with pytest.raises(ConfigError, match=r"cannot use the certificate .*client\.pem"):
        open_transport(ClientConfig.resolve(f"{scheme}://h:1", environ={}, **files))


@both_wires
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tls_ca_file": "/nowhere/ca.pem"}, r"cannot use the PEM file /nowhere/ca\.pem"),
        ({"tls_cert_file": "/nowhere/own.pem"}, "cannot use the certificate /nowhere"),
        ({"tls_key_file": "/nowhere/own.key"}, "tls_key_file needs tls_cert_file"),
    ],
)
def test_missing_file_is_a_clear_error(scheme: str, settings: dict[str, str], message: str) -> None:
    """It is named."""
    with pytest.raises(ConfigError, match=message):
        open_transport(ClientConfig.resolve(f"{scheme}://h:1", environ={}, **settings))
