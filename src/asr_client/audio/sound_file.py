"""WAV, FLAC, OGG, MP3, AIFF, CAF and their like, through libsndfile, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile

from asr_client.audio.decoder import LOUDEST_INT16, Block, Header, block_frames
from asr_client.audio.messages import reason
from asr_client.audio.rewindable import RewindableFile
from asr_client.audio.wav_header import data_chunk
from asr_client.errors import AudioError

__all__ = ["SoundFileDecoder"]

# Encodings whose samples all fit int16: reading them as such is exact, several times faster
# than as float32, and one callback per block instead of one per 8 KiB.
_FIT_INT16 = frozenset(
    {"PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"}
)

# Of the lossy encodings, those whose decoders are not held to full scale.
_LOSSY = frozenset({"VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"})

# The loudest sample of encodings that stop short of 16-bit full scale: ITU-T G.711 for the laws.
_LOUDEST = {
    "PCM_S8": 127 / 128,
    "PCM_U8": 127 / 128,
    "ULAW": 32124 / 32768,
    "ALAW": 32256 / 32768,
}

_UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's SF_COUNT_MAX: a FLAC stream that does not tell


class _ForwardOnly(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
    """
    A sound file that is read from beginning to end.

    soundfile seeks after every read. On FLAC that decodes a frame twice, and near the end of
    a file cut short it fails and takes the samples just read with it.
    """

    def seekable(self) -> bool:
        return False


class SoundFileDecoder:
    """
    A recording that libsndfile knows.

    Args:
        file: The encoded bytes.

    Raises:
        AudioError: If libsndfile cannot open it.
    """

    def __init__(self, file: RewindableFile) -> None:
        self._file = file
        self.truncated = _is_cut_short(file)
        file.seek(0)
        try:
            self._sound = _ForwardOnly(file)
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            raise self._undecodable(error) from error
        self.header = _header(self._sound, file.label)

    def blocks(self) -> Iterator[Block]:
        """
        Yield views of one buffer, int16 or float32.

        Raises:
            AudioError: If not even the beginning can be decoded, or reading fails.
        """
        buffer = _buffer(self._sound)
        decoded = 0
        try:
            while len(block := self._read(buffer)):
                decoded += len(block)
                yield block
        except soundfile.SoundFileError as error:
            rest = _written(buffer)
            if not decoded and not len(rest):
                raise self._undecodable(error) from error
            self.truncated = True
            if len(rest):
                yield rest
            return
        # FLAC's STREAMINFO is a promise; other formats only estimate their frames.
        if self._sound.format == "FLAC" and decoded < (self.header.frames or 0):
            self.truncated = True

    def close(self) -> None:
        """Close libsndfile's handle."""
        self._sound.close()

    def _read(self, buffer: Block) -> Block:
        if buffer.dtype == np.float32:
            buffer.fill(np.nan)  # for _written()
        try:
            block: Block = self._sound.read(out=buffer)
        finally:
            self._file.check()
        return block

    def _undecodable(self, error: Exception) -> AudioError:
        self._file.check()
        text = getattr(error, "error_string", None) or reason(error)
        return AudioError(
            f"{self._file.label}: it cannot be decoded: {text}",
            hint="it is damaged, or of a kind that libsndfile does not read",
        )


def _is_cut_short(file: RewindableFile) -> bool:
    chunk = data_chunk(file.read_at)
    if chunk is None:
        return False
    if chunk.size_bytes == 0 and chunk.size_field is not None:
        # A zero makes libsndfile find no audio; the largest number means "to the end".
        file.patch(chunk.size_field, b"\xff\xff\xff\xff")
    return chunk.is_cut_short(file.size_bytes())


def _header(sound: Any, name: str) -> Header:
    return Header(
        name=name,
        sample_rate_hz=sound.samplerate,
        channels=sound.channels,
        format=f"{sound.format}/{sound.subtype}",
        frames=None if sound.frames == _UNKNOWN_FRAMES else sound.frames,
        full_scale=2.0**15 if _fits_int16(sound) else 1.0,
        loudest=_LOUDEST.get(sound.subtype, LOUDEST_INT16),
        lossy=sound.subtype in _LOSSY,
    )


def _buffer(sound: Any) -> Block:
    dtype = np.int16 if _fits_int16(sound) else np.float32
    return np.empty((block_frames(sound.channels), sound.channels), dtype)


def _fits_int16(sound: Any) -> bool:
    # FLAC can break off in the middle, and only floats can show where: see _written().
    return sound.subtype in _FIT_INT16 and sound.format != "FLAC"


def _written(buffer: Block) -> Block:
    """The frames that a failed read has decoded all the same; libsndfile does not say how many."""
    if buffer.dtype != np.float32:
        return buffer[:0]
    missing = np.isnan(buffer[:, -1])
    return buffer[: int(missing.argmax())] if missing.any() else buffer
