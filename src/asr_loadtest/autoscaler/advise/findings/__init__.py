"""
What may go wrong, one kind a module; and the arithmetic that several of them need.

    idle_trap.py        idle pods that hold replicas, or make them      resting.py
    blind_signal.py     saturated pods that no metric sees              signals.py
    targets.py          targets against requests and limits
    slow_start.py       pods that load for long, bursts that cannot wait  pace.py
    capacity_limits.py  the gateway's limit, GPUs, the rate of scaling
    routing.py          load that does not reach new pods
    declared.py         what the files themselves say
    stuck_pods.py, metric_gaps.py, interventions.py   what a watched cluster showed
"""
