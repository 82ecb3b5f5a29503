"""An API server behind TLS that has an answer for every question, and notes who asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

__all__ = ["TlsApi", "tls_api"]

_ANSWER = json.dumps({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": []}).encode()


@dataclass
class TlsApi:
    """
    Where it is, and who came.

    Attributes:
        url: Its address.
        authority: Who has signed its certificate.
        shown: For each request the header Authorization, and the name in the client's certificate.
    """

    url: str
    authority: trustme.CA
    shown: list[tuple[str | None, str]] = field(default_factory=list)


@contextmanager
def tls_api(*, wants_certificate: bool = False) -> Iterator[TlsApi]:
    """Run one while the block runs."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    api = TlsApi("", authority)

    class Handler(BaseHTTPRequestHandler):
        """Answers, and says nothing of it."""

        def do_GET(self) -> None:
            certificate = self.connection.getpeercert() or {}
            name = next((v for k, v in certificate.get("subjectAltName", ()) if k == "DNS"), "")
            api.shown.append((self.headers.get("Authorization"), name))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(_ANSWER)))
            self.end_headers()
            self.wfile.write(_ANSWER)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        """A handshake that fails is what some tests are about."""

        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

        def finish_request(self, request, client_address) -> None:
            with context.wrap_socket(request, server_side=True) as secure:
                Handler(secure, client_address, self)

    with Server(("127.0.0.1", 0), Handler) as server:
        api.url = f"https://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
