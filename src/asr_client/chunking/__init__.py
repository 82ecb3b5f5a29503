"""
Long recordings: cut into chunks that a model takes, and their texts joined again.

    blocks ──▶ speech.py ──▶ places.py ──▶ Piece ──▶ (asked of the model) ──▶ merge.py ──▶ text
               where is      where to      samples, and how                   words.py
               speech        cut           the piece ends

options.py has what can be tuned, lengths.py what it comes to under a model's limits. cutter.py
decides with held.py, which holds the samples; reader.py reads a recording piece by piece, in
constant memory.
"""
