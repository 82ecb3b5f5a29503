"""
The rules, each held against a course of things.

    bounds.py       min_replicas, max_replicas
    rates.py        scale_up_rate, scale_down_rate     limits.py  how far rates let a move go
    windows.py      scale_up_window, scale_down_window
    targets.py      one for each metric                reactions.py  moves that should have come
    disruptions.py  pdb
    time_needed.py, plural.py  words
"""
