"""What the first bytes of a file say it is. Pure: bytes in, names out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEAD_BYTES", "Container", "identify", "mistaken_for"]

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Container:
    """
    A kind of audio file.

    Attributes:
        name: What people call it.
        demuxer: FFmpeg's name for it. Always passed along: left to guess, FFmpeg takes a
            playlist for audio and opens the files and addresses written in it.
        in_soundfile: libsndfile reads it, so that PyAV is not needed.
    """

    name: str
    demuxer: str
    in_soundfile: bool = True


_WAV = Container("WAV", "wav")
_W64 = Container("W64", "w64")
_AIFF = Container("AIFF", "aiff")
_AU = Container("AU", "au")
_MP3 = Container("MP3", "mp3")
_NIST = Container("NIST SPHERE", "nistsphere")
_MP4 = Container("MP4", "mov", in_soundfile=False)
_ADTS = Container("AAC", "aac", in_soundfile=False)

# Every (offset, bytes) of a row must match.
_SIGNATURES: tuple[tuple[Container, tuple[tuple[int, bytes], ...]], ...] = (
    (_WAV, ((0, b"RIFF"), (8, b"WAVE"))),
    (_WAV, ((0, b"RIFX"), (8, b"WAVE"))),
    (_WAV, ((0, b"RF64"), (8, b"WAVE"))),
    (_WAV, ((0, b"BW64"), (8, b"WAVE"))),
    (_W64, ((0, b"riff\x2e\x91\xcf\x11"),)),
    (Container("FLAC", "flac"), ((0, b"fLaC"),)),
    (Container("OGG", "ogg"), ((0, b"OggS"),)),
    (_AIFF, ((0, b"FORM"), (8, b"AIFF"))),
    (_AIFF, ((0, b"FORM"), (8, b"AIFC"))),
    (Container("CAF", "caf"), ((0, b"caff"),)),
    (_AU, ((0, b".snd"),)),
    (_AU, ((0, b"dns."),)),
    (_NIST, ((0, b"NIST_1A"),)),
    (_MP3, ((0, b"ID3"),)),
    (_MP4, ((4, b"ftyp"),)),
    (_MP4, ((4, b"moov"),)),
    (_MP4, ((4, b"mdat"),)),
    (_MP4, ((4, b"wide"),)),
    (Container("Matroska", "matroska", in_soundfile=False), ((0, b"\x1aE\xdf\xa3"),)),
    (Container("AMR", "amr", in_soundfile=False), ((0, b"#!AMR"),)),
    (Container("WMA", "asf", in_soundfile=False), ((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),)),
    (Container("AVI", "avi", in_soundfile=False), ((0, b"RIFF"), (8, b"AVI "))),
    (Container("FLV", "flv", in_soundfile=False), ((0, b"FLV\x01"),)),
    (Container("WavPack", "wv", in_soundfile=False), ((0, b"wvpk"),)),
    (Container("MPEG-TS", "mpegts", in_soundfile=False), ((0, b"G"), (188, b"G"), (376, b"G"))),
)

_MISTAKES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for"),
    (b"\x93NUMPY", "a numpy array file: numpy.load() it and pass the array"),
)

_TEXT_BOMS = (b"\xff\xfe", b"\xfe\xff")


def identify(head: bytes) -> Container | None:
    """
    Name the container that begins with *head*.

    Args:
        head: The first bytes; 4096 are plenty.

    Returns:
        The container, or None for what no rule knows; libsndfile may still know it.

    Source: the formats' own specifications; MPEG sync words from ISO 11172-3 2.4.1.3 and
    ISO 13818-7 6.2.
    """
    for container, marks in _SIGNATURES:
        if all(head[at : at + len(mark)] == mark for at, mark in marks):
            return container
    return _mpeg(head)


def mistaken_for(head: bytes) -> str:
    """Say what *head* begins when it is certainly not audio: "a PNG image", "text"; else ""."""
    for mark, what in _MISTAKES:
        if head.startswith(mark):
            return what
    return "text" if _is_text(head) else ""


def _mpeg(head: bytes) -> Container | None:
    # Twelve set bits begin a frame. Of the bits after them, a layer of 0 means AAC; a bit
    # rate of 15 or a sampling rate of 3 do not exist, which spares most chance matches.
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or _is_text(head):
        return None
    if head[1] & 0xF6 == 0xF0:
        return _ADTS
    layer, bit_rate, sample_rate = head[1] & 0x06, head[2] >> 4, head[2] >> 2 & 0x03
    return _MP3 if layer and bit_rate < 15 and sample_rate < 3 else None


def _is_text(head: bytes) -> bool:
    if head.startswith(_TEXT_BOMS):
        return b"\x00" in head[2:]  # UTF-16; its first mark would pass for an MPEG frame
    try:
        head[:-3].decode() if len(head) == HEAD_BYTES else head.decode()
    except UnicodeDecodeError:
        # A character cut in two by the end of the head is no reason to doubt the rest.
        return False
    return not any(byte < 9 or 13 < byte < 27 for byte in head)
