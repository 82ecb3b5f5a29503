"""
How much speech the detector misses, and how much it takes for speech that is none.

    python benchmarks/vad.py                    the table; a minute
    python benchmarks/vad.py --seed 101         other pauses, other noise

Labelled recordings are joined with known pauses, and noise is added. Missed: of the labelled
speech, the share that was not found. False alarms: of the pauses, without the 0.1 s next to speech
(padding and hangover are no errors), the share that was taken for speech.

The peer is webrtcvad, if it is there (pip install webrtcvad-wheels): with 30 ms frames, as it is,
and with the same smoothing and padding as ours. It is no dependency of this package.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asr_client.audio import load_audio
from asr_client.chunking.options import SpeechDetection
from asr_client.chunking.speech import find_speech, runs_of, smoothed

ROOT = Path(__file__).parent.parent
SPEECH = (ROOT / "samples" / "speech", ROOT / "tests" / "data" / "speech")
LABELS = ROOT / "tests" / "data" / "speech" / "labels"
RATE_HZ = 16_000
SPEECH_LEVEL = 0.05  # RMS of each recording's speech: about -26 dB
COLLAR_S = 0.1
SNRS_DB = (20, 10, 5)
NOISES = ("white", "pink", "babble")
PEER_FRAME_S = 0.03
Samples = np.ndarray[Any, np.dtype[np.float32]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Detect = Callable[[Samples], Flags]


@dataclass(frozen=True, slots=True)
class Tape:
    """Recordings joined, and for each sample whether it is speech."""

    samples: Samples
    is_speech: Flags


@dataclass(frozen=True, slots=True)
class Errors:
    """Shares, 0..1."""

    missed: float
    false_alarms: float

    def __str__(self) -> str:
        return f"{100 * self.missed:.1f} / {100 * self.false_alarms:.1f}"

    @classmethod
    def mean(cls, errors: Sequence[Errors]) -> Errors:
        """Average those of several tapes."""
        return cls(
            float(np.mean([each.missed for each in errors])),
            float(np.mean([each.false_alarms for each in errors])),
        )

    @property
    def balanced(self) -> float:
        """The mean of both, so that neither speech nor pauses count more for being longer."""
        return (self.missed + self.false_alarms) / 2


Table = dict[str, dict[str, Errors]]


def labelled() -> Iterator[Tape]:
    """Read every recording that has labels, brought to the same level."""
    for path in sorted(LABELS.glob("*.txt")):
        (audio,) = (file for folder in SPEECH for file in folder.glob(f"{path.stem}.[fw]*"))
        samples = load_audio(audio).samples
        is_speech = np.zeros(samples.size, np.bool_)
        for line in path.read_text().splitlines():
            start_s, end_s = map(float, line.split())
            is_speech[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] = True
        level = np.sqrt(np.mean(samples[is_speech] ** 2))
        yield Tape(samples * np.float32(SPEECH_LEVEL / level), is_speech)


def make_tape(rng: np.random.Generator, *, rounds: int = 2) -> Tape:
    """Join all recordings in a random order, with pauses of 0.3 to 4 s between."""
    recordings = list(labelled())
    samples, flags = [], []
    for _ in range(rounds):
        for index in rng.permutation(len(recordings)):
            pause = round(rng.uniform(0.3, 4) * RATE_HZ)
            samples += [np.zeros(pause, np.float32), recordings[index].samples]
            flags += [np.zeros(pause, np.bool_), recordings[index].is_speech]
    return Tape(np.concatenate(samples), np.concatenate(flags))


def make_noise(kind: str, size: int, rng: np.random.Generator) -> Samples:
    """Make noise with an RMS of 1: white, pink (1/f), or eight voices at a time."""
    if kind == "babble":
        noise = np.zeros(size)
        voices = [tape.samples[tape.is_speech] for tape in labelled()]
        for _ in range(8):
            order = rng.permutation(len(voices))
            voice = np.concatenate([voices[index] for index in order])
            start = int(rng.integers(voice.size))
            noise += np.resize(np.roll(voice, start), size)
    else:
        noise = rng.standard_normal(size)
    if kind == "pink":
        length = 1 << (size - 1).bit_length()  # other lengths take ten times as long
        spectrum = np.fft.rfft(np.resize(noise, length))
        spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
        spectrum[: int(20 * length / RATE_HZ)] = 0  # what no microphone hears
        noise = np.fft.irfft(spectrum)[:size]
    return (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)


def with_noise(tape: Tape, noise: Samples, snr_db: float) -> Samples:
    """Add noise that is *snr_db* below the speech."""
    return tape.samples + noise * np.float32(SPEECH_LEVEL * 10 ** (-snr_db / 20))


def score(found: Flags, tape: Tape) -> Errors:
    """Hold what was found against the labels."""
    collar = round(COLLAR_S * RATE_HZ)
    near_speech = tape.is_speech.copy()
    for start, end in zip(*runs_of(tape.is_speech), strict=True):
        near_speech[max(0, start - collar) : end + collar] = True
    pauses = ~near_speech
    return Errors(
        float(np.mean(~found[tape.is_speech])),
        float(np.mean(found[pauses])),
    )


def ours(options: SpeechDetection) -> Detect:
    """Make asr_client's detector."""

    def detect(samples: Samples) -> Flags:
        found = np.zeros(samples.size, np.bool_)
        for start, end in find_speech(samples, RATE_HZ, options):
            found[start:end] = True
        return found

    return detect


