"""
What the cluster did: replicas, pods, the autoscaler's own status.

    quantity.py     "720m" and "8Gi" as numbers                               (pure)
    sightings.py    what was seen of an object, and when                      (pure)
    objects.py      the API's objects as sightings                            (pure)
    steps.py        values that hold until the next                           (pure)
    lateness.py     news that were held up                                    (pure)
    timeline.py     all of it for one run                                     (pure)

And how it is seen; needs asr-client[k8s]:

    access.py       which cluster, and as whom
    target.py       the HPA there, what it scales, and whether we may watch
    watcher.py      the watching: a thread for each resource
    resources.py    what is watched, and the rights it takes                  (pure)
    pod_habits.py   how long pods take to start, and what they use            (pure)
    selectors.py    label selectors                                           (pure)
    api/            how the API is spoken to
    follow/         how a resource is followed, whatever happens
"""
