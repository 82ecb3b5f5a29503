"""
What one call costs the client: this package beside tritonclient on the same wire, in one run.

The server is the embedded Triton with a model that takes no time, so what is measured is encoding,
sending, receiving and reading. It runs under this process; every contender runs in a child process
of its own, and they take turns, so that a busy machine disturbs them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from asr_client import ASRClient, AsyncASRClient, Waveform
from asr_client.config import ClientConfig
from asr_client.contracts.introspection import recognise_model
from asr_client.contracts.kserve import KServe, ModelConfig, ModelMetadata, TensorSpec
from asr_client.contracts.recognizer import KServeRecognizer
from asr_client.contracts.speech import Recognized, Utterances
from asr_client.contracts.wire import Call, Reply
from asr_client.deadline import Deadline
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel
from asr_client.transports import open_async_transport, open_transport

MODEL, LANGUAGE, RATE_HZ = "asr_slow", "hi", 16_000
DEADLINE_S = 60.0
WARM_UP_CALLS = 5
PACKAGES = (
    "tritonclient",
    "geventhttpclient",
    "aiohttp",
    "grpcio",
    "protobuf",
    "httpcore",
    "httpx",
    "urllib3",
    "numpy",
)


@dataclass(frozen=True)
class Audio:
    """The same recording in the forms that the contenders take it: an array, and our Waveform."""

    array: npt.NDArray[np.float32]
    wave: Waveform

    @classmethod
    def of(cls, audio_s: float) -> Audio:
        """Make noise of *audio_s* seconds, shape (1, frames)."""
        noise = np.random.default_rng(7).uniform(-0.5, 0.5, round(audio_s * RATE_HZ))
        samples = noise.astype(np.float32)
        return cls(samples[np.newaxis, :], Waveform(samples, RATE_HZ))

    @property
    def answer(self) -> str:
        """What the model says of it."""
        return f"{self.wave.duration_s:.2f} s of {LANGUAGE}"


@dataclass(frozen=True)
class Urls:
    """Where the server listens."""

    http: str
    grpc: str


Ask = Callable[[Audio], str]
AsyncAsk = Callable[[Audio], Awaitable[str]]

# --- tritonclient -------------------------------------------------------------------------------


def _their_inputs(module: Any, audio: Audio) -> dict[str, Any]:
    """Arguments of tritonclient's `infer`, built from the array as its examples do."""
    arrays = {
        "AUDIO_SIGNAL": (audio.array, "FP32"),
        "NUM_SAMPLES": (np.array([[audio.array.size]], np.int32), "INT32"),
        "LANG_ID": (np.array([[LANGUAGE.encode()]], np.object_), "BYTES"),
    }
    inputs = []
    for name, (array, datatype) in arrays.items():
        tensor = module.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    outputs = [module.InferRequestedOutput("TRANSCRIPTS")]
    return dict(model_name=MODEL, inputs=inputs, outputs=outputs, request_id=uuid4().hex)


def _their_text(result: Any) -> str:
    return str(result.as_numpy("TRANSCRIPTS").ravel()[0].decode())


@contextmanager
def tritonclient_http(urls: Urls) -> Iterator[Ask]:
    """Yield tritonclient.http, on geventhttpclient."""
    import tritonclient.http as module

    with module.InferenceServerClient(urlsplit(urls.http).netloc) as client:
        yield lambda audio: _their_text(client.infer(**_their_inputs(module, audio)))


@contextmanager
def tritonclient_grpc(urls: Urls) -> Iterator[Ask]:
    """Yield tritonclient.grpc."""
    import tritonclient.grpc as module

    with module.InferenceServerClient(urlsplit(urls.grpc).netloc) as client:
        yield lambda audio: _their_text(client.infer(**_their_inputs(module, audio)))


@asynccontextmanager
async def tritonclient_http_aio(urls: Urls) -> AsyncIterator[AsyncAsk]:
    """Yield tritonclient.http.aio, on aiohttp."""
    import tritonclient.http.aio as module

    async with module.InferenceServerClient(urlsplit(urls.http).netloc) as client:

        async def ask(audio: Audio) -> str:
            return _their_text(await client.infer(**_their_inputs(module, audio)))

        yield ask


