"""
Many recordings of mixed lengths: what equal shapes bring, and whether the right number is found.

The embedded Triton's `asr_slow`, with Triton's dynamic batcher on, on 127.0.0.1. It takes a_ms
for each execution and b_ms for each second of audio, slept and not computed: mostly constant, as
small batches are on a GPU. Padding costs it bytes alone, for it counts true seconds. So the ratios
say what batching is worth where executions cost and audio hardly does; with --b-ms it costs more.
Recordings are real speech, cut to lengths from 1 to 10 s.

    python benchmarks/bulk.py                       about four minutes
    python benchmarks/bulk.py --rounds 3 --b-ms 10
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import local
from typing import Literal, cast
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
import tritonclient.http

from asr_client import ASRClient, Waveform
from asr_client.audio import prepare
from asr_client.contracts.kserve_recognizer import KServeRecognizer
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel

SPEECH = Path(__file__).parent.parent / "samples" / "speech"
MODEL, LANGUAGE, RATE_HZ = "asr_slow", "hi", 16_000
LENGTHS_S = (1.0, 10.0)
SWEEP = (2, 4, 8, 16, 32)
THREADS = (16, 32)

Work = Callable[[str, Sequence[Waveform]], None]


@dataclass(frozen=True)
class Measured:
    """Audio seconds a second, and how many requests Triton joined in the mean."""

    speed: float
    mean_batch: float


def speech(count: int) -> list[Waveform]:
    """Cut the samples, one after the other, to lengths that are drawn evenly."""
    chance = random.Random(7)  # noqa: S311 - no secret
    tape = np.concatenate([_at_model_rate(path) for path in sorted(SPEECH.glob("*.flac"))])
    lengths = [round(chance.uniform(*LENGTHS_S) * RATE_HZ) for _ in range(count)]
    begins = [chance.randrange(tape.size - length) for length in lengths]
    return [
        Waveform(tape[begin : begin + length].copy(), RATE_HZ)
        for begin, length in zip(begins, lengths, strict=True)
    ]


def _at_model_rate(path: Path) -> npt.NDArray[np.float32]:
    return prepare(str(path), rate_hz=RATE_HZ).wave.samples


def check(text: str, wave: Waveform) -> None:
    """Compare with what the model says of this recording."""
    if text != (expected := f"{wave.duration_s:.2f} s of {LANGUAGE}"):
        raise ValueError(f"the answer is {text!r}, not {expected!r}")


# --- the contenders -----------------------------------------------------------------------------


def ours(jobs: int | Literal["auto"], *, padded: bool = True) -> Work:
    """Send them with transcribe_many."""

    def work(url: str, waves: Sequence[Waveform]) -> None:
        with ASRClient(url, model=MODEL, language=LANGUAGE, protocol="http") as client:
            client.model()
            if not padded:  # there is no switch for it: nobody wants it but this table
                recognizer = client._session.routes[MODEL].recognizer  # noqa: SLF001
                cast("KServeRecognizer", recognizer).pads = False
            for item in client.transcribe_many(waves, jobs=jobs):
                check(item.get().text, waves[item.index])

    return work


def one_by_one(url: str, waves: Sequence[Waveform]) -> None:
    """Send one, wait for its answer, send the next."""
    with ASRClient(url, model=MODEL, language=LANGUAGE, protocol="http") as client:
        for wave in waves:
            check(client.transcribe(wave).text, wave)


def thread_pool(threads: int) -> Work:
    """Send them as tritonclient's examples do, with a client for each thread."""

    def work(url: str, waves: Sequence[Waveform]) -> None:
        own = local()

        def ask(wave: Waveform) -> None:
            if not hasattr(own, "client"):
                own.client = tritonclient.http.InferenceServerClient(urlsplit(url).netloc)
            check(their_text(own.client, wave), wave)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, waves))

    return work


def their_text(client: tritonclient.http.InferenceServerClient, wave: Waveform) -> str:
    """Ask once."""
    arrays = {
        "AUDIO_SIGNAL": (wave.samples[np.newaxis, :], "FP32"),
        "NUM_SAMPLES": (np.array([[wave.samples.size]], np.int32), "INT32"),
        "LANG_ID": (np.array([[LANGUAGE.encode()]], np.object_), "BYTES"),
    }
    inputs = []
    for name, (array, datatype) in arrays.items():
        inputs.append(tritonclient.http.InferInput(name, list(array.shape), datatype))
        inputs[-1].set_data_from_numpy(array)
    outputs = [tritonclient.http.InferRequestedOutput("TRANSCRIPTS")]
    result = client.infer(MODEL, inputs, outputs=outputs)
    return str(result.as_numpy("TRANSCRIPTS").ravel()[0].decode())


