"""Formats: real files of every kind we promise, whole and damaged."""

from __future__ import annotations

import io
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from asr_client.audio import load_audio, prepare
from asr_client.audio.sniff import identify, mistaken_for
from asr_client.audio.wav_header import data_chunk
from asr_client.errors import AudioError

av = pytest.importorskip("av")

RATE_HZ = 16_000
TONE = np.sin(np.arange(2 * RATE_HZ) * 2 * np.pi * 440 / RATE_HZ).astype(np.float32) / 2
STEREO = np.stack([TONE, TONE / 2], axis=1)

EXACT = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "PCM_U8"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAV", "ULAW"),
    ("WAV", "ALAW"),
    ("WAV", "IMA_ADPCM"),
    ("WAVEX", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("AIFF", "PCM_16"),
    ("AIFF", "PCM_S8"),
    ("CAF", "PCM_16"),
    ("CAF", "ALAC_16"),
    ("W64", "PCM_16"),
    ("RF64", "PCM_16"),
    ("AU", "PCM_16"),
    ("NIST", "PCM_16"),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
THROUGH_AV = [
    ("mp4", "aac", "MP4/aac"),
    ("ipod", "aac", "MP4/aac"),
    ("mov", "alac", "MP4/alac"),
    ("webm", "libopus", "Matroska/opus"),
    ("matroska", "pcm_s16le", "Matroska/pcm_s16le"),
    ("matroska", "pcm_u8", "Matroska/pcm_u8"),
    ("adts", "aac", "AAC/aac"),
]


def encode(
    container: str, subtype: str, samples: np.ndarray = STEREO, rate_hz: int = RATE_HZ
) -> bytes:
    """A file in memory, written by libsndfile."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=container, subtype=subtype)
    return file.getvalue()


def encode_av(
    container: str,
    codec: str,
    rate_hz: int = 48_000,
    layout: str = "mono",
    samples: np.ndarray = TONE,
) -> bytes:
    """Two seconds of the tone in memory, written by FFmpeg."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate_hz, layout=layout)
        codec_format, size = stream.codec_context.format, stream.codec_context.frame_size
        resampler = av.AudioResampler(codec_format, layout, rate_hz, size or None)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], "fltp", "mono")
        frame.sample_rate = RATE_HZ
        for ready in [*resampler.resample(frame), *resampler.resample(None), None]:
            output.mux(stream.encode(ready))
    return file.getvalue()


@pytest.mark.parametrize(("container", "subtype"), EXACT + LOSSY)
def test_load_audio_decodes_what_libsndfile_decodes(container, subtype) -> None:
    """Block by block gives what one read of everything gives, to the last bit of a float32."""
    data = encode(container, subtype)
    whole, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32")
    wave = load_audio(data)
    np.testing.assert_allclose(wave.samples, whole.mean(axis=1), atol=2**-24)
    assert wave.sample_rate_hz == rate_hz == RATE_HZ


@pytest.mark.parametrize(("container", "subtype"), EXACT + LOSSY)
def test_prepare_names_the_format(container, subtype) -> None:
    """Container and encoding are facts of the recording; a whole file is not called truncated."""
    facts = prepare(encode(container, subtype), rate_hz=RATE_HZ).facts
    assert facts.format == f"{container}/{subtype}"
    assert (facts.channels, facts.truncated) == (2, False)


