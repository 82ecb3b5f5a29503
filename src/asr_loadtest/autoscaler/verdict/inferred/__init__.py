"""
What the controller must have seen and done, inferred from what was seen of it.

    tenure.py      from when to when the spec was in force
    syncs.py       when it looked, and what it found
    pod_counts.py  how many pods it counted, at least and at most
    wishes.py      how many replicas it wanted, at least and at most
    course.py      looks, wishes and moves in one
"""
