"""
What it costs to prepare audio, as ratios to the obvious ways of doing it.

    python benchmarks/audio.py                  an hour of 48 kHz stereo; some minutes
    python benchmarks/audio.py --seconds 300    five minutes of it

Every contender runs in processes of its own, one after the other and in turns, so that all see
the same noise of the machine; the best of them counts. Memory is the process's largest resident
size less what it had before the work, imports included in the latter.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import soundfile

from asr_client.audio import Waveform, encode_wav, prepare

RATE_HZ = 16_000
SOURCE_RATE_HZ = 48_000
BODY_SECONDS = 30
MEBIBYTE = 1 << 20
Input = TypeVar("Input")
PROC = Path("/proc/self")


def prepare_ours(path: str) -> object:
    """asr_client: decode, downmix, resample and examine in one pass."""
    return prepare(path, rate_hz=RATE_HZ)


def prepare_scipy(path: str) -> object:
    """soundfile.read, mean over channels, scipy.signal.resample_poly."""
    from scipy.signal import resample_poly

    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return resample_poly(samples.mean(axis=1), RATE_HZ, rate_hz)


def read_only(path: str) -> object:
    """soundfile.read(dtype="float32"): decode, and nothing else."""
    return soundfile.read(path, dtype="float32")


def body_ours(wav: bytes) -> bytes:
    """binascii.b2a_base64, joined as bytes: base64 needs no JSON escapes."""
    return b"".join((b'{"audio": "', binascii.b2a_base64(wav, newline=False), b'"}'))


def body_json(wav: bytes) -> bytes:
    """base64.b64encode(...).decode(), json.dumps, encode."""
    return json.dumps({"audio": base64.b64encode(wav).decode()}).encode()


PREPARERS = {work.__name__: work for work in (prepare_ours, prepare_scipy, read_only)}
BODIES = {work.__name__: work for work in (body_ours, body_json)}


def main() -> None:
    """Run every contender and print both tables."""
    arguments = parse_arguments()
    if arguments.contender:
        print(json.dumps(measure(arguments.contender, arguments.input)))
        return
    with tempfile.TemporaryDirectory() as folder:
        source, body = Path(folder, "source.wav"), Path(folder, "body.wav")
        synthesise(source, arguments.seconds)
        body.write_bytes(encode_wav(speech_like(BODY_SECONDS)))
        length = f"{arguments.seconds} s of 48 kHz stereo PCM16 to 16 kHz mono"
        report(f"{length}; memory is resident", PREPARERS, source, arguments.rounds)
        length = f"base64 JSON body of a {BODY_SECONDS} s WAV"
        report(f"{length}; memory is tracemalloc's", BODIES, body, arguments.rounds)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=3_600, help="length of the source (3600)")
    parser.add_argument("--rounds", type=int, default=3, help="processes per contender (3)")
    parser.add_argument("--contender", choices=[*PREPARERS, *BODIES], help=argparse.SUPPRESS)
    parser.add_argument("--input", help=argparse.SUPPRESS)
    return parser.parse_args()


def speech_like(seconds: int) -> Waveform:
    """Noise whose loudness comes and goes four times a second, at 16 kHz."""
    at_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(7).standard_normal(at_s.size)
    return Waveform((noise * np.abs(np.sin(4 * np.pi * at_s)) / 8).astype(np.float32), RATE_HZ)


def synthesise(path: Path, seconds: int) -> None:
    """Write a stereo WAV second by second; its content does not change what it costs."""
    second = np.random.default_rng(7).integers(-9_000, 9_000, (SOURCE_RATE_HZ, 2)).astype(np.int16)
    with soundfile.SoundFile(path, "w", SOURCE_RATE_HZ, 2, "PCM_16") as file:
        for _ in range(seconds):
            file.write(second)


def measure(name: str, path: str) -> dict[str, float]:
    """Run one contender, in the process that was started for it."""
    if name in PREPARERS:
        return measure_prepare(PREPARERS[name], path)
    return measure_body(BODIES[name], Path(path).read_bytes())


def measure_prepare(work: Callable[[str], object], path: str) -> dict[str, float]:
    """One run over the file, after a short one that loads the libraries."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as short:
        synthesise(Path(short.name), 1)
        work(short.name)
    before = reset_peak()
    elapsed_s = timed(work, path)
    return {"elapsed_s": elapsed_s, "peak_bytes": peak_bytes() - before}


def measure_body(work: Callable[[bytes], bytes], wav: bytes) -> dict[str, float]:
    """Best of many runs; then one more with tracemalloc, which slows it down."""
    elapsed_s = min(timed(work, wav) for _ in range(50))
    tracemalloc.start()
    work(wav)
    return {"elapsed_s": elapsed_s, "peak_bytes": tracemalloc.get_traced_memory()[1]}


def timed(work: Callable[[Input], object], value: Input) -> float:
    """Seconds that *work* takes on *value*."""
    start = time.perf_counter()
    work(value)
    return time.perf_counter() - start


def reset_peak() -> int:
    """Bytes this process holds now; from here on its peak counts anew, where the system can."""
    if PROC.exists():
        # ru_maxrss would begin with the peak of the parent, which it inherits.
        (PROC / "clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    """Largest resident size of this process; macOS counts in bytes, others in KiB."""
    if PROC.exists():
        status = dict(line.split(":", 1) for line in (PROC / "status").read_text().splitlines())
        return int(status["VmHWM"].split()[0]) * 1024
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def report(title: str, works: dict[str, Any], path: Path, rounds: int) -> None:
    """Run *works* in turns and print them as ratios to the first, which is ours."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, results in runs.items():
            results.append(in_child(name, path))
    best = {
        name: {key: min(run[key] for run in results) for key in results[0]}
        for name, results in runs.items()
    }
    ours = next(iter(best.values()))
    print(f"\n{title}; best of {rounds}\n")
    print(f"{'':68}{'time':>10}{'ratio':>8}{'peak':>12}{'ratio':>8}")
    for name, work in works.items():
        elapsed_s, size = best[name]["elapsed_s"], best[name]["peak_bytes"]
        print(
            f"{work.__doc__.rstrip('.'):68}"
            f"{elapsed_s * 1e3:>7.1f} ms{elapsed_s / ours['elapsed_s']:>7.2f}x"
            f"{size / MEBIBYTE:>8.1f} MiB{size / ours['peak_bytes']:>7.2f}x"
        )


def in_child(name: str, path: Path) -> dict[str, float]:
    """Measure *name* in a fresh process."""
    command = [sys.executable, __file__, "--contender", name, "--input", str(path)]
    result: dict[str, float] = json.loads(subprocess.check_output(command))
    return result


if __name__ == "__main__":
    main()
