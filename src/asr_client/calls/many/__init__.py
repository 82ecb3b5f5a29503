"""
Many requests at a time: the pieces of long recordings, and any number of recordings.

    sources ──▶ Hearing ──pieces──▶ line.py ──▶ requests under way ──▶ Hearing ──▶ Item
                (reads)             by length   as many as do good      (assembles)

flow.py is the loop, floor.py decides what is done next, hearing.py is one recording under way,
outage.py says how long a server that is away is waited for.
"""