def webrtc(mode: int, *, smooth: bool) -> Detect:
    """Make webrtcvad's detector."""
    import webrtcvad

    def detect(samples: Samples) -> Flags:
        vad = webrtcvad.Vad(mode)
        size = round(PEER_FRAME_S * RATE_HZ)
        whole = samples.size // size * size
        frames = (samples[:whole].clip(-1, 1) * 32767).astype("<i2").reshape(-1, size)
        flags = np.array([vad.is_speech(frame.tobytes(), RATE_HZ) for frame in frames])
        if smooth:
            flags = smoothed(flags, PEER_FRAME_S, SpeechDetection())
        found = np.zeros(samples.size, np.bool_)
        found[:whole] = np.repeat(flags, size)
        return found

    return detect


def detectors() -> dict[str, Detect]:
    """Name the contenders that are there."""
    found = {"asr_client": ours(SpeechDetection())}
    try:
        for mode in range(4):
            found[f"webrtcvad {mode}"] = webrtc(mode, smooth=False)
            found[f"webrtcvad {mode}, smoothed"] = webrtc(mode, smooth=True)
    except ImportError:
        print("webrtcvad is not there: pip install webrtcvad-wheels\n")
    return found


def conditions(seed: int) -> Iterator[tuple[str, Tape, Samples]]:
    """Make a tape, and the same with each noise at each level."""
    tape = make_tape(np.random.default_rng(seed))
    yield "clean", tape, tape.samples
    for kind in NOISES:
        noise = make_noise(kind, tape.samples.size, np.random.default_rng(seed + 1000))
        for snr_db in SNRS_DB:
            yield f"{kind}, {snr_db} dB", tape, with_noise(tape, noise, snr_db)


def measure(contenders: dict[str, Detect], seeds: Sequence[int]) -> tuple[Table, dict[str, float]]:
    """Have each judge all tapes: the mean errors, and how many times real time it was at best."""
    found: dict[str, dict[str, list[Errors]]] = {name: {} for name in contenders}
    speeds = dict.fromkeys(contenders, 0.0)
    for seed in seeds:
        for condition, tape, samples in conditions(seed):
            for name, detect in contenders.items():
                began_s = time.process_time()
                flags = detect(samples)
                took_s = time.process_time() - began_s
                found[name].setdefault(condition, []).append(score(flags, tape))
                speeds[name] = max(speeds[name], samples.size / RATE_HZ / took_s)
    return {
        name: {condition: Errors.mean(errors) for condition, errors in row.items()}
        for name, row in found.items()
    }, speeds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--seed", type=int, default=1, help="of the first tape")
    parser.add_argument("--tapes", type=int, default=8, help="how many are made and averaged")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.tapes)
    table, speeds = measure(detectors(), seeds)
    names = list(table)
    print("| missed / false alarms, % |", " | ".join(names), "|")
    print("|---" * (len(names) + 1) + "|")
    for condition in table[names[0]]:
        print(f"| {condition} |", " | ".join(str(table[name][condition]) for name in names), "|")
    means = [np.mean([errors.balanced for errors in row.values()]) for row in table.values()]
    print("| mean of all |", " | ".join(f"{100 * mean:.1f}" for mean in means), "|")
    print("| times real time |", " | ".join(f"{speeds[name]:.0f}" for name in names), "|")


if __name__ == "__main__":
    main()