@asynccontextmanager
async def tritonclient_grpc_aio(urls: Urls) -> AsyncIterator[AsyncAsk]:
    """Yield tritonclient.grpc.aio."""
    import tritonclient.grpc.aio as module

    async with module.InferenceServerClient(urlsplit(urls.grpc).netloc) as client:

        async def ask(audio: Audio) -> str:
            return _their_text(await client.infer(**_their_inputs(module, audio)))

        yield ask


# --- ours ---------------------------------------------------------------------------------------


def _recognizer(protocol: str) -> KServeRecognizer:
    """Bind our codec to the model's tensors, as introspection would."""
    codec: KServe
    if protocol == "grpc":
        from asr_client.contracts.kserve_grpc import KServeGRPC

        codec = KServeGRPC()
    else:
        from asr_client.contracts.kserve_http import KServeHTTP

        codec = KServeHTTP()
    inputs = (
        TensorSpec("AUDIO_SIGNAL", "FP32", (-1, -1)),
        TensorSpec("NUM_SAMPLES", "INT32", (-1, 1)),
        TensorSpec("LANG_ID", "BYTES", (-1, 1)),
    )
    outputs = (TensorSpec("TRANSCRIPTS", "BYTES", (-1, -1)),)
    metadata = ModelMetadata(MODEL, ("1",), "", inputs, outputs)
    return KServeRecognizer(protocol, codec, recognise_model(metadata, ModelConfig(8)))


def _encode(recognizer: KServeRecognizer, audio: Audio) -> Call[Recognized]:
    return recognizer.recognize(Utterances((audio.wave,), LANGUAGE, uuid4().hex))


def _url(urls: Urls, protocol: str) -> str:
    return urls.grpc if protocol == "grpc" else urls.http


@contextmanager
def our_transport(protocol: str, urls: Urls) -> Iterator[Ask]:
    """Yield our codec and transport, without the client above them."""
    recognizer = _recognizer(protocol)
    transport = open_transport(ClientConfig.resolve(_url(urls, protocol)))

    def ask(audio: Audio) -> str:
        call = _encode(recognizer, audio)
        return call.parse(transport.send(call.request, Deadline.after(DEADLINE_S))).texts[0]

    try:
        yield ask
    finally:
        transport.close()


@asynccontextmanager
async def our_async_transport(protocol: str, urls: Urls) -> AsyncIterator[AsyncAsk]:
    """Yield our codec and asynchronous transport."""
    recognizer = _recognizer(protocol)
    transport = open_async_transport(ClientConfig.resolve(_url(urls, protocol)))

    async def ask(audio: Audio) -> str:
        call = _encode(recognizer, audio)
        reply = await transport.send(call.request, Deadline.after(DEADLINE_S))
        return call.parse(reply).texts[0]

    try:
        yield ask
    finally:
        await transport.close()


@contextmanager
def our_client(protocol: str, urls: Urls) -> Iterator[Ask]:
    """Yield the public ASRClient: audio measured and checked, deadline, Transcript."""
    with ASRClient(_url(urls, protocol), model=MODEL, language=LANGUAGE) as client:
        yield lambda audio: client.transcribe(audio.wave).text


@asynccontextmanager
async def our_async_client(protocol: str, urls: Urls) -> AsyncIterator[AsyncAsk]:
    """Yield the public AsyncASRClient."""
    async with AsyncASRClient(_url(urls, protocol), model=MODEL, language=LANGUAGE) as client:

        async def ask(audio: Audio) -> str:
            return (await client.transcribe(audio.wave)).text

        yield ask


# --- our encoder on other HTTP engines ----------------------------------------------------------

Post = Callable[[str, dict[str, str], tuple[Any, ...]], Reply]


