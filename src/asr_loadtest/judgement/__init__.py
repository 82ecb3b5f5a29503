"""
Whether it was good enough, whether the figures may be believed, and what bound them; pure.

    slo.py            what is good enough: limits, and whether one request is within them
      slo_file.py       the TOML file that states them
    criteria.py       each limit held against what was measured: measures.py, units.py
      steadiness.py     whether the system kept up: the backlog's trend
    validity.py       whether this was a measurement at all: records, samples, plan
      generator.py      whether the generator was fit: lag, CPU, stalls
      warm_up.py        whether the warm-up was over
    binding.py        what bound: server, gateway, generator, none
      server_signs.py   what the server itself tells of it
    verdict.py        all of it in one sentence and one exit code: exit_codes.py, readiness.py
    preflight.py      before the start: does this plan make sense here?
    search.py         the highest rate within the SLO: search_values.py, probe_results.py
    capacity.py       what was carried, by replica and by money

What several of them look at is a `Case` (case.py); what they find is a `Finding` (findings.py).
"""
