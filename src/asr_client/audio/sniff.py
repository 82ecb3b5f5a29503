"""What the first bytes of a file say it is. Pure: bytes in, names out."""

from __future__ import annotations

import codecs
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

_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_NEVER_IN_TEXT = bytes([*range(9), *range(14, 27)])

# The four bytes that begin an MPEG frame: twelve set bits (eleven in MPEG 2.5), then the layer,
# where 0 means AAC, then bit rate and sampling rate, where all ones do not exist.
_ADTS_MASK, _ADTS_SYNC = 0xFFF6_0000, 0xFFF0_0000
_MP3_SYNC = 0xFFE0_0000
_MP3_LAYER, _MP3_BIT_RATE, _MP3_SAMPLING_RATE = 0x0006_0000, 0x0000_F000, 0x0000_0C00


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
    if _is_text(head):
        return None
    frame = int.from_bytes(head[:4].ljust(4, b"\0"))
    if frame & _ADTS_MASK == _ADTS_SYNC:
        return _ADTS
    plausible = (
        frame & _MP3_SYNC == _MP3_SYNC
        and frame & _MP3_LAYER
        and frame & _MP3_BIT_RATE != _MP3_BIT_RATE
        and frame & _MP3_SAMPLING_RATE != _MP3_SAMPLING_RATE
    )
    return _MP3 if plausible else None


def _is_text(head: bytes) -> bool:
    if head.startswith(_UTF16_BOMS):
        return b"\0" in head  # its first mark would pass for an MPEG frame
    try:
        # Incremental, for the end of the head may cut a character in two.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return len(head.translate(None, _NEVER_IN_TEXT)) == len(head)
