"""
What one call costs the client: this package beside tritonclient on the same wire, in one run.

The server is the embedded Triton with a model that takes no time, so what is measured is encoding,
sending, receiving and reading. It runs under this process; every contender has a child process of
its own, and they take turns, so that a busy machine disturbs all of them alike.
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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from asr_client import ASRClient, AsyncASRClient, Waveform
from asr_client.contracts.introspection import identify_model
from asr_client.contracts.kserve import KServe, ModelConfig, ModelMetadata, TensorSpec
from asr_client.contracts.kserve_recognizer import KServeRecognizer
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange
from asr_client.deadline import Deadline
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel
from asr_client.settings.config import ClientConfig
from asr_client.transports import open_async_transport, open_transport

MODEL, LANGUAGE, RATE_HZ = "asr_slow", "hi", 16_000
DEADLINE_S = 60.0
WARM_UP_CALLS = 5
PACKAGES = "tritonclient geventhttpclient aiohttp grpcio protobuf httpcore h11 httpx urllib3 numpy"

Urls = Mapping[str, str]
"""Where the server listens: for "http" and for "grpc"."""


@dataclass(frozen=True)
class Audio:
    """The same recording in the forms that the contenders take: an array, and our Waveform."""

    array: npt.NDArray[np.float32]
    wave: Waveform

    @classmethod
    def of(cls, audio_s: float) -> Audio:
        """Make noise of *audio_s* seconds, shape (1, frames)."""
        noise = np.random.default_rng(7).uniform(-0.5, 0.5, round(audio_s * RATE_HZ))
        samples = noise.astype(np.float32)
        return cls(samples[np.newaxis, :], Waveform(samples, RATE_HZ))

    def check(self, text: str) -> None:
        """Compare with what the model says of this recording."""
        if text != (expected := f"{self.wave.duration_s:.2f} s of {LANGUAGE}"):
            raise ValueError(f"the answer is {text!r}, not {expected!r}")


Ask = Callable[[Audio], str]
AsyncAsk = Callable[[Audio], Awaitable[str]]

# --- tritonclient: a new request from the array each time, as its examples do -------------------


def _their_request(module: Any, audio: Audio) -> dict[str, Any]:
    arrays = {
        "AUDIO_SIGNAL": (audio.array, "FP32"),
        "NUM_SAMPLES": (np.array([[audio.array.size]], np.int32), "INT32"),
        "LANG_ID": (np.array([[LANGUAGE.encode()]], np.object_), "BYTES"),
    }
    inputs = []
    for name, (array, datatype) in arrays.items():
        inputs.append(module.InferInput(name, list(array.shape), datatype))
        inputs[-1].set_data_from_numpy(array)
    outputs = [module.InferRequestedOutput("TRANSCRIPTS")]
    return dict(model_name=MODEL, inputs=inputs, outputs=outputs, request_id=uuid4().hex)


def _their_text(result: Any) -> str:
    return str(result.as_numpy("TRANSCRIPTS").ravel()[0].decode())


@contextmanager
def their_client(wire: str, urls: Urls) -> Iterator[Ask]:
    """Yield tritonclient.http (on geventhttpclient) or tritonclient.grpc."""
    module = import_module(f"tritonclient.{wire}")
    with module.InferenceServerClient(urlsplit(urls[wire]).netloc) as client:
        yield lambda audio: _their_text(client.infer(**_their_request(module, audio)))


@asynccontextmanager
async def their_async_client(wire: str, urls: Urls) -> AsyncIterator[AsyncAsk]:
    """Yield tritonclient.http.aio (on aiohttp) or tritonclient.grpc.aio."""
    module = import_module(f"tritonclient.{wire}.aio")
    async with module.InferenceServerClient(urlsplit(urls[wire]).netloc) as client:

        async def ask(audio: Audio) -> str:
            return _their_text(await client.infer(**_their_request(module, audio)))

        yield ask


# --- ours ---------------------------------------------------------------------------------------


def recognizer_for(wire: str) -> KServeRecognizer:
    """Bind our codec to the model's tensors, as introspection would."""
    codec_class = {"http": "KServeHTTP", "grpc": "KServeGRPC"}[wire]
    codec: KServe = getattr(import_module(f"asr_client.contracts.kserve_{wire}"), codec_class)()
    inputs = (
        TensorSpec("AUDIO_SIGNAL", "FP32", (-1, -1)),
        TensorSpec("NUM_SAMPLES", "INT32", (-1, 1)),
        TensorSpec("LANG_ID", "BYTES", (-1, 1)),
    )
    outputs = (TensorSpec("TRANSCRIPTS", "BYTES", (-1, -1)),)
    metadata = ModelMetadata(MODEL, ("1",), "", inputs, outputs)
    return KServeRecognizer(wire, codec, identify_model(metadata, ModelConfig(8)))


