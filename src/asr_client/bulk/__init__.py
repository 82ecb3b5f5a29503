"""
Many recordings, so that nothing is lost and nothing done twice.

    inputs/ ──▶ Entry ──▶ outputs.py ──▶ Job ──▶ todo.py ──▶ client.transcribe_many ──▶ run.py
                          what is written       what is left    (the work)              │
                                                    ▲                                   ▼
                               history.py ◀── journal.py ◀── records.py ◀── files.py (written, kept)
                               what was done

tally.py counts; durations.py looks ahead at lengths; summary.py and scores.py tell what came of it;
plan.py and asking.py what is to be expected.
"""
