"""
How load is made: the only place that knows Locust, gevent and geventhttpclient.

    plugin.py     all of it, hung into Locust's events; web_tab.py into its interface
    leading/      the process that decides: one measurement or several, and how a test ends
    measuring/    one measurement, as the lead conducts it
    sending/      a process that sends: its share of the load, request by request
    planning/     what is to be done, and a look at the target before it is
    wires/        what carries requests: HTTP, gRPC

What all of these know:

    options.py    what a user may say; arguments.py says how, client_settings.py what the SDK
                  makes of it
    messages.py   what lead and members say to each other; crew.py to whom
    clock.py      the run's time; cadence.py how often to look

Rooms know those below them, and neither of leading/ and sending/ knows the other: they meet in
messages. tests/test_imports_loadtest.py holds them to it.
"""
