"""The doctor's eyes: names, ports, certificates and first words of real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from asr_client.doctor import ExamOptions, Finding, Report, examine
from asr_client.embedded import EmbeddedTriton

QUICK = ExamOptions(timeout_s=5, max_body_bytes=0)
NOW = datetime.now(UTC)


def find(report: Report, check: str) -> Finding:
    """Pick one finding."""
    return next(each for each in report.findings if each.check == check)


@dataclass
class Authority:
    """A certificate authority of the test's own, and the file that names it."""

    ca: trustme.CA
    file: str


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Make an authority that nobody trusts yet."""
    ca = trustme.CA(organization_name="Test Authority")
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    return Authority(ca, str(tmp_path / "ca.pem"))


@pytest.fixture
def tls_server() -> Iterator[Callable[..., int]]:
    """Start servers that shake hands by a certificate, and answer each request with 404."""
    with ExitStack() as running:

        def start(cert: trustme.LeafCert, *, protocols: tuple[str, ...] = ()) -> int:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            cert.configure_cert(context)
            if protocols:
                context.set_alpn_protocols(list(protocols))
            listener = running.enter_context(socket.create_server(("127.0.0.1", 0)))
            running.callback(listener.shutdown, socket.SHUT_RDWR)
            threading.Thread(target=serve, args=(listener, context), daemon=True).start()
            return int(listener.getsockname()[1])

        def serve(listener: socket.socket, context: ssl.SSLContext) -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection, context), daemon=True).start()

        def answer(connection: socket.socket, context: ssl.SSLContext) -> None:
            with connection:
                connection.settimeout(5)
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        while secure.recv(65536):
                            secure.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                except OSError:
                    return

        yield start


def test_name_that_nobody_knows_ends_the_examination() -> None:
    """Without an address there is nothing to connect to, and every later check says so."""
    report = examine("http://nowhere.invalid:8000", QUICK)
    assert find(report, "name").state == "failed"
    assert {each.state for each in report.findings} == {"failed", "skipped"}
    assert (report.ok, report.requests) == (False, 0)


def test_port_without_a_listener_names_the_usual_ports(free_port: int) -> None:
    """Nothing listens: the advice knows where servers of this kind usually are."""
    finding = find(examine(f"http://127.0.0.1:{free_port}", QUICK), "port")
    assert (finding.state, finding.rows) == ("failed", (14,))
    assert "refused" in finding.says
    assert "30080" in finding.advice


@pytest.fixture
def free_port() -> int:
    """Find a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def examine_tls(port: int, *, host: str = "localhost", scheme: str = "https", **settings: Any):
    """Examine a TLS server's way."""
    return examine(f"{scheme}://{host}:{port}", QUICK, **settings)


def test_trusted_certificate_tells_whose_it_is_and_how_long_it_lasts(
    authority: Authority, tls_server: Callable[..., int]
) -> None:
    """Subject, issuer, days left and the trust store stand in one sentence."""
    cert = authority.ca.issue_cert("localhost", not_after=NOW + timedelta(days=90, hours=1))
    report = examine_tls(tls_server(cert), tls_ca_file=authority.file)
    finding = find(report, "tls")
    assert finding.state == "passed"
    assert "valid for 90 more days" in finding.says
    assert authority.file in finding.says
    assert finding.facts["names"] == ("localhost",)
    assert report.requests > 0


def test_certificate_that_ends_soon_is_a_warning(
    authority: Authority, tls_server: Callable[..., int]
) -> None:
    """Two weeks before the end somebody should look."""
    cert = authority.ca.issue_cert("localhost", not_after=NOW + timedelta(days=5, hours=1))
    finding = find(examine_tls(tls_server(cert), tls_ca_file=authority.file), "tls")
    assert (finding.state, finding.advice) == ("warning", "renew the certificate")
    assert "ends in 5 days" in finding.says


def test_expired_certificate_says_when_it_ended(
    authority: Authority, tls_server: Callable[..., int]
) -> None:
    """The date is read from the certificate although it cannot be trusted."""
    ended = NOW - timedelta(days=3)
    cert = authority.ca.issue_cert("localhost", not_after=ended)
    report = examine_tls(tls_server(cert), tls_ca_file=authority.file)
    finding = find(report, "tls")
    assert finding.state == "failed"
    assert f"it ended on {ended:%Y-%m-%d}" in finding.advice
    assert report.requests == 0


def test_certificate_of_another_host_says_for_which_hosts_it_is(
    authority: Authority, tls_server: Callable[..., int]
) -> None:
    """Whoever calls by an address sees the names to call by."""
    cert = authority.ca.issue_cert("asr.example.com")
    finding = find(examine_tls(tls_server(cert), tls_ca_file=authority.file), "tls")
    assert finding.state == "failed"
    assert "it is for asr.example.com, not for localhost" in finding.advice


