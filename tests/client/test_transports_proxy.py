"""Through a real HTTP proxy on every wire: what it is told, what its refusals are called."""

from __future__ import annotations

import base64
import select
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from asr_client.contracts.wire import Reply
from asr_client.errors import ASRError, NotSentError
from one_request import PATIENCE_S, both_colours

TLS = Path(__file__).parent.parent / "data" / "tls"
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntiny"


class TunnelProxy:
    """
    A proxy that remembers the heads it was sent.

    Tunnels lead to the port that is asked for, on this machine whatever the host; plain requests
    it answers itself, in the server's name.
    """

    def __init__(self, refusal: bytes = b"") -> None:
        self.heads: list[str] = []
        self._refusal = refusal
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        """Return when nothing runs any more."""
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._converse, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            self.heads.append(head.partition(b"\r\n\r\n")[0].decode())
            if self._refusal:
                connection.sendall(self._refusal)
            elif head.startswith(b"CONNECT"):
                port = int(head.split()[1].rpartition(b":")[2])
                with socket.create_connection(("127.0.0.1", port)) as server:
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    self._pump(connection, server)
            else:
                connection.sendall(DONE)

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        leads = {one: other, other: one}
        while not self._over.is_set():
            for source in select.select(list(leads), [], [], 0.05)[0]:
                data = source.recv(65536)
                if not data:
                    return
                leads[source].sendall(data)


StartProxy = Callable[..., TunnelProxy]


@pytest.fixture
def start_proxy() -> Iterator[StartProxy]:
    """Start proxies, which refuse if they are given the words for it."""
    proxies: list[TunnelProxy] = []

    def start(refusal: bytes = b"") -> TunnelProxy:
        proxies.append(TunnelProxy(refusal))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.stop()


@pytest.fixture(params=["https", "grpcs", "grpc"])
def tunnelled_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve what is reached through a tunnel."""
    start = start_https if request.param == "https" else start_grpc
    port, end = start(is_tls=request.param == "grpcs")
    yield f"{request.param}://localhost:{port}"
    end()


def start_https(*, is_tls: bool) -> tuple[int, Callable[[], object]]:
    """Answer one request on each connection."""
    import ssl

    assert not is_tls, "it always is"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                with (
                    listener.accept()[0] as connection,
                    context.wrap_socket(connection, server_side=True) as encrypted,
                ):
                    encrypted.recv(4096)
                    encrypted.sendall(DONE)
                    encrypted.recv(4096)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()

    def end() -> None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE_S)

    return listener.getsockname()[1], end


def start_grpc(*, is_tls: bool) -> tuple[int, Callable[[], object]]:
    """Echo every message."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, _: object) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(lambda body, _: body)

    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    pem = (TLS / "server.pem").read_bytes()
    port = (
        server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(pem, pem)]))
        if is_tls
        else server.add_insecure_port("127.0.0.1:0")
    )
    server.start()
    return port, lambda: server.stop(0).wait(PATIENCE_S)


CREDENTIALS = base64.b64encode(b"user:geheim").decode()


@both_colours
def test_proxy_makes_a_tunnel_to_where_it_shall(
    ask: Callable[..., Reply], tunnelled_url: str, start_proxy: StartProxy
) -> None:
    """CONNECT names the server, the credentials go along, and the rest is between the two ends."""
    proxy = start_proxy()
    ca = {} if tunnelled_url.startswith("grpc:") else {"tls_ca_file": str(TLS / "ca.pem")}
    reply = ask(tunnelled_url, proxy=f"http://user:geheim@127.0.0.1:{proxy.port}", **ca)
    assert reply.body == b"tiny"
    (head,) = proxy.heads
    authority = tunnelled_url.partition("://")[2]
    assert head.startswith(f"CONNECT {authority} HTTP/1.")
    assert f"basic {CREDENTIALS}".lower() in head.lower()


@both_colours
def test_proxy_gets_plain_requests_whole(
    ask: Callable[..., Reply], start_proxy: StartProxy
) -> None:
    """An http:// request names the server in its first line, with the URL's prefix."""
    proxy = start_proxy()
    url = f"http://user:geheim@127.0.0.1:{proxy.port}"
    assert ask("http://asr.test:9000/prefix", proxy=url).body == b"tiny"
    (head,) = proxy.heads
    assert head.startswith("POST http://asr.test:9000/prefix/pkg.Service/Echo HTTP/1.1\r\n")
    assert "Host: asr.test:9000" in head
    assert f"Proxy-Authorization: Basic {CREDENTIALS}" in head


@both_colours
@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_environment_does_not_lead_through_a_proxy_unasked(
    ask: Callable[..., Reply],
    scheme: str,
    start_proxy: StartProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And does so when the setting says "environment"."""
    proxy = start_proxy()
    for name in ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    url = f"{scheme}://127.0.0.1:1"
    with pytest.raises(NotSentError):
        ask(url)
    assert proxy.heads == []
    with suppress(ASRError):  # the proxy cannot reach it, either
        ask(url, proxy="environment")
    assert proxy.heads


@both_colours
@pytest.mark.parametrize("scheme", ["https", "grpcs"])
@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        ("407 Proxy Authentication Required", "no"),
        ("403 Forbidden", "no"),
        ("502 Bad Gateway", "yes"),
    ],
)
def test_refusal_by_the_proxy_is_told_as_its_own(
    ask: Callable[..., Reply], scheme: str, answer: str, retryable: str, start_proxy: StartProxy
) -> None:
    """The server never saw the request; no message holds the proxy's password."""
    proxy = start_proxy(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
    with pytest.raises(NotSentError) as caught:
        ask(f"{scheme}://asr.test:443", proxy=f"http://user:geheim@127.0.0.1:{proxy.port}")
    error = caught.value
    assert "geheim" not in f"{error} {error!r} {error.__cause__}"
    assert CREDENTIALS not in f"{error} {error!r} {error.__cause__}"
    assert error.executed == "no"
    if scheme == "https":
        assert (error.origin, error.retryable) == ("proxy", retryable)
        assert answer[:3] in str(error)


@both_colours
@pytest.mark.parametrize("login", ["", "user:geheim@"])
def test_proxy_that_wants_a_login_says_so_for_plain_requests(
    ask: Callable[..., Reply], login: str, start_proxy: StartProxy
) -> None:
    """A 407 is a proxy's by definition; the hint depends on whether a login was given."""
    proxy = start_proxy(b"HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(NotSentError, match="407") as caught:
        ask("http://asr.test", proxy=f"http://{login}127.0.0.1:{proxy.port}")
    assert caught.value.origin == "proxy"
    assert ("are wrong" in caught.value.hint) == bool(login)


@both_colours
@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200", b"x" * 70_000])
def test_proxy_that_is_none_is_told(
    ask: Callable[..., Reply], answer: bytes, start_proxy: StartProxy
) -> None:
    """Half an answer, or no HTTP at all, opens no tunnel."""
    proxy = start_proxy(answer)
    with pytest.raises(NotSentError):
        ask("https://asr.test", proxy=f"http://127.0.0.1:{proxy.port}")


@both_colours
def test_proxy_that_is_down_is_named(ask: Callable[..., Reply]) -> None:
    """It is not the server that could not be reached."""
    with pytest.raises(NotSentError, match=r"through the proxy http://127\.0\.0\.1:1: Conn"):
        ask("https://asr.test", proxy="http://127.0.0.1:1")