def _with_encoder(post: Post) -> Ask:
    """Make a contender of an engine: *post* takes (path, headers, body parts)."""
    recognizer = _recognizer("http")

    def ask(audio: Audio) -> str:
        call = _encode(recognizer, audio)
        headers = {**dict(call.request.headers), "Content-Length": str(call.request.size_bytes)}
        return call.parse(post(call.request.path, headers, call.request.body)).texts[0]

    return ask


@contextmanager
def engine_httpcore(urls: Urls) -> Iterator[Ask]:
    """Yield httpcore.ConnectionPool as it is, without our transport around it."""
    import httpcore

    timeout = {"timeout": dict.fromkeys(("connect", "pool", "read", "write"), DEADLINE_S)}
    host = urlsplit(urls.http).netloc
    with httpcore.ConnectionPool() as pool:

        def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
            response = pool.request(
                "POST",
                urls.http + path,
                headers={"Host": host, **headers},
                content=body,  # type: ignore[arg-type]  # any buffer does
                extensions=timeout,
            )
            names = {name.decode().lower(): value.decode() for name, value in response.headers}
            return Reply(response.status, names, response.content)

        yield _with_encoder(post)


@contextmanager
def engine_httpx(urls: Urls) -> Iterator[Ask]:
    """Yield httpx.Client."""
    import httpx

    with httpx.Client(base_url=urls.http, timeout=DEADLINE_S, trust_env=False) as client:

        def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
            response = client.post(path, headers=headers, content=body)
            return Reply(response.status_code, response.headers, response.content)

        yield _with_encoder(post)


@contextmanager
def engine_http_client(urls: Urls) -> Iterator[Ask]:
    """Yield the standard library's http.client on one kept connection."""
    import http.client

    connection = http.client.HTTPConnection(urlsplit(urls.http).netloc, timeout=DEADLINE_S)

    def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, names, reply.read())

    try:
        yield _with_encoder(post)
    finally:
        connection.close()


@contextmanager
def engine_urllib3(urls: Urls) -> Iterator[Ask]:
    """Yield urllib3.HTTPConnectionPool."""
    import urllib3

    parts = urlsplit(urls.http)
    with urllib3.HTTPConnectionPool(str(parts.hostname), parts.port, timeout=DEADLINE_S) as pool:

        def post(path: str, headers: dict[str, str], body: tuple[Any, ...]) -> Reply:
            reply = pool.urlopen("POST", path, body=body, headers=headers, retries=False)
            names = {name.lower(): value for name, value in reply.headers.items()}
            return Reply(reply.status, names, reply.data)

        yield _with_encoder(post)


# --- who meets whom -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Contender:
    """
    One row.

    Attributes:
        label: Its name in the table.
        open: Context manager, given Urls first in a keyword, that yields the function to measure.
        needs: Module without which it is skipped.
        protocol: First argument of *open*, where it takes one.
        is_async: Whether *open* and what it yields are asynchronous.
    """

    label: str
    open: Callable[..., Any]
    needs: str = "tritonclient"
    protocol: str = ""
    is_async: bool = False

    def opened(self, urls: Urls) -> Any:
        """Open against the server."""
        return self.open(*([self.protocol] if self.protocol else []), urls)


def _wire(theirs: str, open_theirs: Callable[..., Any], protocol: str) -> tuple[Contender, ...]:
    return (
        Contender(theirs, open_theirs),
        Contender("ours: codec + transport", our_transport, protocol=protocol),
        Contender("ours: ASRClient", our_client, protocol=protocol),
    )


def _async_wire(
    theirs: str, open_theirs: Callable[..., Any], protocol: str
) -> tuple[Contender, ...]:
    return (
        Contender(theirs, open_theirs, is_async=True),
        Contender("ours: codec + transport", our_async_transport, protocol=protocol, is_async=True),
        Contender("ours: AsyncASRClient", our_async_client, protocol=protocol, is_async=True),
    )


