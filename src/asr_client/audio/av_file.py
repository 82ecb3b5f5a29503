"""M4A, WebM, AAC, AMR and the sound of videos, through PyAV (FFmpeg); imported only when needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import numpy as np

from asr_client.audio.decoder import Block, Header, block_frames, to_int16
from asr_client.audio.messages import reason
from asr_client.audio.rewindable import RewindableFile
from asr_client.audio.sniff import Container
from asr_client.errors import AudioError

__all__ = ["AvDecoder"]

# PyAV throws FFmpeg's errors and, for what it cannot represent, built-in ones.
_AV_ERRORS = (av.FFmpegError, ValueError, LookupError, RuntimeError)

_FULL_SCALE = {"i2": 2.0**15, "u1": 2.0**15, "i4": 2.0**31, "f4": 1.0, "f8": 1.0}


class AvDecoder:
    """
    A recording that FFmpeg knows.

    Args:
        file: The encoded bytes.
        container: What the first bytes say; FFmpeg is not left to guess.

    Raises:
        AudioError: If FFmpeg cannot open it, or it has no audio track.
    """

    def __init__(self, file: RewindableFile, container: Container) -> None:
        self._file = file
        self.truncated = False
        file.seek(0)
        try:
            # Names of tracks may be in any encoding; they are not ours to judge.
            self._av = av.open(file, "r", container.demuxer, metadata_errors="replace")
        except _AV_ERRORS as error:
            raise self._undecodable(error) from error
        try:
            self._frames = self._decode()
            # Only a decoded frame tells the truth: the header of HE-AAC gives half the rate.
            self._first = next(self._frames, None)
            if self._first is None:
                raise AudioError(f"{file.label}: it holds no audio")
            self.header = _header(self._first, file.label, container.name, self._stream)
        except BaseException:
            self.close()
            raise

    def blocks(self) -> Iterator[Block]:
        """
        Yield new arrays of the track's own sample type.

        Raises:
            AudioError: If rate or channels change on the way, or reading fails.
        """
        pending, frames = [_columns(self._first)], 0
        for frame in self._frames:
            self._check_unchanged(frame)
            pending.append(_columns(frame))
            frames += frame.samples
            # A codec's frame is some 20 ms: too little to be worth a resampler's call.
            if frames >= block_frames(self.header.channels):
                yield np.concatenate(pending)
                pending, frames = [], 0
        if pending:
            yield np.concatenate(pending)

    def close(self) -> None:
        """Close FFmpeg's handles."""
        self._av.close()

    def _decode(self) -> Iterator[Any]:
        stream = self._stream
        decoded = False
        try:
            for frame in self._av.decode(stream):
                if frame.samples:
                    decoded = True
                    yield frame
        except _AV_ERRORS as error:
            if not decoded:
                raise self._undecodable(error) from error
            self.truncated = True
        self._file.check()

    @property
    def _stream(self) -> Any:
        stream = self._av.streams.best("audio")
        if stream is None:
            raise AudioError(f"{self._file.label}: it has no audio track")
        return stream

    def _check_unchanged(self, frame: Any) -> None:
        expected = self.header.sample_rate_hz, self.header.channels
        if (frame.sample_rate, frame.layout.nb_channels) != expected:
            raise AudioError(
                f"{self._file.label}: rate or channels change in the middle",
                hint="convert it to WAV or FLAC first",
            )

    def _undecodable(self, error: Exception) -> AudioError:
        self._file.check()
        return AudioError(
            f"{self._file.label}: it cannot be decoded: {reason(error)}",
            hint="it is damaged, or of a kind that FFmpeg does not read",
        )


def _header(frame: Any, label: str, container: str, stream: Any) -> Header:
    seconds = stream.duration * stream.time_base if stream.duration else 0
    codec = stream.codec_context.codec
    return Header(
        name=label,
        sample_rate_hz=frame.sample_rate,
        channels=frame.layout.nb_channels,
        format=f"{container}/{stream.codec_context.name}",
        frames=int(seconds * frame.sample_rate) or None,
        full_scale=_FULL_SCALE[frame.to_ndarray().dtype.str[1:]],
        # WavPack is both; its files are lossless as a rule, and a doubt about the scale is right.
        lossy=codec.lossy and not codec.lossless,
    )


def _columns(frame: Any) -> Block:
    samples: Block = frame.to_ndarray()
    channels = frame.layout.nb_channels
    columns = samples.T if frame.format.is_planar else samples.reshape(-1, channels)
    return to_int16(columns) if columns.dtype == np.uint8 else columns
