"""A healthy HPA and all that is known around it, for tests that make one thing wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from asr_loadtest.autoscaler.advise import Sample, Situation, advise
from asr_loadtest.autoscaler.hpa.spec import parse_hpa
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.manifests import check_manifests, parse_manifests

__all__ = [
    "HPA_TEXT",
    "WORKLOAD_TEXT",
    "found_in",
    "healthy",
    "idle",
    "loaded",
    "names_in",
]

HPA_TEXT = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: asr-hpa}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: asr}
  minReplicas: 2
  maxReplicas: 6
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
    - type: Resource
      resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 60
      policies: [{type: Pods, value: 4, periodSeconds: 60}]
    scaleDown:
      stabilizationWindowSeconds: 300
      policies: [{type: Percent, value: 10, periodSeconds: 60}]
"""

WORKLOAD_TEXT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: asr}
spec:
  selector: {matchLabels: {app: asr}}
  template:
    metadata: {labels: {app: asr}}
    spec:
      containers:
        - name: triton
          image: tritonserver
          resources:
            requests: {cpu: "4", memory: 16Gi, nvidia.com/gpu: "1"}
            limits: {cpu: "4", memory: 16Gi, nvidia.com/gpu: "1"}
          startupProbe: {httpGet: {path: /, port: 1}, periodSeconds: 10, failureThreshold: 60}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: asr-pdb}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: asr}}}
---
apiVersion: v1
kind: Service
metadata: {name: asr}
spec: {selector: {app: asr}, ports: [{port: 8000}]}
"""

IDLE = Sample(source="idle", replicas=2, cpu_cores=0.1, memory_bytes=5 * 2.0**30, pending=0.0)
LOADED = Sample(
    source="loaded",
    replicas=2,
    cpu_cores=3.8,
    memory_bytes=5 * 2.0**30,
    rps=20.0,
    queue_s=1.2,
    pending=8.0,
    gpu_utilization=0.97,
    requests_by_pod={"asr-a": 500.0, "asr-b": 520.0},
)


def healthy(hpa: str = HPA_TEXT, workload: str = WORKLOAD_TEXT, **changes: Any) -> Situation:
    """Everything known and nothing wrong, but for what is changed."""
    texts = {"hpa.yaml": hpa, "workload.yaml": workload}
    known: Mapping[str, Any] = {
        "idle": IDLE,
        "loaded": LOADED,
        "start_s": 50.0,
        "bear_s": 150.0,
        "ramp_rps_per_min": 30.0,
        "limit_rps": 100.0,
        "gpus": 8,
        "connections": "max-age",
    }
    return Situation(
        spec=parse_hpa(yaml.safe_load(hpa)),
        manifests=parse_manifests(texts),
        defects=check_manifests(texts),
        **{**known, **changes},
    )


def names_in(situation: Situation) -> list[str]:
    """The findings' names, gravest first."""
    return [each.name for each in advise(situation).findings]


def found_in(situation: Situation, name: str) -> Finding:
    """The finding of this name; it must be the only one of it."""
    (found,) = (each for each in advise(situation).findings if each.name == name)
    return found


def loaded(**changes: Any) -> Sample:
    """The loaded sample, changed."""
    return replace(LOADED, **changes)


def idle(**changes: Any) -> Sample:
    """The idle sample, changed."""
    return replace(IDLE, **changes)