# The first of each group is what the others are divided by.
GROUPS: dict[str, tuple[Contender, ...]] = {
    "http": _wire("tritonclient.http", tritonclient_http, "http"),
    "http-aio": _async_wire("tritonclient.http.aio", tritonclient_http_aio, "http"),
    "grpc": _wire("tritonclient.grpc", tritonclient_grpc, "grpc"),
    "grpc-aio": _async_wire("tritonclient.grpc.aio", tritonclient_grpc_aio, "grpc"),
    "engines": (
        Contender("tritonclient.http", tritonclient_http),
        Contender("ours: codec + transport", our_transport, protocol="http"),
        Contender("our codec, httpcore", engine_httpcore, needs="httpcore"),
        Contender("our codec, httpx.Client", engine_httpx, needs="httpx"),
        Contender("our codec, http.client", engine_http_client, needs="http"),
        Contender("our codec, urllib3", engine_urllib3, needs="urllib3"),
    ),
}

# --- measuring, in a child process --------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """One call's mean over a round, in milliseconds; CPU is user and system, of all threads."""

    cpu_ms: float
    wall_ms: float


class Stopwatch:
    """Measures a round of calls inside `with`."""

    def __init__(self, calls: int) -> None:
        self._calls = calls

    def __enter__(self) -> Self:
        gc.collect()
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cpu_s, wall_s = time.process_time() - self._cpu_s, time.perf_counter() - self._wall_s
        self.cost = Cost(1000 * cpu_s / self._calls, 1000 * wall_s / self._calls)


def _check(text: str, audio: Audio) -> None:
    if text != audio.answer:
        raise ValueError(f"the answer is {text!r}, not {audio.answer!r}")


def _serve(pipe: Connection, contender: Contender, urls: Urls) -> None:
    with contender.opened(urls) as ask:
        while (order := pipe.recv()) is not None:
            audio_s, calls = order
            audio = Audio.of(audio_s)
            with Stopwatch(calls) as watch:
                for _ in range(calls):
                    _check(ask(audio), audio)
            pipe.send(watch.cost)


async def _serve_async(pipe: Connection, contender: Contender, urls: Urls) -> None:
    async with contender.opened(urls) as ask:
        # Nothing else runs on this loop, so waiting for orders may block it.
        while (order := pipe.recv()) is not None:
            audio_s, calls = order
            audio = Audio.of(audio_s)
            with Stopwatch(calls) as watch:
                for _ in range(calls):
                    _check(await ask(audio), audio)
            pipe.send(watch.cost)


def _child(pipe: Connection, group: str, index: int, urls: Urls) -> None:
    contender = GROUPS[group][index]
    if contender.is_async:
        asyncio.run(_serve_async(pipe, contender, urls))
    else:
        _serve(pipe, contender, urls)


class Child:
    """A contender in its own process; lives through all rounds, so its connection is kept."""

    def __init__(self, group: str, contender: Contender, urls: Urls) -> None:
        context = multiprocessing.get_context("spawn")
        self.label = contender.label
        self._pipe, theirs = context.Pipe()
        index = GROUPS[group].index(contender)
        self._process = context.Process(target=_child, args=(theirs, group, index, urls))
        self._process.start()
        theirs.close()

    def measure(self, audio_s: float, calls: int) -> Cost:
        """
        Have it make *calls* calls, one after the other.

        Raises:
            SystemExit: If it failed; its traceback is on stderr.
        """
        self._pipe.send((audio_s, calls))
        try:
            cost: Cost = self._pipe.recv()
        except EOFError:
            raise SystemExit(f"{self.label} failed: see above") from None
        return cost

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._pipe.send(None)
            self._process.join(timeout=10)
        self._process.kill()
        self._process.join()


# --- the run ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What the command line asks for."""

    seconds: tuple[float, ...]
    rounds: int
    calls: int


Costs = dict[tuple[str, float], list[Cost]]


