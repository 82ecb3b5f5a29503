"""A recording, piece by piece, in constant memory."""

from __future__ import annotations

import threading

import numpy as np

from asr_client.audio.sources import AudioSource
from asr_client.audio.stream import AudioStream
from asr_client.audio.waveform import Waveform, extremes, freeze
from asr_client.chunking.cutter import Cutter
from asr_client.chunking.lengths import Lengths
from asr_client.chunking.options import Chunking
from asr_client.chunking.piece import Piece
from asr_client.errors import AudioError
from asr_client.results import AudioFacts

__all__ = ["PieceReader"]


class PieceReader:
    """
    Reads a recording piece by piece, no further ahead than the next cut needs.

    Nothing is opened before the first piece is asked for. It closes itself at the end of the
    recording and when reading fails.

    Args:
        source: As for AudioStream.
        source_rate_hz: The rate of an array; other sources know theirs.
        rate_hz: The model's rate in Hz.
        chunking: How to cut.
        longest_s: What the model or the gateway takes at most, in seconds; infinity without limit.
        normalize_peak: Divide by the largest absolute sample. A recording that is one piece is
            divided by its own, others piece by piece by the largest one up to the piece's end,
            since what comes after is not known yet: a quiet beginning may come out louder, by
            comparison, than what follows.

    Attributes:
        longest_s: As above; it may be changed between two pieces.
    """

    def __init__(  # noqa: PLR0913 - what a recording needs, and what the model takes
        self,
        source: AudioSource,
        *,
        source_rate_hz: int | None = None,
        rate_hz: int,
        chunking: Chunking,
        longest_s: float,
        normalize_peak: bool = False,
    ) -> None:
        self.longest_s = longest_s
        self._source = source
        self._source_rate_hz = source_rate_hz
        self._rate_hz = rate_hz
        self._chunking = chunking
        self._normalize_peak = normalize_peak
        self._cutter = Cutter(rate_hz, chunking, longest_s)
        self._stream: AudioStream | None = None
        self._peak = 0.0
        # Whoever gives up does not wait for a thread that reads.
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_whole = False

    def next(self) -> Piece | None:
        """
        Read the next piece.

        Returns:
            It, in [-1, 1] at the model's rate; None after the last one, whose seam is "end".

        Raises:
            AudioError: As AudioStream does; or it was closed before its end.
        """
        try:
            with self._lock:
                return self._next()
        except BaseException:
            self._is_closed = True
            raise
        finally:
            if self._is_closed:
                self._let_go()

    @property
    def is_whole(self) -> bool:
        """Whether the first piece is all of the recording; known when it was read."""
        return self._is_whole

    @property
    def samples(self) -> int:
        """How many samples came so far, at the model's rate; not added up from pieces."""
        return 0 if self._stream is None else self._stream.samples

    @property
    def facts(self) -> AudioFacts:
        """What was seen in the recording; at the end only."""
        return self._opened().facts

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of it may spoil the transcript; lower case, no full stop. At the end only."""
        return self._opened().warnings

    @property
    def decode_s(self) -> float:
        """Seconds spent so far on reading, decoding and looking at it."""
        return 0.0 if self._stream is None else self._stream.decode_s

    @property
    def resample_s(self) -> float:
        """Seconds spent so far on bringing it to the model's rate."""
        return 0.0 if self._stream is None else self._stream.resample_s

    def close(self) -> None:
        """
        Let go of the source; at any time, from any thread, as often as one likes.

        If a thread is reading just now, it fails at the next block, and lets go.
        """
        self._is_closed = True
        self._let_go()

    def _let_go(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                if self._stream is not None:
                    self._stream.close()
                self._forget_samples()
            finally:
                self._lock.release()

    def _forget_samples(self) -> None:
        """Let whoever keeps this reader, such as an error's traceback, keep no samples with it."""
        was_finished = self._cutter.is_finished
        self._cutter = Cutter(self._rate_hz, self._chunking, self.longest_s)
        if was_finished:
            self._cutter.finish()

    def _opened(self) -> AudioStream:
        if self._stream is None:
            raise RuntimeError("a recording has its facts when all of it was read")
        return self._stream

    def _next(self) -> Piece | None:
        is_first = self._stream is None
        if self._stream is None:
            self._check_open()
            self._stream = AudioStream(
                self._source, source_rate_hz=self._source_rate_hz, rate_hz=self._rate_hz
            )
            if (wave := self._ready_wave()) is not None:
                return self._whole(self._stream, wave)
        piece = self._next_cut(self._stream)
        if piece is None:
            return None
        if is_first:
            self._is_whole = piece.seam == "end"
        return self._scaled(piece)

    def _next_cut(self, stream: AudioStream) -> Piece | None:
        cutter = self._cutter
        cutter.longest_s = self.longest_s
        while (piece := cutter.cut()) is None and not cutter.is_finished:
            self._check_open()
            block = stream.read()
            if block is None:
                cutter.finish()
            else:
                cutter.push(block)
        return piece

    def _check_open(self) -> None:
        if self._is_closed:
            raise AudioError("the recording was closed before its end")

    def _ready_wave(self) -> Waveform | None:
        """Take what is as the model wants it as it is; what is long is cut all the same."""
        source = self._source
        if not isinstance(source, Waveform) or source.sample_rate_hz != self._rate_hz:
            return None
        lengths = Lengths.of(self._chunking, self._rate_hz, self.longest_s)
        is_ready = source.samples.size <= lengths.whole and not self._normalize_peak
        return source if is_ready and max(map(abs, extremes(source.samples))) <= 1 else None

    def _whole(self, stream: AudioStream, wave: Waveform) -> Piece:
        while stream.read() is not None:
            self._check_open()
        self._cutter.finish()
        self._is_whole = True
        return Piece(0, wave, "end")

    def _scaled(self, piece: Piece) -> Piece:
        if not self._normalize_peak:
            return piece
        samples = piece.wave.samples
        self._peak = max(self._peak, *map(abs, extremes(samples)))
        if not self._peak:
            return piece
        wave = Waveform(freeze(samples / np.float32(self._peak)), self._rate_hz)
        return Piece(piece.first_sample, wave, piece.seam)
