"""
How each resource is followed, whatever happens: stories that decide, and one who acts for them.

    pace.py        how long to wait, and for what                                (pure)
    gate.py        all requests together: politeness                             (pure)
    story.py       what a story asks of who drives it                            (pure)
    known.py       what is new of an object, and what is history sent again      (pure)
    watch_story.py list, watch, resume, list again: one resource                 (pure)
    usage_story.py the pods' metrics, asked for in turn                          (pure)
    driver.py      does what a story asks for, in a thread
"""