@pytest.mark.parametrize(("container", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16")])
@pytest.mark.parametrize("frames", [1, 131_071, 131_072, 131_073])
def test_load_audio_is_bit_exact_when_mono_and_16_bit(container, subtype, frames) -> None:
    """int16 / 32768, also where blocks begin and end."""
    samples = np.random.default_rng(7).integers(-(2**15), 2**15, frames).astype(np.int16)
    wave = load_audio(encode(container, subtype, samples))
    assert (samples / 32768).astype(np.float32).tobytes() == wave.samples.tobytes()


@pytest.mark.parametrize(("container", "subtype"), LOSSY)
def test_prepare_clips_a_little_overshoot_of_a_lossy_encoding_in_silence(
    speech_folder, container, subtype
) -> None:
    """Speech at full scale comes out of such decoders a little beyond it, and is none the worse."""
    speech, rate_hz = soundfile.read(speech_folder / "en-kal16-numbers.flac", dtype="float32")
    loud = speech / np.abs(speech).max()
    ready = prepare(encode(container, subtype, loud, rate_hz), rate_hz=RATE_HZ)
    assert (ready.facts.peak > 1) == (subtype != "OPUS")
    assert ready.wave.samples.max() <= 1
    assert ready.warnings == ()


def test_prepare_warns_of_the_same_overshoot_when_the_encoding_is_exact() -> None:
    """A file of floats beyond full scale was made too loud, by however little."""
    (warning,) = prepare(encode("WAV", "FLOAT", TONE * 2.04), rate_hz=RATE_HZ).warnings[:1]
    assert "1.02 times full scale" in warning


@pytest.mark.parametrize(
    "encoded",
    [
        lambda noise: encode("MP3", "MPEG_LAYER_III", noise),
        lambda noise: encode("OGG", "VORBIS", noise),
        lambda noise: encode_av("adts", "aac", samples=noise),
    ],
    ids=["MP3", "Vorbis", "AAC"],
)
def test_prepare_takes_a_lossy_file_whatever_its_overshoot(encoded) -> None:
    """Clipped noise comes back at twice full scale: that is loud, and no other scale."""
    noise = np.sign(np.random.default_rng(7).standard_normal(RATE_HZ)) * 0.999
    ready = prepare(encoded(noise.astype(np.float32)), rate_hz=RATE_HZ)
    assert ready.facts.peak > 1.5
    assert (ready.wave.samples.min(), ready.wave.samples.max()) == (-1, 1)
    assert any("times full scale" in warning for warning in ready.warnings)
    assert any("clipped" in warning for warning in ready.warnings)


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
def test_prepare_brings_a_telephone_recording_to_the_models_rate(subtype) -> None:
    """8 kHz G.711 is what call centres have."""
    ready = prepare(encode("WAV", subtype, TONE, 8_000), rate_hz=RATE_HZ)
    assert ready.wave.samples.size == 2 * TONE.size
    assert ready.facts.resampled_from_hz == 8_000
    assert any("telephone band" in warning for warning in ready.warnings)


@pytest.mark.parametrize(("container", "codec", "name"), THROUGH_AV)
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_prepare_decodes_what_only_ffmpeg_knows(container, codec, name, layout) -> None:
    """The tone comes back, at its length but for the codec's padding."""
    ready = prepare(encode_av(container, codec, layout=layout), rate_hz=RATE_HZ)
    assert ready.facts.format == name
    assert (ready.facts.sample_rate_hz, ready.facts.channels) == (48_000, 1 + (layout == "stereo"))
    assert abs(ready.facts.duration_s - 2) < 0.1
    spectrum = np.abs(np.fft.rfft(ready.wave.samples))
    peak_hz = spectrum.argmax() * RATE_HZ / ready.wave.samples.size
    assert abs(peak_hz - 440) < 1
    # FFmpeg spreads mono over two channels at equal power, each 3 dB below.
    amplitude = 0.5 if layout == "mono" else 0.5 / 2**0.5
    assert abs(ready.wave.samples).max() == pytest.approx(amplitude, rel=0.1)


def test_load_audio_takes_amr_when_ffmpeg_can_decode_it() -> None:
    """Voice notes of older phones; the decoder takes frames of zeros, 20 ms each."""
    quiet = b"#!AMR\n" + 50 * (b"\x3c" + bytes(31))
    wave = load_audio(quiet)
    assert (wave.sample_rate_hz, wave.duration_s) == (8_000, 1.0)


def test_load_audio_takes_a_wav_whose_codec_only_ffmpeg_knows() -> None:
    """Where libsndfile gives up, FFmpeg is asked."""
    data = encode_av("wav", "adpcm_yamaha")
    with pytest.raises(soundfile.SoundFileError):
        soundfile.info(io.BytesIO(data))
    assert abs(load_audio(data).duration_s - 2) < 0.2


def test_load_audio_says_so_when_a_video_has_no_sound() -> None:
    """A silent film is a common upload."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
        picture = av.VideoFrame(32, 32, "yuv420p")
        for ready in [picture, None]:
            output.mux(stream.encode(ready))
    with pytest.raises(AudioError, match="it has no audio track"):
        load_audio(file.getvalue())


def test_load_audio_names_the_extra_when_av_is_missing(tmp_path) -> None:
    """In a process without PyAV, the message says what to install, on one line."""
    path = tmp_path / "note.m4a"
    path.write_bytes(encode_av("ipod", "aac"))
    code = (
        "import sys; sys.modules['av'] = None\n"
        "from asr_client.audio import load_audio\n"
        "from asr_client.errors import AudioError\n"
        "try: load_audio(sys.argv[1])\n"
        "except AudioError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    says = "MP4 audio needs PyAV, which is not installed (pip install 'asr-client[av]')"
    assert done.stdout == f"{path}: {says}\n"


def test_audio_does_not_import_av_until_it_is_needed() -> None:
    """A WAV costs no FFmpeg; samples in memory not even libsndfile."""
    code = (
        "import sys, numpy\n"
        "from asr_client.audio import load_audio\n"
        "load_audio(numpy.zeros(9), sample_rate_hz=8000); print('soundfile' in sys.modules)\n"
        "load_audio(sys.stdin.buffer.read()); print('av' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=encode("WAV", "PCM_16"), capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"False"]


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64", "W64", "FLAC"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.98])
def test_prepare_tells_when_a_file_is_cut_short(container, share) -> None:
    """The samples that are there come out, with a warning that some are not."""
    samples = np.random.default_rng(3).integers(-9_000, 9_000, 100_000).astype(np.int16)
    data = encode(container, "PCM_16", samples)
    ready = prepare(data[: int(len(data) * share)], rate_hz=RATE_HZ)
    kept = ready.wave.samples.size
    assert ready.facts.truncated
    assert any("cut short" in warning for warning in ready.warnings)
    # FLAC comes in frames of 4096, of which the last is lost.
    assert 0 <= share * samples.size - kept <= (4_200 if container == "FLAC" else 100)
    assert (samples[:kept] / 32768).astype(np.float32).tobytes() == ready.wave.samples.tobytes()


@pytest.mark.parametrize("size", [0, 2**32 - 1, 2**31 - 1, 0x7FFFF000])
def test_prepare_reads_to_the_end_when_the_size_is_a_placeholder(size) -> None:
    """Writers into a pipe do not know the size; that is not a truncation, nor is 0 empty."""
    data = bytearray(encode("WAV", "PCM_16", TONE))
    struct.pack_into("<I", data, 40, size)
    ready = prepare(data, rate_hz=RATE_HZ)
    assert (ready.wave.samples.size, ready.facts.truncated) == (TONE.size, False)


def test_prepare_reads_a_flac_stream_that_does_not_tell_its_length() -> None:
    """STREAMINFO may leave the number of samples at 0, which promises nothing."""
    data = bytearray(encode("FLAC", "PCM_16", TONE))
    data[21] &= 0xF0  # 36 bits, of which the upper four share a byte with the bits per sample
    data[22:26] = bytes(4)
    ready = prepare(data, rate_hz=RATE_HZ)
    assert (ready.wave.samples.size, ready.facts.truncated) == (TONE.size, False)


def test_load_audio_refuses_a_file_whose_header_tells_an_impossible_rate() -> None:
    """A damaged header must not ask for a terabyte of upsampled audio."""
    data = bytearray(encode("WAV", "PCM_16", TONE))
    struct.pack_into("<I", data, 24, 7)
    with pytest.raises(AudioError, match="sample rate of 7 Hz is not possible"):
        load_audio(data)


def test_data_chunk_is_found_behind_other_chunks() -> None:
    """Editors put lists of odd length first; chunks begin on even offsets."""
    extra = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = encode("WAV", "PCM_16", TONE)
    data = data[:36] + extra + data[36:]
    chunk = data_chunk(lambda at, size: data[at : at + size])
    assert chunk is not None
    assert (chunk.offset, chunk.size_bytes) == (44 + len(extra), 2 * TONE.size)
    assert (chunk.is_cut_short(len(data)), chunk.is_cut_short(len(data) - 1)) == (False, True)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"fLaC" + bytes(60)])
def test_data_chunk_is_none_when_there_is_none(data) -> None:
    """Damage is for the decoder to report."""
    assert data_chunk(lambda at, size: data[at : at + size]) is None


def test_data_chunk_ends_when_chunks_never_do() -> None:
    """Endless chunks of nothing must not hang the caller."""
    zeros = b"LIST" + bytes(4)
    head = b"RIFF\0\0\0\0WAVE" + bytes(4)
    assert data_chunk(lambda at, size: head if at == 0 else zeros[:size]) is None


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xfb\x90\x64", "MP3"),
        (b"\xff\xf3\x40\xc4", "MP3"),
        (b"ID3\x04\x00", "MP3"),
        (b"\xff\xf1\x4c\x40", "AAC"),
        (b"\xff\xf9\x4c\x40", "AAC"),
        (b"\x00\x00\x00\x14ftypqt  ", "MP4"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "AVI"),
        (b"#!AMR-WB\n", "AMR"),
    ],
)
def test_identify_names_the_container(head, name) -> None:
    """The first bytes decide, never the name of the file."""
    container = identify(head)
    assert container is not None
    assert container.name == name


@pytest.mark.parametrize("head", [b"", b"\xff", b"\xff\xfb\xf0\x00", b"\xff\xfb\x9c\x00", b"RIFF"])
def test_identify_knows_nothing_of_anything_else(head) -> None:
    """A bit rate of 15 or a sampling rate of 3 is no MPEG frame."""
    assert identify(head) is None


def test_mistaken_for_leaves_audio_alone() -> None:
    """No file that we can read is taken for something else."""
    files = [encode(container, subtype) for container, subtype in EXACT + LOSSY]
    assert {""} == {mistaken_for(data[:4096]) for data in files if identify(data[:4096])}
