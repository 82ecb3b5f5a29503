"""
One measurement, as the lead conducts it.

    conduct.py        a plan measured, and its folder filled
      measuring.py      from the first order to the last record: prepare, go, halt
      measurement.py    what processes report, taken in and added up
      server_watch.py   looks at the servers meanwhile
      cluster_watch.py  watches their cluster meanwhile
      console.py        live lines meanwhile
    telling.py        what the run was, for its folder
"""
