"""A recording read block by block: decoded, mixed down, resampled and looked at on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from time import perf_counter
from typing import Self

import numpy as np

from asr_client.audio.decoder import Block, downmix
from asr_client.audio.flaws import describe_flaws
from asr_client.audio.measure import Meter, SilenceMeter
from asr_client.audio.resample import Resampler, frames_at
from asr_client.audio.sources import AudioSource, open_decoder
from asr_client.audio.waveform import Float32, Waveform, check_rate, extremes
from asr_client.errors import AudioError
from asr_client.results import AudioFacts

__all__ = ["AudioStream"]


class AudioStream:
    """
    A recording of any length, in constant memory; for one thread at a time.

    It closes itself at its end and when reading fails; left early, it is to be closed.

    Args:
        source: A path, "-" for standard input, an encoded file as bytes or as a binary file
            object (from where it stands; it is left open), a Waveform, or an array of shape
            (frames,) or (frames, channels): any float in [-1, 1], int16, int32 or uint8.
        source_rate_hz: The rate of an array, 1000..768000; other sources know theirs.
        rate_hz: The rate to be had, 1000..768000; None for the source's own.

    Attributes:
        rate_hz: Rate of what is read.
        expected_samples: How many will come, if the source tells; it may be wrong.
        samples: How many have come so far.
        decode_s: Seconds spent so far on reading, decoding and looking at it.
        resample_s: Seconds spent so far on bringing it to another rate.

    Raises:
        AudioError: If *source* is missing, unreadable, not audio or an array that cannot be audio,
            or its rate is unknown or disagrees with *source_rate_hz*.
    """

    def __init__(
        self, source: AudioSource, *, source_rate_hz: int | None = None, rate_hz: int | None = None
    ) -> None:
        if rate_hz is not None:
            check_rate(rate_hz, "rate_hz")
        began_s = perf_counter()
        self._opened = ExitStack()
        self._decoder = self._opened.enter_context(open_decoder(source, source_rate_hz))
        header = self._decoder.header
        self.rate_hz = rate_hz or header.sample_rate_hz
        frames = header.frames
        self.expected_samples = (
            None if frames is None else frames_at(frames, header.sample_rate_hz, self.rate_hz)
        )
        # What cannot change need not be copied.
        self._is_frozen = isinstance(source, Waveform)
        self._blocks = self._read_on()
        self._meter = Meter(header)
        self._silence = SilenceMeter(self.rate_hz)
        self._is_resampled = header.sample_rate_hz != self.rate_hz
        # At equal rates the resampler passes samples on unchanged.
        self._resampler = Resampler(header.sample_rate_hz, self.rate_hz)
        self._facts: AudioFacts | None = None
        self._is_closed = False
        self.samples = 0
        self.resample_s = 0.0
        self.decode_s = perf_counter() - began_s

    def read(self) -> Float32 | None:
        """
        Read on.

        Returns:
            float32, shape (samples,), at least one, in [-1, 1], at `rate_hz`. It stays as it is,
            and may be a read-only part of the source. None at the end, from then on.

        Raises:
            AudioError: If reading fails, a sample is not finite or on another scale, or there is
                none at all, or none is left at `rate_hz`; or it was closed before its end.
        """
        if self._facts is not None:
            return None
        if self._is_closed:
            raise AudioError(f"{self._decoder.header.name}: it was closed before its end")
        began_s, resampled_s = perf_counter(), self.resample_s
        try:
            return next(self._blocks, None)
        except BaseException:
            self.close()
            raise
        finally:
            self.decode_s += perf_counter() - began_s - (self.resample_s - resampled_s)

    @property
    def facts(self) -> AudioFacts:
        """What was seen on the way; at the end only, as a file tells late that it is cut short."""
        if self._facts is None:
            raise RuntimeError("a stream has its facts when all of it was read")
        return self._facts

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of it may spoil the transcript; lower case, no full stop. At the end only."""
        return describe_flaws(self.facts, self.rate_hz, lossy=self._decoder.header.lossy)

    def close(self) -> None:
        """Let go of what was opened here; once is enough, again does no harm."""
        self._is_closed = True
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_on(self) -> Iterator[Float32]:
        for block in self._decoder.blocks():
            samples = self._taken(block)
            if samples.size:
                yield samples
        samples = self._clipped(self._resampler.finish())
        if samples.size:
            yield samples
        self._end()

    def _taken(self, block: Block) -> Float32:
        header = self._decoder.header
        self._meter.add(block)  # before the downmix, which would hide a channel that is clipped
        mono = block[:, 0] if self._is_frozen else downmix(block, header.full_scale)
        self._meter.add_mono(mono)
        began_s = perf_counter()
        samples = self._resampler.push(mono)
        self.resample_s += perf_counter() - began_s
        return self._clipped(samples)

    def _clipped(self, samples: Float32) -> Float32:
        # Without a filter nothing is louder than the source.
        may_exceed = self._is_resampled or self._meter.peak > 1
        if may_exceed and samples.size and max(map(abs, extremes(samples))) > 1:
            samples = np.clip(samples, -1.0, 1.0)
        self._silence.add(samples)
        self.samples += samples.size
        return samples

    def _end(self) -> None:
        header, meter = self._decoder.header, self._meter
        if not meter.frames:
            raise AudioError(f"{header.name}: it holds no samples")
        if not self.samples:
            raise AudioError(
                f"{header.name}: {meter.frames} samples at {header.sample_rate_hz} Hz "
                f"leave none at {self.rate_hz} Hz"
            )
        self._facts = AudioFacts(
            duration_s=meter.frames / header.sample_rate_hz,
            sample_rate_hz=header.sample_rate_hz,
            channels=header.channels,
            format=header.format,
            resampled_from_hz=header.sample_rate_hz if self._is_resampled else None,
            peak=meter.peak,
            clipped_ratio=meter.clipped_ratio,
            silent_ratio=self._silence.ratio,
            dc_offset=meter.dc_offset,
            truncated=self._decoder.truncated,
        )
        self.close()
