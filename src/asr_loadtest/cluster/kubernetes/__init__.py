"""
What the cluster did: replicas, pods, the autoscaler's own status.

    quantity.py    "720m" and "8Gi" as numbers                        (pure)
"""
