"""
What callers say, checked before any I/O.

    connections.py   how many are kept, and for how long
    proxies.py       whom to go through
    config.py        all of it: arguments first, then the environment, then defaults
"""
