"""
What the servers and their cluster did.

    triton/        Triton's own counters, by pod
    kubernetes/    replicas, pods, the autoscaler's status
    trend.py       slopes that outliers do not bend    (pure)
"""
