"""
The HorizontalPodAutoscaler: what it declares, and the algorithm of its controller.

    spec.py        the manifest's rules, with the API server's defaults
    flags.py       the controller's own settings
    inputs.py      what one sync is served: pods, usage, other metrics

    samples.py     a metric's value by pod        pods.py      which pods count as what
    gauges.py      usage against a target         weighing.py  from there to replicas
    proposals.py   what each metric asks for, and all together
    windows.py     how long they must agree       rates.py     how far one step may go
    settling.py    from what is recommended to what is done

    conditions.py  the reasons that the status gives
    memory.py      what a sync came to, and what is remembered of it
    controller.py  sync by sync
"""
