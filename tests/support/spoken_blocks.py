"""Audio for tests of cutting: speech-like, silent, noisy, at a low rate so that it is soon made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

__all__ = ["KINDS", "RATE_HZ", "STRETCHES", "in_blocks", "sound", "stretches"]

RATE_HZ = 1_000

KINDS = ("silence", "hush", "speech", "tone", "clicks", "roar")

STRETCHES = st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0.001, 6.0)), max_size=8)


def sound(kind: str, seconds: float) -> np.ndarray:
    """Make one stretch; always the same one."""
    size = round(seconds * RATE_HZ)
    noise = np.random.default_rng(size).standard_normal(size)
    times_s = np.arange(size) / RATE_HZ
    samples = {
        "silence": np.zeros(size),
        "hush": 0.001 * noise,
        # Four syllables a second, none of them silent.
        "speech": 0.2 * noise * (0.55 + 0.45 * np.sin(8 * np.pi * times_s)),
        "tone": 0.5 * np.sin(600 * np.pi * times_s),
        "clicks": np.where(np.arange(size) % 500 == 0, 1.0, 0.0),
        "roar": 2.0 * noise,
    }[kind]
    return samples.clip(-1, 1).astype(np.float32)


def stretches(parts: Sequence[tuple[str, float]]) -> np.ndarray:
    """Join stretches."""
    nothing = np.empty(0, np.float32)
    return np.concatenate([nothing, *(sound(kind, seconds) for kind, seconds in parts)])


def in_blocks(samples: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    """Cut into blocks of these sizes, again and again; empty ones among them do no harm."""
    blocks, at, turn = [], 0, 0
    while at < samples.size:
        size = sizes[turn % len(sizes)]
        blocks.append(samples[at : at + size])
        at, turn = at + size, turn + 1
    return blocks
