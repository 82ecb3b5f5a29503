"""
The tool proves its own figures on this machine: `asr-loadtest selftest`.

Each scenario makes something happen whose true figures are known, runs the real
`locust -f loadtest` against it, and holds what that told against them.

    scenario.py      what a scenario is            scenarios.py   the five there are
    evidence.py      what a load test left         expectations.py   what it must have   (all pure)
    judging.py       expected against found, and a machine too busy to tell              (pure)
    places.py        what load tests are run against; servers.py   the Tritons behind
    load_test.py     one real load test            traces.py   what it left, read
    suite.py          where its suite is        machine.py  how busy this machine was
    conduct.py       all of it in turn             table.py    for people and for machines
"""
