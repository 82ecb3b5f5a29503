"""Reading piece by piece: any source, constant memory, closed whatever happens."""

from __future__ import annotations

import io
import math
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from asr_client.audio import Waveform, load_audio, prepare
from asr_client.chunking.options import Chunking
from asr_client.chunking.piece import Piece
from asr_client.chunking.reader import PieceReader
from asr_client.errors import AudioError
from spoken_blocks import RATE_HZ, STRETCHES, sound, stretches

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "samples" / "speech" / "en-rms-library.flac"
SMALL = Chunking(longest_s=3.0, whole_s=3.5, shortest_s=0.5, overlap_s=0.4)


def reader_of(source: Any, rate_hz: int = RATE_HZ, **options: Any) -> PieceReader:
    """Make a reader without limits; an array has the model's rate."""
    if isinstance(source, np.ndarray):
        options.setdefault("source_rate_hz", rate_hz)
    return PieceReader(
        source, rate_hz=rate_hz, **{"chunking": SMALL, "longest_s": math.inf, **options}
    )


def read_all(reader: PieceReader) -> list[Piece]:
    """Read to the end."""
    return list(iter(reader.next, None))


def joined(pieces: list[Piece]) -> np.ndarray:
    """Put pieces together again."""
    samples = np.empty(pieces[-1].end_sample, np.float32)
    for piece in pieces:
        samples[piece.first_sample : piece.end_sample] = piece.wave.samples
    return samples


