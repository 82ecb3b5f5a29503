"""What callers see with no server, no good one, or one that breaks: one clear error."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import os
import pickle
import signal
import socket
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from asr_client import (
    ApiKey,
    ASRClient,
    ASRError,
    AsyncASRClient,
    AuthError,
    ConfigError,
    ContractError,
    DeadlineError,
    NotSentError,
    ReplyLostError,
    RouteNotFoundError,
    Transcript,
    TransportError,
    Waveform,
)
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel
from canaries import new_key

SECOND = Waveform(np.zeros(16_000, np.float32), 16_000)
KEY = new_key()
PENDING = 'nv_inference_pending_request_count{model="asr_slow"'


def ask_sync(url: str, **settings: object) -> Transcript:
    """Transcribe a second of silence."""
    with ASRClient(url, language="hi", **settings) as client:
        return client.transcribe(SECOND, deadline_s=1.0)


def ask_async(url: str, **settings: object) -> Transcript:
    """Transcribe a second of silence, asynchronously."""

    async def call() -> Transcript:
        async with AsyncASRClient(url, language="hi", **settings) as client:
            return await client.transcribe(SECOND, deadline_s=1.0)

    return asyncio.run(call())


both_colours = pytest.mark.parametrize("ask", [ask_sync, ask_async])


def closed_port() -> int:
    """Find a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@both_colours
@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_call_is_not_sent_when_the_port_is_closed(ask: Callable[..., object], scheme: str) -> None:
    """A refused connection says where, and what to try."""
    port = closed_port()
    with pytest.raises(NotSentError, match=f"cannot reach {scheme}://127.0.0.1:{port}.*serve"):
        ask(f"{scheme}://127.0.0.1:{port}")


@both_colours
@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_call_is_not_sent_when_the_host_is_unknown(ask: Callable[..., object], scheme: str) -> None:
    """A name that does not resolve is an error of its own, not a timeout."""
    with pytest.raises((NotSentError, DeadlineError), match=r"no-such-host\.invalid"):
        ask(f"{scheme}://no-such-host.invalid:8000")


@both_colours
def test_call_is_not_sent_when_the_port_speaks_no_tls(
    ask: Callable[..., object], embedded_triton: EmbeddedTriton
) -> None:
    """A plain port asked for TLS is told as such."""
    url = embedded_triton.http_url.replace("http://", "https://")
    with pytest.raises(NotSentError, match="does the port speak TLS"):
        ask(url)


@both_colours
def test_grpc_to_the_http_port_is_told_as_such(
    ask: Callable[..., object], embedded_triton: EmbeddedTriton
) -> None:
    """The two ports of a Triton are easily mistaken for one another."""
    url = embedded_triton.http_url.replace("http://", "grpc://")
    with pytest.raises(NotSentError, match="does not speak plain gRPC"):
        ask(url)


@both_colours
def test_http_to_the_grpc_port_is_a_clear_error(
    ask: Callable[..., object], embedded_triton: EmbeddedTriton
) -> None:
    """The other way round there is no HTTP in the answer."""
    url = embedded_triton.grpc_url.replace("grpc://", "http://")
    with pytest.raises(ReplyLostError, match="broke before the reply was whole"):
        ask(url)


def trickle(connection: socket.socket, over: threading.Event) -> None:
    """Send a byte of a header now and then, for ever."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not over.wait(0.05):
        connection.sendall(b"x")


def keep_silent(connection: socket.socket, over: threading.Event) -> None:
    """Read, and never answer."""
    connection.recv(65536)
    over.wait(30)


@both_colours
@pytest.mark.parametrize("converse", [trickle, keep_silent])
def test_deadline_holds_when_the_server_hangs_or_trickles(
    ask: Callable[..., object],
    raw_server: Callable[..., str],
    converse: Callable[..., None],
) -> None:
    """The deadline bounds the whole call, not each read: bytes now and then do not extend it."""
    with pytest.raises(DeadlineError, match="deadline of 1 s passed while waiting for"):
        ask(raw_server(converse))


def saying(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Hold a conversation of one answer, and hang up."""

    def converse(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return converse


@both_colours
@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (b"", ReplyLostError, "broke before the reply was whole"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", ReplyLostError, "whole"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ReplyLostError, "illegal"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>hi</html",
            ContractError,
            "not JSON but starts with '<html>hi</html'.*URL of a Triton server",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nxx",
            ContractError,
            "compressed with br",
        ),
        (
            b"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n",
            RouteNotFoundError,
            "redirects",
        ),
    ],
    ids=["hang-up", "truncated", "ssh", "html", "brotli", "redirect"],
)
def test_reply_is_a_clear_error_when_it_is_not_what_was_agreed(
    ask: Callable[..., object],
    raw_server: Callable[..., str],
    answer: bytes,
    error: type[ASRError],
    text: str,
) -> None:
    """Cut-off, foreign and compressed replies are told apart; no library's exception escapes."""
    with pytest.raises(error, match=text):
        ask(raw_server(saying(answer)), protocol="http")


def test_auto_uses_the_documented_call_when_the_gateway_routes_no_kserve(
    scripted_http: Callable[..., str],
) -> None:
    """Kong's 404 for the model leads to /api/v1/asr/infer, and the client can say why."""
    reply = (200, {"Content-Type": "application/json"}, b'{"transcript": "namaste"}')
    url = scripted_http({"POST /api/v1/asr/infer": reply})
    with ASRClient(url) as client:
        assert client.transcribe(SECOND, language="hi").text == "namaste"
        info = client.model()
    assert info.protocol == "asr-infer"
    assert "no KServe v2 below this URL (404 for /v2/models/asr_am_ensemble)" in info.why_protocol


