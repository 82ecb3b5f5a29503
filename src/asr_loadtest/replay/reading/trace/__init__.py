"""
What an HPA did, sync by sync, made into the objects that a watcher would have seen.

The numbers and times are the recorded controller's; names, ids and templates are made up, as is
what the trace does not tell. So a watcher finds here what it would judge a cluster by, not the
objects of one.

    timeline.py     the whole of it
    autoscaler.py, workload.py, pods.py    its objects
    stage.py        what they have in common
    ledger.py       their order and versions
"""
