"""A recording of the corpus, and its padding to a bucket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from asr_client.audio import Waveform
from asr_client.audio.waveform import freeze
from asr_client.errors import ConfigError

__all__ = ["Clip", "check_memory", "pad_clips"]

_MOST_BYTES = 1 << 30
_SAMPLE_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """
    One recording.

    Attributes:
        name: Unique in its corpus: the path as the manifest or the folder has it, or a made name.
        language: Our code, or what the manifest says where it is none of ours; empty if unknown.
        text: What is said in it; empty if nobody knows.
        wave: The speech, at the model's rate, without padding.
        padding: Samples of silence that are sent after it.
    """

    name: str
    language: str
    text: str
    wave: Waveform
    padding: int = 0

    @property
    def audio_s(self) -> float:
        """Seconds of speech."""
        return self.wave.duration_s

    @property
    def padded_s(self) -> float:
        """Seconds of audio that are sent."""
        return self.sent_samples / self.wave.sample_rate_hz

    @property
    def sent_samples(self) -> int:
        """Samples that are sent: the size that a server's dynamic batcher compares."""
        return self.wave.samples.size + self.padding

    def padded_wave(self) -> Waveform:
        """Put the silence behind the speech: a copy, unless there is none."""
        if not self.padding:
            return self.wave
        silence = np.zeros(self.padding, np.float32)
        joined = np.concatenate([self.wave.samples, silence])
        return Waveform(freeze(joined), self.wave.sample_rate_hz)


def pad_clips(clips: Iterable[Clip], bucket_s: float) -> list[Clip]:
    """
    Pad each clip to the next multiple of *bucket_s* seconds; what is a multiple stays.

    Args:
        clips: Of one rate.
        bucket_s: Length of the bucket; 0 pads nothing.
    """
    return [replace(clip, padding=_padding(clip, bucket_s)) for clip in clips]


def _padding(clip: Clip, bucket_s: float) -> int:
    bucket = round(bucket_s * clip.wave.sample_rate_hz)
    return -clip.wave.samples.size % bucket if bucket else 0


def check_memory(samples: int, rate_hz: int) -> None:
    """
    Refuse a corpus that would fill the memory of each worker.

    Args:
        samples: How many it has so far, or will have.
        rate_hz: Their rate.

    Raises:
        ConfigError: If they need more than 1 GiB as float32.
    """
    if samples * _SAMPLE_BYTES > _MOST_BYTES:
        hours = _MOST_BYTES / _SAMPLE_BYTES / rate_hz / 3600
        raise ConfigError(
            f"the corpus needs more than 1 GiB of memory in every worker: {hours:.1f} h of audio "
            f"at {rate_hz} Hz",
            hint="list fewer recordings in a manifest, or name the languages that are needed",
        )
