"""
Many requests at a time: the pieces of long recordings, and any number of recordings.

    sources ──▶ Hearing ──parts──▶ waiting.py ──▶ requests.py ──▶ Hearing ──▶ assembly.py ──▶ Item
                reads              in line, by    as many as
                                   length         do good

flow.py is the loop, floor.py decides about recordings, requests.py about requests. hearing.py is
one recording under way; shapes.py says how large a request may be, outage.py how long a server that
is away is waited for.
"""