def wav_of(samples: np.ndarray, rate_hz: int) -> bytes:
    """Encode samples of any shape as 16-bit WAV."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


class CountingFile(io.BytesIO):
    """Counts what was read of it."""

    read_bytes = 0

    def readinto(self, buffer: Any, /) -> int:
        """Read, and count."""
        size = super().readinto(buffer)
        self.read_bytes += size
        return size


@settings(max_examples=40, deadline=None)
@given(parts=STRETCHES.filter(bool), rate_hz=st.sampled_from([1_000, 8_000, 1_337]))
def test_pieces_are_what_prepare_makes(parts, rate_hz) -> None:
    """There is one way from a source to samples, and a piece is a part of what it leads to."""
    samples = stretches(parts)
    if samples.size < 2:
        return
    reader = reader_of(samples, rate_hz, source_rate_hz=RATE_HZ)
    pieces = read_all(reader)
    ready = prepare(samples, source_rate_hz=RATE_HZ, rate_hz=rate_hz)
    assert joined(pieces).tobytes() == ready.wave.samples.tobytes()
    assert reader.samples == pieces[-1].end_sample == ready.wave.samples.size
    assert (reader.facts, reader.warnings) == (ready.facts, ready.warnings)
    assert reader.is_whole == (len(pieces) == 1)
    assert reader.next() is None


@pytest.mark.parametrize(
    "wrap",
    [
        lambda path: path,
        str,
        Path.read_bytes,
        lambda path: io.BytesIO(path.read_bytes()),
        load_audio,
        lambda path: load_audio(path).samples,
    ],
    ids=["path", "text", "bytes", "file", "Waveform", "array"],
)
def test_pieces_are_the_same_from_every_source(wrap) -> None:
    """A real recording, whichever way it comes in."""
    reader = reader_of(wrap(LIBRARY), 16_000)
    pieces = read_all(reader)
    assert np.array_equal(joined(pieces), load_audio(LIBRARY).samples)
    assert len(pieces) >= 4
    assert not reader.is_whole
    assert reader.facts.duration_s == pytest.approx(12.04, abs=0.01)


def test_recording_up_to_whole_s_is_one_piece() -> None:
    """It is all of it, and known as such."""
    reader = reader_of(sound("speech", 3.5))
    piece = reader.next()
    assert piece is not None
    assert (piece.first_sample, piece.end_sample, piece.seam) == (0, 3_500, "end")
    assert reader.is_whole
    assert reader.facts.duration_s == 3.5
    assert reader.next() is None


def test_short_waveform_is_not_copied() -> None:
    """As prepare() leaves it alone."""
    wave = Waveform(sound("speech", 3.0), RATE_HZ)
    reader = reader_of(wave)
    piece = reader.next()
    assert piece is not None
    assert piece.wave is wave
    assert (reader.is_whole, reader.samples, reader.next()) == (True, 3_000, None)


def test_long_waveform_is_cut() -> None:
    """A limit of the model counts for what is in memory, too."""
    wave = Waveform(sound("speech", 3.0), RATE_HZ)
    pieces = read_all(reader_of(wave, longest_s=2.0))
    assert all(piece.wave.duration_s <= 2 for piece in pieces)
    assert np.array_equal(joined(pieces), wave.samples)


def test_waveform_beyond_full_scale_is_clipped() -> None:
    """As prepare() clips it."""
    wave = Waveform(np.full(2_000, 1.25, np.float32), RATE_HZ)
    piece = reader_of(wave).next()
    assert piece is not None
    assert piece.wave.samples.max() == 1


def test_reader_opens_nothing_before_it_is_asked(tmp_path) -> None:
    """Who makes it does no I/O; who asks gets the error, and it stays one."""
    reader = reader_of(tmp_path / "missing.wav")
    with pytest.raises(AudioError, match="no such file"):
        reader.next()
    with pytest.raises(AudioError, match="closed before its end"):
        reader.next()


def test_reader_reads_no_further_than_the_next_cut_needs() -> None:
    """Ten minutes of audio, of which the first piece needs seconds."""
    file = CountingFile(wav_of(np.tile(sound("speech", 6), 100), 16_000))
    reader = reader_of(file, 16_000)
    whole = len(file.getvalue())
    assert reader.next() is not None
    # Blocks of 256 KiB, eight seconds, are the least that is read.
    assert file.read_bytes < whole * 0.6
    reader.close()
    assert not file.closed


@pytest.mark.parametrize("kind", ["array", "Waveform", "file"])
def test_memory_does_not_grow_with_the_recording(kind, tmp_path) -> None:
    """Three minutes and twelve need the same, a few pieces and what is decoded at a time."""

    def peak_bytes(minutes: int) -> int:
        # Stored as the source wants it before the counting begins.
        samples = np.tile(sound("speech", 6), minutes * 10)
        source: Any = samples
        if kind == "Waveform":
            source = Waveform(samples, RATE_HZ)
        elif kind == "file":
            source = tmp_path / f"{minutes}.wav"
            soundfile.write(source, samples, RATE_HZ)
        reader = reader_of(source)
        tracemalloc.start()
        while reader.next() is not None:
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert reader.samples == samples.size
        return peak

    peak_bytes(1)  # loads what is loaded once
    assert peak_bytes(12) < 1.1 * peak_bytes(3)


def test_limit_may_be_learned_on_the_way() -> None:
    """A 413 for the first piece makes all that follow smaller."""
    reader = reader_of(sound("speech", 20))
    first = reader.next()
    reader.longest_s = 1.0
    rest = read_all(reader)
    assert first is not None
    assert first.wave.duration_s > 1
    assert all(piece.wave.duration_s <= 1 for piece in rest)
    assert np.array_equal(joined([first, *rest]), sound("speech", 20))


def test_whole_recording_is_scaled_by_its_own_peak() -> None:
    """As prepare() does."""
    samples = sound("tone", 3)
    piece = reader_of(samples, normalize_peak=True).next()
    ready = prepare(samples, source_rate_hz=RATE_HZ, rate_hz=RATE_HZ, normalize_peak=True)
    assert piece is not None
    assert piece.wave.samples.tobytes() == ready.wave.samples.tobytes()


def test_pieces_are_scaled_by_the_loudest_sample_so_far() -> None:
    """The peak of what comes later is not known yet; nothing ever exceeds full scale."""
    quiet, loud = sound("tone", 4) / 10, sound("tone", 4)
    samples = np.concatenate((np.zeros(4_000, np.float32), quiet, loud, quiet))
    pieces = read_all(reader_of(samples, normalize_peak=True))
    peaks = [float(np.abs(piece.wave.samples).max()) for piece in pieces]
    assert peaks[0] == 0
    assert max(peaks) == 1
    assert peaks[-1] == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"", "empty"),
        (bytes(range(256)) * 4, "no audio that"),
        (np.empty(0, np.float32), "no samples"),
        (np.full(20_000, np.nan, np.float32), "NaN"),
        (object(), "no audio source"),
        (wav_of(np.zeros(0), 16_000), "no samples"),
    ],
    ids=["nothing", "noise", "empty array", "NaN", "object", "empty file"],
)
def test_what_is_no_recording_is_one_clear_error(source, says) -> None:
    """The same as prepare() has."""
    with pytest.raises(AudioError, match=says):
        reader_of(source).next()


def test_damage_after_some_pieces_is_an_error_then() -> None:
    """What was read before is good; what comes after is not made up."""
    samples = np.tile(sound("speech", 6), 60)
    samples[200_000] = np.nan
    reader = reader_of(samples)
    assert reader.next() is not None
    with pytest.raises(AudioError, match=r"the sample at 200\.000 s is NaN"):
        read_all(reader)
    reader.close()


def test_facts_are_refused_before_the_end() -> None:
    """Half a truth would be taken for all of it."""
    reader = reader_of(sound("speech", 20))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            _ = reader.facts
        reader.next()
    reader.close()


def test_close_is_for_any_time(tmp_path) -> None:
    """Before, between, after, twice; a closed reader is no short recording."""
    path = tmp_path / "talk.wav"
    soundfile.write(path, np.tile(sound("speech", 6), 60), RATE_HZ)
    for read in range(3):
        reader = reader_of(path)
        for _ in range(read):
            assert reader.next() is not None
        reader.close()
        reader.close()
        with pytest.raises(AudioError, match="closed before its end"):
            reader.next()
    reader = reader_of(path)
    read_all(reader)
    reader.close()
    assert reader.next() is None


class HeldFile(io.BytesIO):
    """Stops in the middle of a read until it is let go."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.is_armed = False

    def readinto(self, buffer: Any, /) -> int:
        """Wait in the middle."""
        if self.is_armed:
            self.reached.set()
            self.go_on.wait(10)
        return super().readinto(buffer)


def test_close_does_not_wait_for_a_thread_that_reads() -> None:
    """Who gives up goes; the thread fails at its next block and lets go of the source."""
    file = HeldFile(wav_of(np.tile(sound("speech", 6), 100), RATE_HZ))
    reader = reader_of(file)
    assert reader.next() is not None
    file.is_armed = True
    failures: list[BaseException] = []

    def read() -> None:
        try:
            read_all(reader)
        except AudioError as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert file.reached.wait(10)
    reader.close()
    file.go_on.set()
    thread.join(10)
    assert not thread.is_alive()
    assert "closed before its end" in str(failures[0])
