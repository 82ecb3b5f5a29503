"""Sources: every way to hand in a recording, and every way to get it wrong."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from asr_client.audio import Waveform, load_audio, prepare
from asr_client.errors import AudioError

RATE_HZ = 16_000
TONE = (np.sin(np.arange(RATE_HZ) / 5) * 9_000).astype(np.int16)
EXPECTED = (TONE / np.float32(32768)).astype(np.float32)


def wav_of(samples: np.ndarray, rate_hz: int = RATE_HZ, subtype: str = "PCM_16") -> bytes:
    """A WAV file in memory."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format="WAV", subtype=subtype)
    return file.getvalue()


WAV = wav_of(TONE)


class Trickle(io.RawIOBase):
    """A file that cannot seek and gives at most 1000 bytes at a time, like a socket."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self._file.read(min(1_000, len(buffer)))
        buffer[: len(data)] = data
        return len(data)


class Pieces(Trickle):
    """A file that can seek, yet gives at most 1000 bytes at a time, like a remote object."""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class ReadOnly:
    """The least of a file: read() and nothing else."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


class Failing(io.BytesIO):
    """A file on a disk that dies in the middle of the samples."""

    def __init__(self, data: bytes, failure: BaseException) -> None:
        super().__init__(data)
        self._failure = failure

    def readinto(self, buffer) -> int:
        if self.tell() >= 44:
            raise self._failure
        return super().readinto(buffer)


@pytest.mark.parametrize(
    "wrap",
    [bytes, bytearray, memoryview, io.BytesIO, Trickle, Pieces, ReadOnly],
)
def test_load_audio_takes_encoded_bytes_in_any_wrapping(wrap) -> None:
    """The samples are the same, bit for bit, wherever the bytes come from."""
    wave = load_audio(wrap(WAV))
    assert EXPECTED.tobytes() == wave.samples.tobytes()
    assert wave.sample_rate_hz == RATE_HZ


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_load_audio_takes_a_path_as_text_or_object(tmp_path, kind) -> None:
    """The ending of the name does not matter: libsndfile is never told it."""
    path = tmp_path / "नमस्ते.raw"
    path.write_bytes(WAV)
    assert EXPECTED.tobytes() == load_audio(kind(path)).samples.tobytes()


def test_load_audio_reads_a_file_from_where_it_stands_and_leaves_it_open() -> None:
    """A recording may be embedded in a larger file."""
    file = io.BytesIO(b"prefix" + WAV)
    file.seek(6)
    assert EXPECTED.tobytes() == load_audio(file).samples.tobytes()
    assert not file.closed


def test_load_audio_takes_the_path_of_a_directory_entry(tmp_path) -> None:
    """os.scandir() over bytes gives path objects made of bytes."""
    (tmp_path / "a.wav").write_bytes(WAV)
    with os.scandir(os.fsencode(tmp_path)) as entries:
        assert [EXPECTED.size] == [load_audio(entry).samples.size for entry in entries]


