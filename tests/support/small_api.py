"""A small API server, with TLS or without, that has a document for each question."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

__all__ = ["SmallApi", "small_api", "tls_api"]

_EMPTY = {"kind": "List", "metadata": {"resourceVersion": "1"}, "items": []}


@dataclass
class SmallApi:
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
def tls_api(*, wants_certificate: bool = False) -> Iterator[SmallApi]:
    """Run one behind TLS that answers everything with an empty list."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    with _serving(SmallApi("", authority), None, context) as api:
        yield api


@contextmanager
def small_api(documents: Mapping[str, Any]) -> Iterator[SmallApi]:
    """Run one without TLS: documents by the last part of their path; 404 for the rest."""
    with _serving(SmallApi("", trustme.CA()), documents, None) as api:
        yield api


@contextmanager
def _serving(
    api: SmallApi, documents: Mapping[str, Any] | None, context: ssl.SSLContext | None
) -> Iterator[SmallApi]:
    class Handler(BaseHTTPRequestHandler):
        """Answers, and says nothing of it."""

        def do_GET(self) -> None:
            api.shown.append((self.headers.get("Authorization"), _name_of(self.connection)))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            last = self.path.partition("?")[0].rpartition("/")[2]
            found = _EMPTY if documents is None else documents.get(last)
            body = json.dumps(found or {}).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the base's name

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        """A handshake that fails is what some tests are about."""

        def handle_error(self, *_: object) -> None:
            pass

        def finish_request(self, request, client_address) -> None:
            if context is None:
                Handler(request, client_address, self)
                return
            with context.wrap_socket(request, server_side=True) as secure:
                Handler(secure, client_address, self)

    with Server(("127.0.0.1", 0), Handler) as server:
        api.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()


def _name_of(connection: Any) -> str:
    certificate = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    names = (certificate or {}).get("subjectAltName", ())
    return next((name for kind, name in names if kind == "DNS"), "")
