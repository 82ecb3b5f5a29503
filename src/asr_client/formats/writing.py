"""Transcript -> text to write: plain text, JSON, subtitles, table. Pure."""

from __future__ import annotations

import dataclasses
import json

from asr_client.errors import ConfigError
from asr_client.formats.cues import cues_of, milliseconds
from asr_client.results import GAP_TEXT, Transcript

__all__ = ["ENCODING_ERRORS", "FORMATS", "format_transcript"]

FORMATS: tuple[str, ...] = ("txt", "json", "srt", "vtt", "tsv")

# What becomes of characters that UTF-8 cannot hold: names of files may have some, "json" tells the
# recording's, and as an escape it stays valid JSON.
ENCODING_ERRORS = "backslashreplace"

_ESTIMATED = (
    "NOTE\nOf a stretch with several cues only the start of the first and the end of the last are\n"
    "known. The times between are estimated from the lengths of the texts."
)


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
        format: One of FORMATS. "txt" is the text alone; "json" one line with every field, rtfx
            (the audio seconds per wall second) and is_complete; "srt" and "vtt" subtitles; "tsv"
            a row a segment, with start and end in milliseconds, as Whisper writes it. A gap is
            "[...]" in all of them, with its times where there are times. Subtitles split long
            segments into cues whose times are estimated: "vtt" says so in a note at its top,
            "srt" has no place for it. "json" and "tsv" have the segments as they are.
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
    fields |= {"rtfx": transcript.rtfx, "is_complete": transcript.is_complete}
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _srt(transcript: Transcript) -> str:
    cues = (
        # SubRip knows no escapes, so an arrow inside the words becomes a real arrow.
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n"
        + "\n".join(cue.lines).replace("-->", "\N{RIGHTWARDS ARROW}")
        for number, cue in enumerate(cues_of(transcript.segments), start=1)
    )
    return "\n\n".join(cues) + "\n"


def _vtt(transcript: Transcript) -> str:
    cues = cues_of(transcript.segments)
    head = ["WEBVTT"]
    if any(cue.is_estimated for cue in cues):
        head.append(_ESTIMATED)
    blocks = (
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n"
        + _escaped("\n".join(cue.lines))
        for cue in cues
    )
    return "\n\n".join([*head, *blocks]) + "\n"


def _tsv(transcript: Transcript) -> str:
    rows = (
        f"{(start_ms := milliseconds(segment.start_s))}\t"
        f"{max(start_ms, milliseconds(segment.end_s))}\t"
        + (GAP_TEXT if segment.is_gap else " ".join(segment.text.split()))
        for segment in transcript.segments
        if segment.is_gap or segment.text.strip()
    )
    return "\n".join(["start\tend\ttext", *rows]) + "\n"


def _clock(milliseconds: int, decimal_mark: str) -> str:
    """Write HH:MM:SS,mmm; hours take more digits where they need them."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{milliseconds:03}"


def _escaped(text: str) -> str:
    """Escape what WebVTT reads as markup; ">" too, for "-->" must not stand in a cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