def measure_group(name: str, plan: Plan, urls: Urls) -> Costs:
    """Let the contenders of a group take turns, round by round; the first calls do not count."""
    present = [each for each in GROUPS[name] if importlib.util.find_spec(each.needs)]
    for each in GROUPS[name]:
        if each not in present:
            print(f"skipped: {each.label} ({each.needs} is not installed)", flush=True)
    costs: Costs = {}
    with ExitStack() as stack:
        children = [stack.enter_context(Child(name, each, urls)) for each in present]
        for audio_s in plan.seconds:
            for child in children:
                child.measure(audio_s, WARM_UP_CALLS)
            for _ in range(plan.rounds):
                for child in children:
                    cost = child.measure(audio_s, plan.calls)
                    costs.setdefault((child.label, audio_s), []).append(cost)
    return costs


def _cell(costs: Sequence[float], peers: Sequence[float]) -> str:
    """Write the lowest round in ms, its ratio to the peer's lowest, and the ratio of medians."""
    lowest = min(costs) / min(peers)
    median = statistics.median(costs) / statistics.median(peers)
    return f"{min(costs):.2f} {lowest:.2f}/{median:.2f}"


def print_group(name: str, costs: Costs, seconds: Sequence[float]) -> None:
    """Print one group's rows."""
    labels = list(dict.fromkeys(label for label, _ in costs))
    for label in labels:
        cells = []
        for unit in ("cpu_ms", "wall_ms"):
            for audio_s in seconds:
                own, peers = (
                    [getattr(cost, unit) for cost in costs[who, audio_s]]
                    for who in (label, labels[0])
                )
                cells.append(_cell(own, peers))
        print("| " + " | ".join((name, label, *cells)) + " |", flush=True)


def print_head(plan: Plan) -> None:
    """Print the conditions and the table's head."""
    cores = len(os.sched_getaffinity(0))
    print(f"Python {platform.python_version()}, {platform.machine()}, {cores} cores")
    print(", ".join(filter(None, map(_version, PACKAGES))))
    print(
        f"{plan.rounds} interleaved rounds of {plan.calls} sequential calls each. A cell: ms of "
        "the lowest round, its ratio to the first row's lowest / ratio of the medians\n"
    )
    heads = [f"{unit}, {audio_s:g} s" for unit in ("CPU", "wall") for audio_s in plan.seconds]
    print("| " + " | ".join(("wire", "client", *heads)) + " |")
    print("|" + "---|" * (2 + len(heads)), flush=True)


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Read CPU first: it suffers least from what else the machine does. One call's wall "
        "time includes the server's share, which is the same for all. A ratio below 1 is in our "
        "favour. Needs the extras test and embedded (Linux).",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seconds",
        type=float,
        nargs="+",
        default=[1.0, 10.0, 30.0],
        metavar="S",
        help="lengths of audio (default: 1 10 30)",
    )
    parser.add_argument(
        "--rounds", type=int, default=9, help="turns of each (default: %(default)s)"
    )
    parser.add_argument("--calls", type=int, default=40, help="calls a turn (default: %(default)s)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=list(GROUPS),
        default=list(GROUPS),
        metavar="WIRE",
        help=f"some of: {' '.join(GROUPS)} (default: all)",
    )
    arguments = parser.parse_args()
    if min(*arguments.seconds, arguments.rounds, arguments.calls) <= 0:
        parser.error("--seconds, --rounds and --calls must be positive")
    return arguments


def _forget_environment() -> None:
    """Keep the caller's own settings and proxies out of the contenders."""
    for name in list(os.environ):
        ours = name.startswith("ASR_") and name != "ASR_EMBEDDED_PYTHON"
        if ours or name.lower().endswith("_proxy"):
            del os.environ[name]


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    plan = Plan(tuple(arguments.seconds), arguments.rounds, arguments.calls)
    _forget_environment()
    options = EmbeddedOptions(models=(MODEL,), slow=SlowModel(a_ms=0, b_ms=0))
    with EmbeddedTriton(options=options) as server:
        print_head(plan)
        for name in arguments.only:
            costs = measure_group(name, plan, Urls(server.http_url, server.grpc_url))
            print_group(name, costs, plan.seconds)


if __name__ == "__main__":
    main()
