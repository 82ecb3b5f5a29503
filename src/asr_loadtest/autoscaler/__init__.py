"""
What a HorizontalPodAutoscaler should have done, and what it will do: all of it pure.

    hpa/         what it declares, and the controller's algorithm
    verdict/     each of its rules held against what the cluster did
    advise/      what will go wrong, told by few samples
    profiles/    load that exercises it, built from its own windows
"""
