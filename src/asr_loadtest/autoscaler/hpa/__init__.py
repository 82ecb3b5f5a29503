"""
The HorizontalPodAutoscaler: what it declares, and the algorithm of its controller.

    spec.py      the manifest's rules, with the API server's defaults
"""