def encode(recognizer: KServeRecognizer, audio: Audio) -> Exchange[Recognized]:
    """Make a new request, as each call does."""
    return recognizer.recognize(Utterances((audio.wave,), LANGUAGE, uuid4().hex))


@contextmanager
def our_transport(wire: str, urls: Urls) -> Iterator[Ask]:
    """Yield our codec and transport, without the client above them."""
    recognizer, transport = recognizer_for(wire), open_transport(ClientConfig.resolve(urls[wire]))

    def ask(audio: Audio) -> str:
        call = encode(recognizer, audio)
        return call.parse(transport.send(call.request, Deadline.after(DEADLINE_S))).texts[0]

    yield ask
    transport.close()


@asynccontextmanager
async def our_async_transport(wire: str, urls: Urls) -> AsyncIterator[AsyncAsk]:
    """Yield our codec and asynchronous transport."""
    recognizer = recognizer_for(wire)
    transport = open_async_transport(ClientConfig.resolve(urls[wire]))

    async def ask(audio: Audio) -> str:
        call = encode(recognizer, audio)
        reply = await transport.send(call.request, Deadline.after(DEADLINE_S))
        return call.parse(reply).texts[0]

    yield ask
    await transport.close()


@contextmanager
def our_client(wire: str, urls: Urls) -> Iterator[Ask]:
    """Yield the public ASRClient: audio examined, deadline kept, a Transcript made."""
    with ASRClient(urls[wire], model=MODEL, language=LANGUAGE) as client:
        yield lambda audio: client.transcribe(audio.wave).text


@asynccontextmanager
async def our_async_client(wire: str, urls: Urls) -> AsyncIterator[AsyncAsk]:
    """Yield the public AsyncASRClient."""
    async with AsyncASRClient(urls[wire], model=MODEL, language=LANGUAGE) as client:

        async def ask(audio: Audio) -> str:
            return (await client.transcribe(audio.wave)).text

        yield ask


# --- who meets whom -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Contender:
    """One row: *open* yields what is measured; without the module it *needs* it is skipped."""

    label: str
    open: Callable[[str, Urls], Any]
    wire: str = "http"
    is_async: bool = False
    needs: str = "tritonclient"


def _group(wire: str, *, is_async: bool = False) -> tuple[Contender, ...]:
    theirs, bare, client = (
        (their_async_client, our_async_transport, our_async_client)
        if is_async
        else (their_client, our_transport, our_client)
    )
    return (
        Contender(f"tritonclient.{wire}" + ".aio" * is_async, theirs, wire, is_async),
        Contender("ours: codec + transport", bare, wire, is_async),
        Contender("ours: " + "Async" * is_async + "ASRClient", client, wire, is_async),
    )


Groups = Mapping[str, tuple[Contender, ...]]
"""Who is measured beside whom; the others of a group are divided by its first."""

GROUPS: Groups = {
    "http": _group("http"),
    "http-aio": _group("http", is_async=True),
    "grpc": _group("grpc"),
    "grpc-aio": _group("grpc", is_async=True),
}

# --- measuring, in a child process --------------------------------------------------------------


Cost = tuple[float, float]
"""(CPU, wall) of a call in ms, mean of a round; CPU is user and system, of all threads."""


def _orders(pipe: Connection) -> Iterator[tuple[Audio, int]]:
    """Yield (audio, calls) as the parent asks, and tell it what the calls have cost."""
    with suppress(EOFError):  # the parent has hung up
        while True:
            audio_s, calls = pipe.recv()
            audio = Audio.of(audio_s)
            gc.collect()
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            yield audio, calls
            cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
            pipe.send((1000 * cpu_s / calls, 1000 * wall_s / calls))


def _work(pipe: Connection, contender: Contender, urls: Urls) -> None:
    with contender.open(contender.wire, urls) as ask:
        for audio, calls in _orders(pipe):
            for _ in range(calls):
                audio.check(ask(audio))


async def _work_async(pipe: Connection, contender: Contender, urls: Urls) -> None:
    async with contender.open(contender.wire, urls) as ask:
        for audio, calls in _orders(pipe):  # may block the loop: nothing else runs on it
            for _ in range(calls):
                audio.check(await ask(audio))


def _child(pipe: Connection, contender: Contender, urls: Urls) -> None:
    if contender.is_async:
        asyncio.run(_work_async(pipe, contender, urls))
    else:
        _work(pipe, contender, urls)


Measure = Callable[[float, int], Cost]


