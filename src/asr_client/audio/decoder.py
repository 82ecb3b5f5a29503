"""What every decoder offers, and the simplest one: samples that are in memory already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from asr_client.audio.waveform import Float32, check_rate
from asr_client.errors import AudioError

__all__ = [
    "LOUDEST_INT16",
    "ArrayDecoder",
    "Block",
    "Decoder",
    "Header",
    "block_frames",
    "downmix",
    "to_int16",
]

Block = npt.NDArray[Any]
"""Shape (frames, channels); int16, int32 or any float, on the header's scale."""

# Samples, all channels counted, decoded at a time: 256 KiB of int16, which stays in the
# processor's cache from decoding to resampling. Larger blocks are slower, much smaller too.
_BLOCK_SAMPLES = 1 << 17

LOUDEST_INT16 = 32767 / 32768

_ACCEPTED = "float32 or float64 in [-1, 1], int16, int32 or uint8"


@dataclass(frozen=True, slots=True)
class Header:
    """
    What a source says of itself before it is decoded.

    Attributes:
        name: The source, for messages.
        sample_rate_hz: Frames per second.
        channels: Samples per frame.
        format: Container and encoding, such as "WAV/PCM_16".
        frames: How many to expect; None if the source does not tell. May be wrong.
        full_scale: The sample value that means 1.0.
        loudest: The loudest sample this encoding can hold, 1.0 being full scale.
        lossy: The encoding approximates its samples, which may then overshoot full scale.
    """

    name: str
    sample_rate_hz: int
    channels: int
    format: str
    frames: int | None = None
    full_scale: float = 1.0
    loudest: float = LOUDEST_INT16
    lossy: bool = False

    def __post_init__(self) -> None:
        check_rate(self.sample_rate_hz, self.name)


class Decoder(Protocol):
    """
    A source, opened.

    Attributes:
        header: What it says of itself.
        truncated: It held less than it promised; known once the blocks have ended.
    """

    header: Header
    truncated: bool

    def blocks(self) -> Iterator[Block]:
        """Yield the samples, once; a block is valid until the next one is asked for."""

    def close(self) -> None:
        """Let go of the library's handle; the file itself belongs to whoever opened it."""


class ArrayDecoder:
    """
    Samples in memory, cut into blocks without a copy of the whole.

    Args:
        samples: Shape (frames,) or (frames, channels).
        sample_rate_hz: Their rate; an array does not know it.

    Raises:
        AudioError: If shape, dtype or rate cannot be audio.
    """

    def __init__(self, samples: npt.NDArray[Any], sample_rate_hz: int | None) -> None:
        if sample_rate_hz is None:
            raise AudioError(
                "array: its sample rate is missing",
                hint="an array does not know its rate: pass it along",
            )
        full_scale = _full_scale(samples.dtype)
        self._samples = _as_columns(samples)
        frames, channels = self._samples.shape
        self.header = Header(
            name="array",
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            format="array",
            frames=frames,
            full_scale=full_scale,
        )
        self.truncated = False

    def blocks(self) -> Iterator[Block]:
        """Yield views; only uint8 is converted."""
        step = block_frames(self.header.channels)
        for start in range(0, len(self._samples), step):
            block = self._samples[start : start + step]
            yield to_int16(block) if block.dtype == np.uint8 else block

    def close(self) -> None:
        """Do nothing: the array is the caller's."""


def downmix(block: Block, full_scale: float) -> Float32:
    """
    Average the channels, as ai4i-core does.

    Args:
        block: Shape (frames, channels), any number of channels; finite.
        full_scale: The value that becomes 1.0.

    Returns:
        float32, shape (frames,), a new array. One channel of int16 comes out exact.

    Source: docs/servers.md, Sources: "ai4i-core"; "Dhruva" takes sum/2, which is wrong for more
    than two channels.
    """
    # Column by column: numpy's mean over a short axis takes ten times as long.
    mono: Float32 = block[:, 0].astype(np.float32)
    for channel in range(1, block.shape[1]):
        mono += block[:, channel]
    divisor = full_scale * block.shape[1]
    if divisor != 1:
        mono /= np.float32(divisor)
    return mono


def block_frames(channels: int) -> int:
    """Frames to decode at a time."""
    return max(1, _BLOCK_SAMPLES // channels)


def to_int16(block: Block) -> npt.NDArray[np.int16]:
    """Unsigned 8-bit samples, silence being 128, on the scale of int16; exact."""
    return (block.astype(np.int16) - 128) << 8


def _full_scale(dtype: np.dtype[Any]) -> float:
    match dtype.kind, dtype.itemsize:
        case "f", _:
            return 1.0
        case ("i", 2) | ("u", 1):
            return 2.0**15
        case "i", 4:
            return 2.0**31
    raise AudioError(
        f"array: samples of dtype {dtype} have no agreed scale", hint=f"convert them to {_ACCEPTED}"
    )


def _as_columns(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if samples.ndim not in (1, 2):
        raise AudioError(
            f"array: shape {samples.shape} is not audio",
            hint="one recording at a time: (frames,) or (frames, channels)",
        )
    if not samples.size:
        raise AudioError(f"array: shape {samples.shape} holds no samples")
    columns = samples[:, np.newaxis] if samples.ndim == 1 else samples
    frames, channels = columns.shape
    if channels > frames:
        raise AudioError(
            f"array: shape {samples.shape} would be {channels} channels of {frames} frames",
            hint="channels come last: transpose it",
        )
    return columns
