"""
How the client behaves on the bad day: time-outs, limits, key rotation, replicas that come and go.

Servers are on 127.0.0.1: the gateway stand-in (docs/testing.md says what it was held against)
before an upstream that recognises nothing, and, for replicas that are killed, two real Tritons with
a real recogniser. What is counted is exact; nothing here measures time.

    python benchmarks/resilience.py
    python benchmarks/resilience.py --only limit --calls 300
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asr_client import ApiKey, ASRClient, ASRError, AsyncASRClient, Waveform
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton
from asr_client.retry import NO_RETRY, RetryPolicy
from asr_client.settings.connections import Connections
from asr_client.testing import EchoUpstream, Gateway, ServiceAddress

SPEECH = Path(__file__).parent.parent / "samples" / "speech"
SHORT = Waveform(np.zeros(1600, np.float32), 16_000)
KEY, NEXT_KEY = "a-key-of-the-benchmark", "the-key-that-follows-it"
LIMIT_PER_SECOND = 40
THREADS = 8

Row = tuple[str, ...]


def main() -> None:
    """Print one table a section."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--only", choices=list(SECTIONS), help="one section alone")
    parser.add_argument("--calls", type=int, default=0, help="calls a row (default: the section's)")
    arguments = parser.parse_args()
    for name, section in SECTIONS.items():
        if arguments.only in (None, name):
            print_table(*section(arguments.calls))


