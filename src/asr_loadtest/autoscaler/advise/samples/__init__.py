"""
How the pods were doing: a sample, and where it may come from.

    sample.py     the value
    text.py       from any text that a user gives; read by one of
    fields.py     our own small file     pod_usage.py  kubectl top, metrics.k8s.io
    report.py     a run's report
    timeline.py   from a cluster that was watched
"""
