"""Small servers that misbehave as told; they stand in where a real one cannot be made to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from asr_client.embedded.requirements import Facts

Answer = tuple[int, Mapping[str, str], bytes]


@pytest.fixture
def scripted_http() -> Iterator[Callable[[Mapping[str, Answer]], str]]:
    """
    Start an HTTP server that answers by "METHOD /path"; any other path gets Kong's 404.

    The answers used with it are ones recorded from a real Kong 3.9.1 and Triton 2.51.
    """
    servers: list[ThreadingHTTPServer] = []

    def start(answers: Mapping[str, Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                key = f"{self.command} {self.path}"
                status, headers, body = answers.get(key, KONG_NO_ROUTE)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


KONG_NO_ROUTE: Answer = (
    404,
    {"Content-Type": "application/json; charset=utf-8", "X-Kong-Response-Latency": "0"},
    b'{\n  "message":"no Route matched with those values",\n  "request_id":"ab"\n}',
)


@pytest.fixture
def machine() -> Facts:
    """A machine and an interpreter that can run the embedded server, but for the wheel's files."""
    return Facts(
        system="Linux",
        machine="x86_64",
        glibc="2.36",
        python_version=(3, 11),
        executable="/venv/bin/python",
        libpython_dir="/opt/python/lib",
        pytriton_dir="/venv/site/pytriton",
        numpy_version="1.26.4",
        import_errors={},
        shm_free_bytes=64 << 20,
    )
