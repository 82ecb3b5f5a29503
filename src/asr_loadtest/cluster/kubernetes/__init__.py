"""
What the cluster did: replicas, pods, the autoscaler's own status.

    quantity.py     "720m" and "8Gi" as numbers                               (pure)
    sightings.py    what was seen of an object, and when                      (pure)
    objects.py      the API's objects as sightings                            (pure)
    steps.py        values that hold until the next                           (pure)
    timeline.py     all of it for one run                                     (pure)
"""
