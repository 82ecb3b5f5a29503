"""
Who is told of a call, and what of it: hooks, OpenTelemetry, logs that show no key.

    observers.py   who watches the calls of one client
    telemetry.py   OpenTelemetry, the only module that knows it
    logs.py        the logging of commands
    redaction.py   what no log may show
"""
