"""
Many recordings, so that nothing is lost and nothing done twice.

    inputs/ ──▶ outputs.py ──▶ store.py ──▶ run.py ──▶ store.py ──▶ files.py, then journal/
    Entry       Assignment     Task, or     Transcript  keeps it     written to last
                               done before

resume.py says whether a run may begin in a folder, and what counts as done; account/ what comes of
it; plan.py and asking.py what is to be expected. durations.py looks ahead at lengths, lookahead.py
does so in threads.
"""
