"""
What the servers did, by their own counters.

    prometheus.py, metrics.py, statistics.py    bytes to values                     (pure)
    readings.py          one look at one server                                     (pure)
    targets.py           where to look                                              (pure)
    scrape.py            the looking: the only I/O
    counters.py          from each reading to the next: growth, restarts, hops      (pure)
    served.py            which models belong to the one under test                  (pure)
    server_figures.py    what growth means: rates, queue, computing, batches, GPUs  (pure)
    server_notes.py      what a reader of them must know                            (pure)
    server_timeline.py   all of it for one run                                      (pure)
    reconcile.py         the client's count against the servers'                    (pure)
"""
