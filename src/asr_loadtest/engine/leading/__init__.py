"""
The process that decides.

    lead.py           tests begun and ended as Locust says
    ending.py         verdict, reports, exit code; summary.py in a screenful
    parts.py          one measurement of several:
      searching.py      the highest rate within the SLO
      padding_sweep.py  one padding after the other
"""