@contextmanager
def running(contender: Contender, urls: Urls) -> Iterator[Measure]:
    """Keep a contender in its own process; yield what has it make (audio_s, calls)."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, contender, urls))
    process.start()
    theirs.close()

    def measure(audio_s: float, calls: int) -> Cost:
        try:
            pipe.send((audio_s, calls))
            cost: Cost = pipe.recv()
        except (EOFError, OSError):
            raise SystemExit(
                f"{contender.label} ({contender.wire}) failed, as said above"
            ) from None
        return cost

    try:
        yield measure
    finally:
        pipe.close()
        process.join(timeout=10)
        process.kill()


# --- the run ------------------------------------------------------------------------------------

Costs = dict[tuple[str, float], list[Cost]]


def measure_group(group: Sequence[Contender], urls: Urls, plan: argparse.Namespace) -> Costs:
    """Let contenders take turns, round by round; the first calls at each length do not count."""
    costs: Costs = {}
    with ExitStack() as stack:
        children = {each.label: stack.enter_context(running(each, urls)) for each in group}
        for audio_s in plan.seconds:
            for measure in children.values():
                measure(audio_s, WARM_UP_CALLS)
            for _ in range(plan.rounds):
                for label, measure in children.items():
                    costs.setdefault((label, audio_s), []).append(measure(audio_s, plan.calls))
    return costs


def rows(costs: Costs, seconds: Sequence[float]) -> Iterator[list[str]]:
    """Give the cells of each contender: CPU for each length, then wall time."""
    labels = list(dict.fromkeys(label for label, _ in costs))
    for label in labels:
        cells = [label]
        for kind, audio_s in product((0, 1), seconds):
            own = [cost[kind] for cost in costs[label, audio_s]]
            peers = [cost[kind] for cost in costs[labels[0], audio_s]]
            lowest, median = (f(own) / f(peers) for f in (min, statistics.median))
            cells.append(f"{min(own):.2f} **{lowest:.2f}** {median:.2f}")
        yield cells


def print_head(plan: argparse.Namespace) -> None:
    """Print the conditions and the table's head."""
    cores = len(os.sched_getaffinity(0))
    print(f"Python {platform.python_version()}, {platform.machine()}, {cores} cores")
    print(", ".join(_version(package) for package in PACKAGES.split()))
    print(f"{plan.rounds} interleaved rounds of {plan.calls} sequential calls. In a cell:")
    print(
        "ms of the lowest round, **its ratio to the first row's lowest**, ratio of the medians.\n"
    )
    heads = [f"{unit} {audio_s:g} s" for unit in ("CPU", "wall") for audio_s in plan.seconds]
    print("| wire | client | " + " | ".join(heads) + " |\n" + "|---" * (2 + len(heads)) + "|")


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def _plan(about: str | None, groups: Groups) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=about,
        epilog="Read CPU first: it suffers least from whatever else the machine does. Wall time "
        "holds the server's share, too, which is the same for all. Below 1 is in our favour. "
        "Needs the extras test and embedded (Linux); an engine that is missing is skipped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seconds", type=float, nargs="+", default=[1, 10, 30], help="of audio (%(default)s)")
    add("--rounds", type=int, default=9, help="turns of each contender (%(default)s)")
    add("--calls", type=int, default=40, help="calls a turn (%(default)s)")
    add("--only", nargs="+", choices=groups, default=list(groups), help="some of the table")
    plan = parser.parse_args()
    if min(*plan.seconds, plan.rounds, plan.calls) <= 0:
        parser.error("--seconds, --rounds and --calls must be positive")
    return plan


def _forget_environment() -> None:
    """Keep the caller's own settings and proxies out of the contenders."""
    for name in list(os.environ):
        ours = name.startswith("ASR_") and name != "ASR_EMBEDDED_PYTHON"
        if ours or name.lower().endswith("_proxy"):
            del os.environ[name]


def main(about: str | None = __doc__, groups: Groups = GROUPS) -> None:
    """Run the benchmark."""
    plan = _plan(about, groups)
    _forget_environment()
    options = EmbeddedOptions(models=(MODEL,), slow=SlowModel(a_ms=0, b_ms=0))
    with EmbeddedTriton(options=options) as server:
        print_head(plan)
        for name in plan.only:
            group = [each for each in groups[name] if importlib.util.find_spec(each.needs)]
            costs = measure_group(group, {"http": server.http_url, "grpc": server.grpc_url}, plan)
            for cells in rows(costs, plan.seconds):
                print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
            for missing in set(groups[name]) - set(group):
                print(f"skipped: {missing.label}, for {missing.needs} is not installed")


if __name__ == "__main__":
    main()
