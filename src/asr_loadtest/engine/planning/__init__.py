"""
What is to be done, settled before the first request.

    plan.py        a test: where, what, how good it must be, and its folder
    schedule.py    what is offered when: a profile, or a rate
    autoscaler.py  the autoscaler that it is about, if any
    survey.py      a look at the target
    start.py       whether the plan makes sense there
"""
