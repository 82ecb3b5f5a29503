"""Speech without pauses in loud noise: what looks like a pause there is not cut as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr_client.audio.waveform import Float32
from asr_client.chunking.cutter import Cutter
from asr_client.chunking.options import Chunking

RATE_HZ = 16_000


def read(path: Path) -> Float32:
    """A recording of half of full scale, from its first loud sample to its last."""
    samples, _ = soundfile.read(path, dtype="float32")
    samples *= 0.5 / np.abs(samples).max()
    loud = np.flatnonzero(np.abs(samples) > 0.03)
    return samples[loud[0] : loud[-1] + 1]


def seams(samples: Float32) -> list[str]:
    """How the pieces end, all but the last."""
    cutter = Cutter(RATE_HZ, Chunking(), longest_s=float("inf"))
    cutter.push(samples)
    cutter.finish()
    found = []
    while (piece := cutter.cut()) is not None:
        found.append(piece.seam)
    assert found.pop() == "end"
    return [str(seam) for seam in found]


@pytest.mark.parametrize(
    ("noise_db", "pause_s", "expected"),
    [(-5, 0.0, "overlap"), (0, 0.0, "overlap"), (-15, 0.6, "pause")],
    ids=["unbroken, 5 dB", "unbroken, 0 dB", "pauses, 15 dB"],
)
def test_a_pause_in_doubt_is_heard_twice(
    speech_folder: Path, noise_db: float, pause_s: float, expected: str
) -> None:
    """Noise as loud as speech hides its dips; real pauses in less noise are cut as they are."""
    silence = np.zeros(round(pause_s * RATE_HZ), np.float32)
    clips = [read(path) for path in sorted(speech_folder.glob("*.flac"))]
    speech = np.concatenate([part for clip in clips for part in (clip, silence)])
    loudness = np.sqrt(np.mean(speech**2)) * 10 ** (noise_db / 20)
    noise = np.random.default_rng(1).standard_normal(speech.size).astype(np.float32)
    found = seams(np.clip(speech + noise * loudness, -1, 1).astype(np.float32))
    assert len(found) >= 2
    assert set(found) == {expected}