def test_load_audio_reads_a_named_pipe(tmp_path) -> None:
    """`asr-transcribe <(sox ...)` hands in a path that cannot seek."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(WAV,))
    writer.start()
    wave = load_audio(path)
    writer.join()
    assert EXPECTED.tobytes() == wave.samples.tobytes()


def test_load_audio_reads_standard_input_when_told_a_dash() -> None:
    """A real process, a real pipe."""
    code = "from asr_client.audio import load_audio; print(load_audio('-'))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=WAV, capture_output=True, check=True)
    assert done.stdout == b"Waveform(1.000 s, 16000 Hz)\n"


def test_load_audio_returns_a_waveform_as_it_is() -> None:
    """No copy of what cannot change."""
    wave = Waveform(EXPECTED, RATE_HZ)
    assert load_audio(wave) is wave


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0.5, -1], np.float16), [0.5, -1]),
        (np.array([0.5, -1], np.float32), [0.5, -1]),
        (np.array([0.5, -1], np.float64), [0.5, -1]),
        (np.array([0.5, -1], ">f4"), [0.5, -1]),
        (np.array([16384, -32768], np.int16), [0.5, -1]),
        (np.array([16384, -32768], ">i2"), [0.5, -1]),
        (np.array([2**30, -(2**31)], np.int32), [0.5, -1]),
        (np.array([192, 0], np.uint8), [0.5, -1]),
        (np.array([[0.5], [-1]]), [0.5, -1]),
        (np.array([[16384, 0], [0, -32768]], np.int16), [0.25, -0.5]),
        (np.array([[192, 128], [0, 128]], np.uint8), [0.25, -0.5]),
        (np.array([9, 0.5, 9, -1])[1::2], [0.5, -1]),
    ],
)
def test_load_audio_scales_an_array_by_its_dtype(samples, expected) -> None:
    """Full scale is 1.0, whatever counted it."""
    assert load_audio(samples, sample_rate_hz=8_000).samples.tolist() == expected


@pytest.mark.parametrize("dtype", [bool, object, complex, np.int8, np.uint16, np.int64])
def test_load_audio_refuses_a_dtype_without_an_agreed_scale(dtype) -> None:
    """The error says what to convert to."""
    with pytest.raises(AudioError, match=r"no agreed scale .convert them to float32"):
        load_audio(np.zeros(4, dtype), sample_rate_hz=8_000)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((), "one recording at a time"),
        ((2, 3, 4), "one recording at a time"),
        ((0,), "no samples"),
        ((0, 2), "no samples"),
        ((2, 16_000), "transpose"),
        ((1, 2), "transpose"),
    ],
)
def test_load_audio_refuses_an_array_of_a_wrong_shape(shape, says) -> None:
    """A batch or channels first would turn into noise."""
    with pytest.raises(AudioError, match=says):
        load_audio(np.zeros(shape), sample_rate_hz=8_000)


def test_load_audio_refuses_an_array_without_a_rate() -> None:
    """To guess 16 kHz is how recordings come out too slow."""
    with pytest.raises(AudioError, match="rate is missing"):
        load_audio(np.zeros(4))


@pytest.mark.parametrize("rate_hz", [0, 999, 768_001, 16_000.5])
def test_load_audio_refuses_a_rate_out_of_range(rate_hz) -> None:
    """Whole numbers from 1000 to 768000."""
    with pytest.raises(AudioError, match="sample rate"):
        load_audio(np.zeros(4), sample_rate_hz=rate_hz)


@pytest.mark.parametrize("source", [WAV, Waveform(EXPECTED, RATE_HZ)])
def test_load_audio_refuses_a_rate_that_disagrees_with_the_source(source) -> None:
    """One of the two is wrong, and only the caller knows which."""
    with pytest.raises(AudioError, match="16000 Hz, not 8000 Hz"):
        load_audio(source, sample_rate_hz=8_000)
    assert load_audio(source, sample_rate_hz=RATE_HZ).sample_rate_hz == RATE_HZ


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_load_audio_says_where_a_sample_is_not_finite(bad) -> None:
    """The place helps to find what made it, even past the first block."""
    samples = np.zeros((400_000, 2), np.float32)
    samples[320_000, 1] = bad
    with pytest.raises(AudioError, match=r"at 20\.000 s is NaN"):
        load_audio(samples, sample_rate_hz=RATE_HZ)
    with pytest.raises(AudioError, match=r"at 20\.000 s is NaN"):
        load_audio(wav_of(samples, subtype="FLOAT"))


@pytest.mark.parametrize(
    ("peak", "says"),
    [(9_000, "divide by 32768"), (2e9, "divide by 2147483648"), (1.6, "scale them"), (1e300, "")],
)
def test_load_audio_refuses_floats_on_another_scale(peak, says) -> None:
    """They would be a roar to the model; the hint guesses what they were."""
    with pytest.raises(AudioError, match=rf"full scale being 1.*{says}"):
        load_audio(np.array([0.0, -peak]), sample_rate_hz=RATE_HZ)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "0 bytes: it is empty"),
        (b"hello, world", "12 bytes: this is not audio but text"),
        ("नमस्ते ".encode() * 1_000, "not audio but text"),
        ("hello".encode("utf-16"), "not audio but text"),
        (b"#EXTM3U\nhttp://example.org/a.mp3\n", "not audio but text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "not audio but a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "not audio but a JPEG image"),
        (b"PK\x03\x04" + bytes(99), "not audio but a ZIP archive"),
        (bytes(5_000), "no audio that libsndfile or FFmpeg would know"),
        (WAV[:30], "cannot be decoded"),
        (WAV[:44], "holds no samples"),
        (b"fLaC" + bytes(500), "cannot be decoded"),
        (b"OggS" + bytes(500), "cannot be decoded"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(500), "cannot be decoded"),
        (b"\x1aE\xdf\xa3" + bytes(500), "cannot be decoded"),
    ],
)
def test_load_audio_says_what_it_found_when_bytes_are_not_audio(data, says) -> None:
    """One line, with the finding in it; never a library's own exception."""
    with pytest.raises(AudioError, match=says) as caught:
        load_audio(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("/no/such/file.wav", "/no/such/file.wav: no such file"),
        ("https://example.org/a.wav", "download it first"),
        ("a\0b.wav", "cannot be opened"),
        ("a\nb.wav", r"'a\\nb.wav': no such file"),
        (os.curdir, "this is a directory"),
        (io.StringIO("text"), "text mode.*'rb'"),
        (ReadOnly(b""), "audio file: it is empty"),
        (None, "type NoneType is no audio source"),
        ([0.0, 0.5], "type list is no audio source"),
        ((RATE_HZ, EXPECTED), "type tuple is no audio source"),
    ],
)
def test_load_audio_says_what_to_do_when_the_source_is_wrong(source, says) -> None:
    """The message names the source, and the hint the way out."""
    with pytest.raises(AudioError, match=says) as caught:
        load_audio(source)
    assert "\n" not in str(caught.value)


def test_load_audio_refuses_a_closed_file() -> None:
    """The library's ValueError becomes ours, with its cause kept."""
    file = io.BytesIO(WAV)
    file.close()
    with pytest.raises(AudioError, match="closed") as caught:
        load_audio(file)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_load_audio_says_so_when_permission_is_denied(tmp_path) -> None:
    """Not "no such file", not "not audio"."""
    path = tmp_path / "secret.wav"
    path.write_bytes(WAV)
    path.chmod(0)
    with pytest.raises(AudioError, match="permission denied"):
        load_audio(path)


def test_load_audio_reports_a_failing_disk_instead_of_a_short_recording() -> None:
    """To libsndfile, the exception would be the end of the file."""
    with pytest.raises(AudioError, match="reading it failed: disk on fire") as caught:
        load_audio(Failing(WAV, OSError(5, "disk on fire")))
    assert isinstance(caught.value.__cause__, OSError)


def test_load_audio_lets_ctrl_c_through() -> None:
    """A KeyboardInterrupt inside libsndfile's callback would otherwise be printed and lost."""
    with pytest.raises(KeyboardInterrupt):
        load_audio(Failing(WAV, KeyboardInterrupt()))


def test_prepare_checks_the_models_rate_before_it_opens_anything() -> None:
    """A wrong setting is not the recording's fault."""
    with pytest.raises(AudioError, match="rate_hz: a sample rate of 0"):
        prepare("/no/such/file", rate_hz=0)
