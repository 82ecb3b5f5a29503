"""Transcript -> text to write: plain text, JSON, subtitles, table. Pure."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from asr_client.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asr_client.results import Transcript

__all__ = ["FORMATS", "format_transcript"]

FORMATS: tuple[str, ...] = ("txt", "json", "srt", "vtt", "tsv")


def format_transcript(
    transcript: Transcript,
    format: str,  # noqa: A002 - the word callers and the command line use
    *,
    source: str | None = None,
) -> str:
    """
    Write *transcript* as *format*; the result ends in exactly one newline.

    Args:
        transcript: What was recognised.
        format: One of FORMATS. "txt" is the text alone; "json" one line with every field, and
            rtfx, the audio seconds per wall second; "srt" and "vtt" subtitles; "tsv" start and
            end in milliseconds and text, as Whisper writes it.
        source: Name of the recording; "json" carries it first, the others have no place for it.

    Raises:
        ConfigError: If *format* is none of FORMATS.

    Source: https://www.w3.org/TR/webvtt1/ (vtt); SubRip has no standard, its cues follow common
        players; openai/whisper, whisper/utils.py, WriteTSV (tsv).
    """
    match format:
        case "txt":
            return transcript.text.strip() + "\n"
        case "json":
            return _json(transcript, source)
        case "srt":
            return _srt(transcript)
        case "vtt":
            return _vtt(transcript)
        case "tsv":
            return _tsv(transcript)
    raise ConfigError(f"unknown format {format!r}; known: {', '.join(FORMATS)}")


def _json(transcript: Transcript, source: str | None) -> str:
    fields: dict[str, object] = {} if source is None else {"source": source}
    fields |= dataclasses.asdict(transcript)
    fields["rtfx"] = transcript.rtfx
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _srt(transcript: Transcript) -> str:
    cues = (
        # SubRip knows no escapes, so an arrow inside the words becomes a real arrow.
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n"
        + "\n".join(lines).replace("-->", "\N{RIGHTWARDS ARROW}")
        for number, (start, end, lines) in enumerate(_cues(transcript), start=1)
    )
    return "\n\n".join(cues) + "\n"


def _vtt(transcript: Transcript) -> str:
    cues = (
        f"{_clock(start, '.')} --> {_clock(end, '.')}\n" + _escaped("\n".join(lines))
        for start, end, lines in _cues(transcript)
    )
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def _tsv(transcript: Transcript) -> str:
    rows = (
        f"{start}\t{end}\t{' '.join(' '.join(lines).split())}"
        for start, end, lines in _cues(transcript)
    )
    return "\n".join(["start\tend\ttext", *rows]) + "\n"


def _cues(transcript: Transcript) -> Iterator[tuple[int, int, list[str]]]:
    """Yield start and end in ms and the lines that hold words, for segments that have any."""
    for segment in transcript.segments:
        # A blank line would end the cue, and its remainder be read as the next one.
        lines = [line.strip() for line in segment.text.splitlines() if line.strip()]
        if lines:
            start_ms = _milliseconds(segment.start_s)
            yield start_ms, max(start_ms, _milliseconds(segment.end_s)), lines


def _milliseconds(seconds: float) -> int:
    """Round to whole ms before splitting into fields, so that 59.9995 s carries to a minute."""
    return max(0, round(seconds * 1000))


def _clock(milliseconds: int, decimal_mark: str) -> str:
    """Write HH:MM:SS,mmm; hours take more digits where they need them."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{milliseconds:03}"


def _escaped(text: str) -> str:
    """Escape what WebVTT reads as markup; ">" too, for "-->" must not stand in a cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
