"""
Transcripts as text to write.

writing.py has the formats, cues.py makes subtitles readable, wrapping.py breaks their lines.
"""

from __future__ import annotations

from asr_client.formats.writing import ENCODING_ERRORS, FORMATS, format_transcript

__all__ = ["ENCODING_ERRORS", "FORMATS", "format_transcript"]
