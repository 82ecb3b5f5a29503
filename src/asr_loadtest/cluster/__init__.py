"""
What the servers and their cluster did.

    triton/             Triton's own counters, by pod
    kubernetes/         replicas, pods, the autoscaler's status
    pod_addresses.py    where a cluster's pods have Triton's counters    (pure)
    trend.py            slopes that outliers do not bend                 (pure)
"""
