"""
What calls return: frozen values, free of I/O and of numpy.

transcript.py: the text of one recording. coverage.py: the proof that all of it was sent.
item.py: one of many recordings. server.py: what a server says of itself.
"""

from __future__ import annotations

from asr_client.results.coverage import Chunk, Coverage, Seam
from asr_client.results.item import Item
from asr_client.results.server import Health, ModelEntry, ModelInfo, ModelList, ModelSource
from asr_client.results.transcript import GAP_TEXT, AudioFacts, Segment, Timing, Transcript

__all__ = [
    "GAP_TEXT",
    "AudioFacts",
    "Chunk",
    "Coverage",
    "Health",
    "Item",
    "ModelEntry",
    "ModelInfo",
    "ModelList",
    "ModelSource",
    "Seam",
    "Segment",
    "Timing",
    "Transcript",
]
