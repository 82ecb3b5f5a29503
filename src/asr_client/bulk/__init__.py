"""
Many recordings, so that nothing is lost and nothing done twice.

    inputs/ ──▶ Entry ──▶ outputs.py ──▶ Assignment ──▶ store.py ──▶ Task ──▶ run.py
    which recordings      which files it becomes        is it done?           transcribe_many
                                                         ▲                       │ Transcript
                           history.py ◀── journal.py ◀───┴── store.py ◀──────────┘
                           what was done  records.py         files.py: written to last

resume.py says whether a run may begin in a folder, and what counts as done; tally.py counts,
durations.py looks ahead at lengths (lookahead.py: in threads); summary.py and scores.py tell what
came of it, plan.py and asking.py what is to be expected.
"""
