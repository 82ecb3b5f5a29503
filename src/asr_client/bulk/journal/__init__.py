"""
What was done, kept so that it outlives whatever ends a run.

    records.py  the lines, written and read
    file.py     the file: one writer at a time, whole again after a crash
    history.py  what its lines tell together
"""

from __future__ import annotations

from asr_client.bulk.journal.file import JOURNAL_NAME, Journal, read_history
from asr_client.bulk.journal.history import History, Speed, differences
from asr_client.bulk.journal.records import Record, RunBegun, RunEnded, Written, key_of

__all__ = [
    "JOURNAL_NAME",
    "History",
    "Journal",
    "Record",
    "RunBegun",
    "RunEnded",
    "Speed",
    "Written",
    "differences",
    "key_of",
    "read_history",
]
