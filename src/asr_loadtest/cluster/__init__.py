"""
What the servers did, by their own counters.

    prometheus.py, triton_metrics.py, triton_statistics.py    bytes to values       (pure)
    readings.py          one look at one server                                     (pure)
    targets.py           where to look                                              (pure)
    scrape.py            the looking: the only I/O
    counters.py          from each reading to the next: growth, restarts, hops      (pure)
    served.py            which models belong to the one under test                  (pure)
    server_figures.py    what growth means: rates, queue, computing, batches, GPUs  (pure)
    trend.py             slopes that outliers do not bend                           (pure)
    server_timeline.py   all of it for one run                                      (pure)
    reconcile.py         the client's count against the servers'                    (pure)
"""
