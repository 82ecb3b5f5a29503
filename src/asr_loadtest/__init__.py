"""
Load tests of speech recognition that tell the truth about capacity.

    load/        what is offered, and what came of it                  (pure)
    cluster/     what the servers and their cluster did meanwhile      (watches and reads them)
    judgement/   whether that was good enough, and what bound it       (pure)
    autoscaler/  whether the HPA kept its rules, and what will go wrong    (pure)
    manifests/   what manifests say, and what is wrong with them       (pure)
    report/      all of it for people and machines
    engine/      how it is done: Locust and gevent live here only
    selftest/    the tool held against servers whose true figures are known
    replay/      a stand-in for a cluster's API that plays recordings
    cli/         asr-loadtest

docs/design.md draws who may know whom; docs/loadtest.md is for users.
"""
