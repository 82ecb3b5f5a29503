"""
Make the recordings of this folder: manifest.tsv says what is spoken, by which voice.

The same tools give the same samples each time; SOURCES.md names the versions that made the
recordings shipped here. Needs numpy, soundfile and soxr, as asr-client does.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

FOLDER = Path(__file__).resolve().parent
SAMPLE_RATE_HZ = 16_000
APT_PACKAGES = {"flite": "flite", "espeak-ng": "espeak-ng"}

# Of 200, 100 being usual. FLAC spends a bit a sample on each doubling of the level.
ESPEAK_AMPLITUDE = 20

Samples = npt.NDArray[np.int16]


class Clip(NamedTuple):
    """One row of the manifest; *voice* is "synthesiser:voice"."""

    path: str
    language: str
    voice: str
    text: str


def main() -> int:
    """Make or check every recording; returns the exit status."""
    arguments = parse_arguments()
    clips = read_manifest(FOLDER / "manifest.tsv")
    if missing := missing_tools(clips):
        packages = " ".join(APT_PACKAGES[tool] for tool in missing)
        return refuse(f"not installed: {', '.join(missing)} (apt-get install {packages})")
    if absent := absent_flite_voices(clips):
        return refuse(f"this flite lacks the voices {', '.join(absent)}; Debian's has them")
    handle = check_clip if arguments.check else write_clip
    results = [handle(clip, arguments.folder / clip.path) for clip in clips]
    return 0 if all(results) else 1


def refuse(reason: str) -> int:
    """Say on stderr why nothing is made; returns the exit status."""
    print(f"make_speech.py: {reason}", file=sys.stderr)
    return 1


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Make the recordings of manifest.tsv with flite and espeak-ng.",
        epilog="Exit status: 0 all made, or all equal; 1 a tool is missing, or a sample differs.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=FOLDER,
        help="where the recordings are (default: the script's own folder)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; compare with the recordings there, sample by sample",
    )
    return parser.parse_args()


def read_manifest(path: Path) -> list[Clip]:
    """Read the rows beneath the manifest's header."""
    with path.open(encoding="utf-8", newline="") as lines:
        # No quoting: a sentence may hold any character but tab and newline.
        _header, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [Clip(*row) for row in rows]


def missing_tools(clips: list[Clip]) -> list[str]:
    """Name the synthesisers that *clips* need and this machine lacks."""
    tools = {clip.voice.partition(":")[0] for clip in clips}
    return sorted(tool for tool in tools if shutil.which(tool) is None)


def absent_flite_voices(clips: list[Clip]) -> list[str]:
    """Name the flite voices that *clips* need and are not there."""
    # Asked for a voice it lacks, flite speaks with another one and exits with 0.
    listing = subprocess.run(["flite", "-lv"], check=True, capture_output=True, text=True)
    voices = {clip.voice.removeprefix("flite:") for clip in clips if "flite:" in clip.voice}
    return sorted(voices - set(listing.stdout.split()))


def speak(clip: Clip) -> Samples:
    """Synthesise *clip*: int16, shape (frames,), mono at 16 kHz."""
    tool, _, voice = clip.voice.partition(":")
    samples: Samples
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch, "speech.wav")
        if tool == "flite":
            command = ["flite", "-voice", voice, "-t", clip.text, "-o", str(wav)]
        else:
            level = str(ESPEAK_AMPLITUDE)
            command = ["espeak-ng", "-v", voice, "-a", level, "-w", str(wav), clip.text]
        subprocess.run(command, check=True)
        samples, rate_hz = soundfile.read(wav, dtype="int16")
    return at_model_rate(samples, rate_hz)


def at_model_rate(samples: Samples, rate_hz: int) -> Samples:
    """Resample to 16 kHz; flite's own 16 kHz stays untouched, bit for bit."""
    if rate_hz == SAMPLE_RATE_HZ:
        return samples
    resampled = soxr.resample(samples.astype(np.float64), rate_hz, SAMPLE_RATE_HZ, "VHQ")
    rounded: Samples = np.rint(resampled).clip(-32768, 32767).astype(np.int16)
    return rounded


def write_clip(clip: Clip, path: Path) -> bool:
    """Make one recording and say how long and large it became."""
    samples = speak(clip)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, SAMPLE_RATE_HZ, subtype="PCM_16", compression_level=1.0)
    duration_s = len(samples) / SAMPLE_RATE_HZ
    print(f"{clip.path:24} {duration_s:6.2f} s {path.stat().st_size:8,} bytes")
    return True


def check_clip(clip: Clip, path: Path) -> bool:
    """Make one recording again and say whether it equals the one at *path*."""
    if not path.exists():
        print(f"{clip.path:24} missing")
        return False
    there, _rate_hz = soundfile.read(path, dtype="int16")
    equal = np.array_equal(there, speak(clip))
    print(f"{clip.path:24} {'equal' if equal else 'DIFFERS'}")
    return equal


if __name__ == "__main__":
    sys.exit(main())
