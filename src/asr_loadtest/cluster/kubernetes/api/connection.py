"""
One connection to the API server: GET and the reviews of one's own rights, nothing that changes it.

For one thread; only `interrupt` is for others. Whatever goes wrong is a TroubleError.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.api.credentials import Credentials
from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError, refusal

if TYPE_CHECKING:
    import httpx2

__all__ = ["ApiConnection"]

_ANSWER_S = 30.0
_OK = (200, 201)


class ApiConnection:
    """
    Asks, and hears a watch's lines.

    Args:
        credentials: Who we are; used for the first time with the first request.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._client: httpx2.Client | None = None
        self._generation = 0
        self._watch: httpx2.Response | None = None
        self._lines: Iterator[bytes] = iter(())
        self._socket: socket.socket | None = None
        self._is_interrupted = False

    def get(self, path: str, query: Mapping[str, str], accept: str = "application/json") -> Any:
        """
        Ask for a JSON document.

        Raises:
            TroubleError: If none came.
        """
        return self._fetch("GET", path, params=dict(query), headers={"Accept": accept})

    def review(self, kind: str, spec: Mapping[str, Any]) -> Any:
        """
        Ask for one of the SelfSubject...Reviews; creating one changes nothing.

        Raises:
            TroubleError: If no answer came.
        """
        group = "authorization.k8s.io/v1"
        body = {"apiVersion": group, "kind": kind, "spec": spec}
        return self._fetch("POST", f"/apis/{group}/{kind.lower()}s", json=body)

    def open_watch(self, path: str, query: Mapping[str, str], silence_s: float) -> None:
        """
        Begin a watch; `next_line` gives its lines.

        A server that says nothing for *silence_s* is taken for lost.

        Raises:
            TroubleError: If the server does not begin one.
        """
        self._watch = self._send("GET", path, silence_s, params=dict(query))
        if self._watch.status_code not in _OK:
            with _Troubles(silence_s):
                self._refuse(self._watch)
        self._lines = _lines(self._watch.iter_bytes())

    def next_line(self, silence_s: float) -> bytes | None:
        """
        Wait for a line of the watch; None when it has ended in good order.

        Raises:
            TroubleError: If the connection broke, or said nothing for *silence_s*.
        """
        with _Troubles(silence_s):
            return next(self._lines, None)

    def close_watch(self) -> None:
        """End the watch, if there is one."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def renew(self) -> None:
        """Read the credentials anew; the next request uses them."""
        self._credentials.renew(self._generation)
        self.close()

    def interrupt(self) -> None:
        """End whatever the connection's thread waits for; to be called from another."""
        self._is_interrupted = True
        _shut(self._socket)

    def close(self) -> None:
        """Give the connection back; the next request opens one."""
        self.close_watch()
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> httpx2.Client:
        if self._client is None:
            self._generation = self._credentials.generation
            self._client = self._credentials.open()
        return self._client

    def _fetch(self, method: str, path: str, **parts: Any) -> Any:
        response = self._send(method, path, _ANSWER_S, **parts)
        with _Troubles(_ANSWER_S):
            try:
                if response.status_code not in _OK:
                    self._refuse(response)
                body = response.read()
            finally:
                response.close()
        try:
            return json.loads(body)
        except ValueError as error:
            raise TroubleError("what came is no JSON: is that an API server?") from error

    def _send(self, method: str, path: str, silence_s: float, **parts: Any) -> httpx2.Response:
        self.close_watch()
        try:
            client = self._connected()
        except ConfigError as error:
            raise TroubleError(str(error), HTTPStatus.UNAUTHORIZED) from error
        import httpx2

        patience = httpx2.Timeout(client.timeout.connect, read=silence_s)
        parts["headers"] = {"User-Agent": "asr-loadtest", **parts.get("headers", {})}
        with _Troubles(silence_s):
            request = client.build_request(
                method, path, timeout=patience, extensions={"trace": self._note}, **parts
            )
            return client.send(request, stream=True)

    def _refuse(self, response: httpx2.Response) -> None:
        try:
            body = response.read()
        finally:
            response.close()
        raise refusal(response.status_code, body, response.headers.get("retry-after"))

    def _note(self, event: str, told: Mapping[str, Any]) -> None:
        """Keep the socket as soon as there is one: a thread that waits on it is woken by it."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = told["return_value"].get_extra_info("socket")
            if self._is_interrupted:
                _shut(self._socket)


class _Troubles:
    """What the HTTP library raises, as a TroubleError; a context."""

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        import httpx2
        from lightkube.core.exceptions import ConfigError as LightkubeError

        match error:
            case httpx2.LocalProtocolError() | UnicodeError() | httpx2.InvalidURL():
                # Its words may quote the header with the token.
                raise TroubleError("the request cannot be written as HTTP") from None
            case httpx2.ConnectTimeout():
                raise TroubleError("no connection in time") from error
            case httpx2.TimeoutException():
                raise TroubleError(f"nothing heard for {self._silence_s:g} s") from error
            case httpx2.HTTPError() | httpx2.StreamError() | LightkubeError() | OSError():
                raise TroubleError(_words(error)) from error


def _words(error: Exception) -> str:
    """Give the system's words where it has some."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return " ".join(str(error).split()) or type(error).__name__


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut at line feeds only: JSON may hold what Unicode calls a line's end."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from filter(None, whole)
    if rest:
        yield rest


def _shut(this: socket.socket | None) -> None:
    """
    Shut a socket down that another thread may be reading.

    Closing it would not wake that thread; and a TLS socket's own shutdown would take its state
    away under the reader. Hence by a second handle of the same connection.
    """
    if this is None:
        return
    with suppress(OSError), socket.socket(fileno=os.dup(this.fileno())) as twin:
        twin.shutdown(socket.SHUT_RDWR)