def print_table(title: str, head: Row, rows: Iterator[Row]) -> None:
    """Print a Markdown table, each row as soon as it is measured."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


# --- amplification ------------------------------------------------------------------------------


def amplification(calls: int) -> tuple[str, Row, Iterator[Row]]:
    """Requests a call when no reply comes in time, by policy."""
    calls = calls or 300
    title = f"Every reply times out: requests a call, {calls} calls"
    return title, ("policy", "gateway's 504", "silence"), _amplifications(calls)


def _amplifications(calls: int) -> Iterator[Row]:
    patient = RetryPolicy(repeat_timeouts=True, first_delay_s=0.01, longest_delay_s=0.01)
    for name, policy, blind_retries in (
        ("ours (time-outs are not repeated)", RetryPolicy(), 0),
        ("ours, `repeat_timeouts=True` (a budget)", patient, 0),
        ("two blind retries", NO_RETRY, 2),
    ):
        ratios = [
            _requests(calls, policy, blind_retries, silent=silent) / calls
            for silent in (False, True)
        ]
        yield (name, *(f"{ratio:.2f}" for ratio in ratios))


def _requests(calls: int, policy: RetryPolicy, blind_retries: int, *, silent: bool) -> int:
    """Make calls that all time out, and count the inferences that got to the gateway."""
    with Gateway(EchoUpstream()) as gateway:
        settings = {"language": "hi", "retry": policy, "deadline_s": 0.3 if silent else None}
        with ASRClient(gateway.url, **settings) as client:
            client.warm(deadline_s=10)
            plenty = calls * (1 + blind_retries) * policy.max_attempts
            if silent:
                gateway.hangs(seconds=0.6, times=plenty, path="*/infer")
            else:
                gateway.times_out(times=plenty, path="*/infer")

            def call_blindly(_: int) -> None:
                for _ in range(1 + blind_retries):
                    with suppress(ASRError):
                        client.transcribe(SHORT)

            in_threads(call_blindly, calls)
        return sum(call.path.endswith("/infer") for call in gateway.calls)


# --- limit --------------------------------------------------------------------------------------


def limit(calls: int) -> tuple[str, Row, Iterator[Row]]:
    """Refusals, and the share of the limit used, by how the calls are made."""
    calls = calls or 300
    title = f"{calls} calls through {LIMIT_PER_SECOND} a second, in Kong's fixed windows"
    head = ("calls made from", "pacing", "failed calls", "429s", "share of the limit used")
    return title, head, _limits(calls)


def _limits(calls: int) -> Iterator[Row]:
    ways: dict[str, Callable[..., int]] = {
        "one thread": lambda *of: _from_threads(1, *of),
        "eight threads": lambda *of: _from_threads(THREADS, *of),
        "asyncio, all at once": _from_asyncio,
    }
    for way, make_calls in ways.items():
        for pacing in (True, False):
            with Gateway(
                EchoUpstream(), api_keys=(ApiKey(KEY),), limits={"second": LIMIT_PER_SECOND}
            ) as gateway:
                failed = make_calls(gateway.url, calls, pacing)
                refused = gateway.counts_by_status().get(429, 0)
                share = f"{_share_used(gateway):.1%}"
            yield way, "on" if pacing else "off", str(failed), str(refused), share


def _from_threads(threads: int, url: str, calls: int, pacing: bool) -> int:
    with ASRClient(url, api_key=KEY, language="hi", deadline_s=120, pacing=pacing) as client:
        return sum(in_threads(lambda _: _fails(client), calls, threads))


def _fails(client: ASRClient) -> bool:
    try:
        client.transcribe(SHORT)
    except ASRError:
        return True
    return False


def _from_asyncio(url: str, calls: int, pacing: bool) -> int:
    async def make() -> int:
        async with AsyncASRClient(
            url, api_key=KEY, language="hi", deadline_s=120, pacing=pacing
        ) as client:
            made = (client.transcribe(SHORT) for _ in range(calls))
            ended = await asyncio.gather(*made, return_exceptions=True)
        return sum(isinstance(each, BaseException) for each in ended)

    return asyncio.run(make())


def _share_used(gateway: Gateway) -> float:
    """Calls let through over calls allowed, in the windows that lie whole within the run."""
    admitted = Counter(int(call.arrived_s) for call in gateway.calls if call.status == 200)
    whole = sorted(admitted)[1:-1]
    return statistics.mean(admitted[second] for second in whole) / LIMIT_PER_SECOND


# --- rotation -----------------------------------------------------------------------------------


def rotation(calls: int) -> tuple[str, Row, Iterator[Row]]:
    """Calls that fail while the key is exchanged."""
    calls = calls or 1000
    title = f"The key is exchanged in the middle of {calls} calls, {THREADS} threads"
    return title, ("how", "failed calls", "401s"), _rotations(calls)


def _rotations(calls: int) -> Iterator[Row]:
    yield ("one key in the file; the gateway takes both for a while", *_rotate(calls, NEXT_KEY, 60))
    both = f"{NEXT_KEY}\n{KEY}"
    yield ("both keys in the file; the gateway changes at once", *_rotate(calls, both, 0))


def _rotate(calls: int, new_content: str, overlap_s: float) -> tuple[str, str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Gateway(EchoUpstream(), api_keys=(ApiKey(KEY),)) as gateway,
    ):
        key_file = Path(folder, "key")
        _write_key(key_file, KEY)
        done = threading.Semaphore(0)

        def change_keys() -> None:
            for _ in range(calls // 3):
                done.acquire()
            if overlap_s:
                gateway.rotates_key(ApiKey(NEXT_KEY), overlap_s=overlap_s)
            _write_key(key_file, new_content)
            for _ in range(calls // 3):
                done.acquire()
            gateway.rotates_key(ApiKey(NEXT_KEY), overlap_s=0)

        with ASRClient(gateway.url, api_key_file=key_file, language="hi") as client:
            changing = threading.Thread(target=change_keys)
            changing.start()

            def call(_: int) -> bool:
                failed = _fails(client)
                done.release()
                return failed

            failed = sum(in_threads(call, calls))
            changing.join()
        return str(failed), str(gateway.counts_by_status().get(401, 0))


def _write_key(path: Path, content: str) -> None:
    """Replace the file as a whole, as a careful operator does."""
    new = path.with_suffix(".new")
    new.write_text(content)
    new.chmod(0o600)
    new.rename(path)


# --- spread -------------------------------------------------------------------------------------


def spread(calls: int) -> tuple[str, Row, Iterator[Row]]:
    """How evenly three replicas behind one address are used."""
    calls = calls or 4000
    title = f"Three replicas behind one address (a choice a connection), {calls} calls, 8 threads"
    return title, ("connections", "calls by replica", "max/min"), _spreads(calls)


def _spreads(calls: int) -> Iterator[Row]:
    # Ages are scaled down with the run: of a minute's connections a run of seconds would see one.
    for name, max_age_s in (("kept for ever", None), ("aged out", 0.02)):
        with ExitStack() as stack:
            replicas = [stack.enter_context(Gateway(EchoUpstream())) for _ in range(3)]
            service = stack.enter_context(ServiceAddress([each.url for each in replicas]))
            settings = Connections(max_age_s=max_age_s)
            with ASRClient(service.url, language="hi", connections=settings) as client:
                in_threads(lambda _, client=client: client.transcribe(SHORT), calls)
            counts = [len(replica.calls) for replica in replicas]
        ratio = f"{max(counts) / min(counts):.2f}" if min(counts) else "one got none"
        yield name, " ".join(map(str, counts)), ratio


# --- replicas -----------------------------------------------------------------------------------


def replicas(calls: int) -> tuple[str, Row, Iterator[Row]]:
    """Transcripts lost, doubled or mixed up while Tritons are killed and come back."""
    calls = calls or 500
    title = f"Two real Tritons killed and restarted by turns, {calls} calls, 4 threads"
    head = ("wire", "kills", "transcripts", "lost", "doubled", "wrong text", "tries a call")
    return title, head, (_kill_replicas(wire, calls) for wire in ("http", "grpc"))


def _kill_replicas(wire: str, calls: int) -> Row:
    texts = _known_texts()
    options = EmbeddedOptions(models=("asr_am_ensemble",), max_restarts=1000)
    with EmbeddedTriton(options=options) as one, EmbeddedTriton(options=options) as two:
        tritons = (one, two)
        urls = [t.http_url for t in tritons], [t.grpc_url for t in tritons]
        with Gateway(*urls, retries=_KONGS_RETRIES) as gateway:
            url = gateway.grpc_url if wire == "grpc" else gateway.url
            with (
                ASRClient(url, language="en", deadline_s=120) as client,
                _killer(tritons) as killer,
            ):

                def call(number: int) -> tuple[str, bool, int] | None:
                    try:
                        return _transcribe(client, texts, number)
                    finally:
                        killer.done.release()

                answers = in_threads(call, calls, 4)
    given = [answer for answer in answers if answer is not None]
    ids = Counter(request_id for request_id, _, _ in given)
    return (
        wire,
        str(killer.kills),
        str(len(given)),
        str(calls - len(given)),
        str(len(given) - len(ids)),
        str(sum(not right for _, right, _ in given)),
        f"{statistics.mean(tries for _, _, tries in given):.2f}",
    )


# Of connections that Kong cannot make, unless it is told otherwise.
_KONGS_RETRIES = 5
# One Triton is killed after so many calls.
_CALLS_A_KILL = 50


def _known_texts() -> list[tuple[Path, str]]:
    """The shipped English recordings that the recogniser understands without an error."""
    lines = (SPEECH / "manifest.tsv").read_text().splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    english = [row for row in rows if row["language"] == "en" and "espeak" not in row["path"]]
    # The shortest: what is counted here are calls, and both Tritons share the machine.
    shortest = sorted(english, key=lambda row: len(row["text"]))[:5]
    return [(SPEECH / row["path"], row["text"]) for row in shortest]


def _transcribe(
    client: ASRClient, texts: Sequence[tuple[Path, str]], number: int
) -> tuple[str, bool, int] | None:
    path, text = texts[number % len(texts)]
    try:
        transcript = client.transcribe(path)
    except ASRError as error:
        tries = ", ".join(each.fault.code if each.fault else "ok" for each in error.attempts)
        print(f"lost: {error} after {tries}", file=sys.stderr)
        return None
    return transcript.request_id, transcript.text == _as_heard(text), len(transcript.attempts)


def _as_heard(text: str) -> str:
    """Write a sentence as the recogniser does: in small letters, without punctuation."""
    return "".join(each for each in text.lower() if each.isalnum() or each in " '")


@dataclass
class _Killer:
    """
    Kills one Triton after the other, each when the one before is back; their supervisors help.

    Attributes:
        done: Released once a call.
        kills: So far.
    """

    done: threading.Semaphore
    kills: int = 0

    def work(self, tritons: Sequence[EmbeddedTriton], over: threading.Event) -> None:
        """Kill one after each so many calls until it is over."""
        while True:
            for _ in range(_CALLS_A_KILL):
                self.done.acquire()
            if over.is_set():
                return
            victim = tritons[self.kills % len(tritons)]
            pid = victim.pid
            os.kill(pid, signal.SIGKILL)
            self.kills += 1
            while victim.pid == pid and not over.wait(0.1):
                pass


@contextmanager
def _killer(tritons: Sequence[EmbeddedTriton]) -> Iterator[_Killer]:
    killer, over = _Killer(threading.Semaphore(0)), threading.Event()
    killing = threading.Thread(target=killer.work, args=(tritons, over))
    killing.start()
    try:
        yield killer
    finally:
        over.set()
        killer.done.release(_CALLS_A_KILL)
        killing.join()


def in_threads(work: Callable[[int], object], calls: int, threads: int = THREADS) -> list:
    """Call *work* with 0, 1, ... from a few threads; give its results in order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(calls)))


SECTIONS: dict[str, Callable[[int], tuple[str, Row, Iterator[Row]]]] = {
    "amplification": amplification,
    "limit": limit,
    "rotation": rotation,
    "spread": spread,
    "replicas": replicas,
}

if __name__ == "__main__":
    main()
