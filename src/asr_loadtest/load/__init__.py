"""
What is offered, and what came of it: values and decisions, without a server, process or clock.

    arrivals/        when each request is meant to start
    corpus/          what is said in it
    profile.py       a plan in a TOML file
    run_info.py      what a run was
    outcomes.py      the classes that a request may end in
    samples.py       the record of one arrival; transcripts.py whether its words are right
    health.py        one look at the generator itself
    histogram.py     durations, counted; lengths.py the buckets of recordings
    tally.py         samples, added up; timeline.py in windows of time

Files that users name are read here, too: profiles, traces, recordings.
"""
