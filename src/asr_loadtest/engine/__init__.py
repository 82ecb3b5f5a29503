"""
How load is made: the only place that knows Locust, gevent and geventhttpclient.

    options.py        what a user may say             arguments.py   how it is said
    plugin.py         all of it, hung into Locust's events
    lead.py           the process that decides        member.py    a process that sends
      survey.py         a look before the start         target.py    what is asked, encoded once
      measuring.py      one measurement, conducted      share.py     one process's part of it
      measurement.py    its records, taken in           open_loop.py, closed_loop.py   two ways
      parts.py          several: searching.py finds     caller.py    one request
                        the limit, padding_sweep.py
                        compares paddings
      server_watch.py   the servers, meanwhile          outbox.py, pulse.py    what is reported
      ending.py         verdict and reports             wire.py      what carries requests:
      console.py,       live lines, last lines            http_wire.py, http_connection.py
      summary.py
      web_tab.py        a tab in Locust's interface       grpc_wire.py, connection_policy.py
    messages.py, crew.py   how both speak      schedule.py, clock.py, cadence.py   what both know
"""