def test_unknown_authority_is_named(authority: Authority, tls_server: Callable[..., int]) -> None:
    """A private authority is told by its name, and with the option that trusts it."""
    cert = authority.ca.issue_cert("localhost")
    finding = find(examine_tls(tls_server(cert)), "tls")
    assert finding.state == "failed"
    assert "--tls-ca-file" in finding.advice
    assert "the system's authorities and certifi's" in finding.advice
    assert finding.facts["issuer"] in finding.advice


def test_grpc_trusts_a_list_of_its_own(
    authority: Authority, tls_server: Callable[..., int]
) -> None:
    """What the system trusts is no help to gRPC, and the finding says so."""
    port = tls_server(authority.ca.issue_cert("localhost"), protocols=("h2",))
    finding = find(examine_tls(port, scheme="grpcs"), "tls")
    assert finding.state == "failed"
    assert "gRPC's own list" in finding.advice


def test_certificate_signed_by_itself_is_called_so(tls_server: Callable[..., int]) -> None:
    """An appliance's own certificate has nobody behind it."""
    ca = trustme.CA()
    signed_by_itself = trustme.LeafCert(ca.private_key_pem.bytes(), ca.cert_pem.bytes(), [])
    finding = find(examine_tls(tls_server(signed_by_itself)), "tls")
    assert finding.state == "failed"
    assert "signed by itself" in finding.advice


def test_https_to_a_plain_server_is_told_the_plain_url(embedded_triton: EmbeddedTriton) -> None:
    """Triton does not speak TLS: the finding gives the URL that works."""
    authority = embedded_triton.http_url.removeprefix("http://")
    finding = find(examine(f"https://{authority}", QUICK), "tls")
    assert finding.state == "failed"
    assert finding.advice.endswith(f"use http://{authority}")


def test_http_to_a_tls_server_is_told_the_encrypted_url(
    authority: Authority, tls_server: Callable[..., int]
) -> None:
    """The other way round, too."""
    port = tls_server(authority.ca.issue_cert("localhost"))
    report = examine(f"http://localhost:{port}", QUICK)
    assert find(report, "tls").advice == f"use https://localhost:{port}"
    assert find(report, "who").state == "failed"


def test_grpcs_needs_http2(authority: Authority, tls_server: Callable[..., int]) -> None:
    """A listener that offers HTTP/1.1 alone cannot carry gRPC."""
    port = tls_server(authority.ca.issue_cert("localhost"), protocols=("http/1.1",))
    report = examine_tls(port, scheme="grpcs", tls_ca_file=authority.file)
    assert find(report, "tls").state == "failed"
    assert "http2" in find(report, "tls").advice


def test_grpc_to_an_http_port_is_told_the_http_url(embedded_triton: EmbeddedTriton) -> None:
    """The wrong one of Triton's two ports."""
    authority = embedded_triton.http_url.removeprefix("http://")
    finding = find(examine(f"grpc://{authority}", QUICK), "who")
    assert finding.state == "failed"
    assert finding.says == "the port does not speak gRPC, but HTTP/1.1 and no gRPC"
    assert f"use http://{authority}" in finding.advice


def test_http_to_a_grpc_port_is_told_the_grpc_url(embedded_triton: EmbeddedTriton) -> None:
    """The wrong one, the other way round."""
    authority = embedded_triton.grpc_url.removeprefix("grpc://")
    finding = find(examine(f"http://{authority}", QUICK), "who")
    assert finding.state == "failed"
    assert finding.advice == f"use grpc://{authority}"


@pytest.mark.parametrize("scheme", ["http", "https", "grpc"])
def test_port_that_speaks_ssh_is_told_by_its_banner(
    scheme: str, raw_server: Callable[..., str]
) -> None:
    """Another service is known by its first words."""

    def speak_ssh(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
        connection.settimeout(0.2)
        connection.recv(1024)

    url = raw_server(speak_ssh).replace("http://", f"{scheme}://")
    report = examine(url, QUICK)
    assert not report.ok
    told = next(each for each in report.findings if each.state == "failed")
    assert "SSH-2.0-OpenSSH_9.6" in f"{told.says} {told.advice}"


def test_port_that_hangs_up_is_a_failure(raw_server: Callable[..., str]) -> None:
    """Somebody listens and says nothing."""
    report = examine(raw_server(lambda _connection, _over: None), QUICK)
    finding = find(report, "who")
    assert finding.state == "failed"
    assert finding.says.startswith("nobody answers")


def test_port_that_speaks_bad_http_is_not_sent_to_itself(raw_server: Callable[..., str]) -> None:
    """An answer in HTTP that cannot be used says why; the URL's scheme was right."""

    def speak_badly(connection: socket.socket, _over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")

    finding = find(examine(raw_server(speak_badly), QUICK), "who")
    assert finding.state == "failed"
    assert finding.says.startswith("it speaks HTTP, but gave no whole answer: ")
