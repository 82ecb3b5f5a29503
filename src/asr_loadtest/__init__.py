"""
Load tests of speech recognition that tell the truth about capacity.

    load/       what is offered, and what came of it        (pure)
    cluster/    what the servers did meanwhile              (reads their metrics)
    judgement/  whether that was good enough, and what bound it    (pure)
    report/     all of it for people and machines
    engine/     how it is done: Locust and gevent live here only
    selftest/   the tool held against servers whose true figures are known
    cli/        asr-loadtest

docs/design.md draws who may know whom; docs/loadtest.md is for users.
"""