@dataclass(frozen=True)
class Contender:
    """One row; who is slow sends only a part of the recordings."""

    name: str
    work: Work
    part: float = 1.0


PADDED = "ours, padded"
CONTENDERS = (
    *(Contender(f"tritonclient.http, {n} threads", thread_pool(n), 0.1) for n in THREADS),
    Contender("ours, one at a time", one_by_one, 0.1),
    *(Contender(f"ours, not padded, {n} at a time", ours(n, padded=False), 0.1) for n in THREADS),
    *(Contender(f"{PADDED}, {n} at a time", ours(n), min(1.0, n * n / 64)) for n in SWEEP),
    Contender(f"{PADDED}, adaptive", ours("auto")),
)

# --- measuring ----------------------------------------------------------------------------------


def counts(url: str) -> tuple[int, int]:
    """Ask Triton how many inferences it has made, in how many executions."""
    with urllib.request.urlopen(f"{url}/v2/models/{MODEL}/stats", timeout=10) as reply:  # noqa: S310
        (model,) = json.load(reply)["model_stats"]
    return model["inference_count"], model["execution_count"]


def measure(contender: Contender, url: str, waves: Sequence[Waveform]) -> Measured:
    """Let a contender send its part of them."""
    own = waves[: round(contender.part * len(waves))]
    inferences, executions = counts(url)
    began_s = time.perf_counter()
    contender.work(url, own)
    took_s = time.perf_counter() - began_s
    done, executed = counts(url)
    audio_s = sum(wave.duration_s for wave in own)
    return Measured(audio_s / took_s, (done - inferences) / (executed - executions))


def print_table(best: Mapping[str, Measured]) -> None:
    """Print a line for each contender, and what the table is about."""
    peer = next(iter(best.values())).speed
    print("| contender | audio-s/s | ratio to the first | Triton's mean batch |\n|---|---|---|---|")
    for name, one in best.items():
        print(f"| {name} | {one.speed:.0f} | {one.speed / peer:.2f} | {one.mean_batch:.2f} |")
    plain = max(one.speed for name, one in best.items() if not name.startswith(PADDED))
    *fixed, adaptive = (one.speed for name, one in best.items() if name.startswith(PADDED))
    print(f"\npadded, adaptive / the best that is not padded: {adaptive / plain:.2f}")
    print(f"padded, adaptive / the best fixed number: {adaptive / max(fixed):.2f}")


def main() -> None:
    """Let the contenders take turns, and print the best round of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--recordings", type=int, default=900, help="how many (%(default)s)")
    add("--rounds", type=int, default=1, help="turns of each contender (%(default)s)")
    add("--a-ms", type=float, default=100.0, help="cost of an execution (%(default)s)")
    add("--b-ms", type=float, default=1.0, help="cost of a second of audio (%(default)s)")
    plan = parser.parse_args()
    if plan.recordings < 40 or plan.rounds < 1:
        parser.error("at least 40 recordings and one round")
    waves = speech(plan.recordings)
    audio_s = sum(wave.duration_s for wave in waves)
    print(f"Python {platform.python_version()}, tritonclient {version('tritonclient')}; ", end="")
    print(
        f"{len(waves)} recordings, {audio_s:.0f} s; a {plan.a_ms:g} ms, b {plan.b_ms:g} ms; ",
        end="",
    )
    print(f"load average {os.getloadavg()[0]:.1f}\n", flush=True)
    best: dict[str, Measured] = {}
    options = EmbeddedOptions(models=(MODEL,), slow=SlowModel(a_ms=plan.a_ms, b_ms=plan.b_ms))
    with EmbeddedTriton(options=options) as server:
        one_by_one(server.http_url, waves[:5])
        for contender in CONTENDERS * plan.rounds:
            one = measure(contender, server.http_url, waves)
            known = best.setdefault(contender.name, one)
            best[contender.name] = max(known, one, key=lambda each: each.speed)
    print_table(best)


if __name__ == "__main__":
    main()
