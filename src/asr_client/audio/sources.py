"""What the caller handed in, opened: every source leads to a decoder or to one clear error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from asr_client.audio.decoder import ArrayDecoder, Decoder
from asr_client.audio.messages import printable_name, reason
from asr_client.audio.rewindable import BinaryReadable, RewindableFile, open_rewindable
from asr_client.audio.sniff import HEAD_BYTES, Container, identify, mistaken_for
from asr_client.audio.waveform import Waveform, check_rate
from asr_client.errors import AudioError

__all__ = ["AudioSource", "open_decoder"]

AudioSource: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryReadable
    | npt.NDArray[Any]
    | Waveform
)
"""A path, "-" for standard input, an encoded file in memory or opened, or samples."""

_TAKEN = "a path, '-', bytes, a binary file, a numpy array or a Waveform"
_INSTALL_AV = "pip install 'asr-client[av]'"


@contextmanager
def open_decoder(source: AudioSource, sample_rate_hz: int | None) -> Iterator[Decoder]:
    """
    Open *source*; what was opened here is closed on leaving.

    Args:
        source: See AudioSource. File objects are read from where they stand and left open.
        sample_rate_hz: The rate of an array. Anything else knows its own, and must agree.

    Raises:
        AudioError: If there is no audio to be had from *source*.
    """
    if sample_rate_hz is not None:
        check_rate(sample_rate_hz, "sample_rate_hz")
    with ExitStack() as stack:
        decoder = _decoder(source, sample_rate_hz, stack)
        stack.callback(decoder.close)
        header = decoder.header
        if sample_rate_hz not in (None, header.sample_rate_hz):
            raise AudioError(
                f"{header.name}: it has {header.sample_rate_hz} Hz, not {sample_rate_hz} Hz",
                hint="leave the rate out: it is only for arrays",
            )
        yield decoder


def _decoder(source: AudioSource, sample_rate_hz: int | None, stack: ExitStack) -> Decoder:
    if isinstance(source, Waveform):
        return ArrayDecoder(source.samples, source.sample_rate_hz)
    if isinstance(source, np.ndarray):
        return ArrayDecoder(source, sample_rate_hz)
    return _decode(_rewindable(source, stack))


def _rewindable(source: Any, stack: ExitStack) -> RewindableFile:
    match source:
        case "-":
            # A replaced sys.stdin may lack the buffer, and a service's may be None.
            stdin = getattr(sys.stdin, "buffer", None) or sys.stdin
            if stdin is None:
                raise AudioError("standard input: it is closed")
            return open_rewindable(stdin, "standard input", stack)
        case str() | os.PathLike():
            path = os.fsdecode(source)
            return open_rewindable(stack.enter_context(_open(path)), printable_name(path), stack)
        case bytes() | bytearray() | memoryview():
            data = bytes(source)  # no copy of bytes; what may change under us is copied once
            return open_rewindable(io.BytesIO(data), f"{len(data)} bytes", stack)
    if not callable(getattr(source, "read", None)):
        raise AudioError(
            f"an object of type {type(source).__name__} is no audio source", hint=f"pass {_TAKEN}"
        )
    return open_rewindable(source, printable_name(getattr(source, "name", None)), stack)


def _decode(file: RewindableFile) -> Decoder:
    head = file.read_at(0, HEAD_BYTES)
    file.check()
    if not head:
        raise AudioError(f"{file.label}: it is empty")
    container = identify(head)
    if container is None and (what := mistaken_for(head)):
        raise AudioError(f"{file.label}: this is not audio but {what}")
    if container and not container.in_soundfile:
        return _av_decoder(file, container)
    return _soundfile_decoder(file, container)


def _soundfile_decoder(file: RewindableFile, container: Container | None) -> Decoder:
    try:
        from asr_client.audio.sound_file import SoundFileDecoder
    except (ImportError, OSError) as error:  # OSError: soundfile without its libsndfile
        raise AudioError(
            f"{file.label}: soundfile cannot be loaded: {reason(error)}",
            hint="pip install --force-reinstall soundfile",
        ) from error
    try:
        return SoundFileDecoder(file)
    except AudioError as error:
        if container is None:
            raise AudioError(
                f"{file.label}: this is no audio that libsndfile or FFmpeg would know",
                hint="convert it to WAV or FLAC",
            ) from error
        # Such as a WAV that holds AAC, or an OGG that holds Speex.
        try:
            return _av_decoder(file, container)
        except AudioError as second:
            raise AudioError(error.message, hint=second.hint) from error


def _av_decoder(file: RewindableFile, container: Container) -> Decoder:
    try:
        from asr_client.audio.av_file import AvDecoder
    except ImportError as error:
        raise AudioError(
            f"{file.label}: {container.name} audio needs PyAV, which is not installed",
            hint=_INSTALL_AV,
        ) from error
    return AvDecoder(file, container)


def _open(path: str) -> io.BufferedReader:
    label = printable_name(path)
    try:
        return Path(path).open("rb")
    except FileNotFoundError as error:
        hint = "download it first" if "://" in path else "check the path"
        raise AudioError(f"{label}: no such file", hint=hint) from error
    except IsADirectoryError as error:
        hint = "pass the files in it one by one"
        raise AudioError(f"{label}: this is a directory", hint=hint) from error
    except PermissionError as error:
        raise AudioError(
            f"{label}: permission denied", hint="look at its owner and mode"
        ) from error
    except (OSError, ValueError) as error:
        raise AudioError(f"{label}: it cannot be opened: {reason(error)}") from error
