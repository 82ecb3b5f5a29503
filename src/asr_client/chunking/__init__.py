"""
Long recordings: cut into chunks that a model takes, and their texts joined again.

    blocks ──▶ speech.py ──▶ cutter.py ──▶ Piece ──▶ (asked of the model) ──▶ merge.py ──▶ text
               where is      where to      samples, and how                   words.py
               speech        cut           the piece ends

options.py has what can be tuned; reader.py reads a recording piece by piece, in constant memory.
"""