def test_auto_explains_when_nothing_is_routed(scripted_http: Callable[..., str]) -> None:
    """A gateway without any of the calls says so, and who said it."""
    with pytest.raises(RouteNotFoundError, match="no Route matched") as caught:
        ask_sync(scripted_http({}))
    assert caught.value.origin == "kong"
    assert "--protocol" in caught.value.hint


@both_colours
def test_key_is_sent_in_its_header_and_shown_nowhere(
    ask: Callable[..., object], scripted_http: Callable[..., str]
) -> None:
    """A refused key suggests the other header's name; no text or pickle holds the key."""
    refusal = (
        401,
        {"X-Kong-Response-Latency": "1", "WWW-Authenticate": "Key"},
        b'{"message":"No API key found in request"}',
    )
    url = scripted_http({"GET /v2/models/asr_am_ensemble": refusal})
    with pytest.raises(AuthError) as caught:
        ask(url, api_key=KEY)
    error = caught.value
    assert "apikey" in error.hint
    again = copy.copy(pickle.loads(pickle.dumps(error)))  # noqa: S301 - our own pickle
    assert (type(again), str(again), again.status) == (AuthError, str(error), 401)
    for shown in (str(error), repr(error), repr(vars(error)), repr(ApiKey(KEY))):
        assert KEY not in shown


def test_client_shows_no_key_when_printed() -> None:
    """Neither the client nor its settings print the key, and the key does not pickle."""
    client = ASRClient("http://127.0.0.1:1", api_key=KEY)
    assert KEY not in repr(client) + repr(client._session)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(client._session.config)
    client.close()


def test_models_fall_back_when_the_gateway_closes_the_better_sources(
    scripted_http: Callable[..., str],
) -> None:
    """Without index the statistics are read, without both the configured name stands."""
    statistics = (200, {}, b'{"model_stats":[{"name":"asr","version":"1"}]}')
    with ASRClient(scripted_http({"GET /v2/models/stats": statistics})) as client:
        found = client.models()
    assert (found.source, [entry.name for entry in found.models]) == ("statistics", ["asr"])
    with ASRClient(scripted_http({}), model="mine") as client:
        found = client.models()
    assert (found.source, [entry.name for entry in found.models]) == ("configuration", ["mine"])


def test_asr_infer_sends_a_wav_file_that_holds_the_samples(raw_server: Callable[..., str]) -> None:
    """The documented call carries 16-bit WAV in base64, the key in its header, a fixed length."""
    seen: list[bytes] = []

    def remember(connection: socket.socket, _: threading.Event) -> None:
        connection.settimeout(5)
        while b'"}' not in seen[-1:] and not b"".join(seen).endswith(b"}"):
            seen.append(connection.recv(65536))
        body = b'{"text": "ok"}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    url = raw_server(remember)
    with ASRClient(f"{url}/api/v1/asr/infer", api_key=KEY, api_key_header="apikey") as client:
        assert client.transcribe(SECOND, language="hi").text == "ok"
    head, _, body = b"".join(seen).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/v1/asr/infer HTTP/1.1")
    assert f"apikey: {KEY}".encode() in head
    assert f"Content-Length: {len(body)}".encode() in head
    fields = json.loads(body)
    assert base64.b64decode(fields["audio"]).startswith(b"RIFF")
    assert fields["language"] == "hi"


def test_call_is_lost_when_the_server_is_killed_in_the_middle(speech_folder: Path) -> None:
    """A server killed -9 under a call in flight is an error at once, over both wires."""
    options = EmbeddedOptions(
        models=("asr_slow",), slow=SlowModel(a_ms=8_000, max_batch_size=1), max_restarts=0
    )

    def call(url: str) -> ASRError:
        with (
            ASRClient(url, model="asr_slow", language="hi") as client,
            pytest.raises(ASRError) as caught,
        ):
            client.transcribe(speech_folder / "en-rms-greeting.flac")
        return caught.value

    with EmbeddedTriton(options=options) as server, ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call, url) for url in (server.http_url, server.grpc_url)]
        wait_until_one_waits(server)
        os.kill(server.pid, signal.SIGKILL)
        errors = [each.result(30) for each in calls]
    # The last try met a closed port; the first one may have run, and the error says so.
    assert [error.executed for error in errors] == ["maybe", "maybe"]
    assert all(isinstance(error, TransportError) for error in errors)
    assert [len(error.attempts) > 1 for error in errors] == [True, True]


def wait_until_one_waits(server: EmbeddedTriton) -> None:
    """Poll until one request runs and the other waits for it: then both are at the server."""
    for _ in range(500):
        with urllib.request.urlopen(server.metrics_url, timeout=5) as reply:
            metrics = reply.read().decode()
        pending = [line for line in metrics.splitlines() if line.startswith(PENDING)]
        if any(line.endswith(" 1") for line in pending):
            return
        threading.Event().wait(0.02)
    pytest.fail("the requests never reached the model")


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_client_says_so_when_it_is_closed(scheme: str) -> None:
    """A call after close is the caller's mistake, and told as such over every wire."""

    async def ask_closed() -> None:
        client = AsyncASRClient(f"{scheme}://127.0.0.1:9")
        await client.close()
        await client.health()

    client = ASRClient(f"{scheme}://127.0.0.1:9")
    client.close()
    with pytest.raises(ConfigError, match="this client is closed"):
        client.health()
    with pytest.raises(ConfigError, match="this client is closed"):
        asyncio.run(ask_closed())
