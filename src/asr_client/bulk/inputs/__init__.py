"""
What is to be transcribed, found before any work.

    arguments ──▶ walk.py (folders, patterns) ─┐
    --files-from ──▶ lines.py ─────────────────┼─▶ collecting.py ─▶ Entry, one a recording
    --manifest ──▶ manifests.py ───────────────┘   names.py: what its outputs are called
"""

from __future__ import annotations

from asr_client.bulk.inputs.collecting import Inputs, collect
from asr_client.bulk.inputs.entry import STDIN, Entry

__all__ = ["STDIN", "Entry", "Inputs", "collect"]
