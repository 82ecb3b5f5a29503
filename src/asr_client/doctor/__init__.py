"""
What keeps a transcription from working: the way to a server looked at step by step.

    examination.py   what is looked at, in which order: entering.py, inside.py, sharing a case.py
      probes.py        names, ports, certificates: sockets
      visitor.py       requests: this client's own calls, tried once   (questions.py)
    seen.py          what was seen, as values   (sights.py)
    judge.py         what to make of it: findings.py   (pure)
      network.py  identity.py  keys.py  routes.py  service.py  rate_limit.py  body_size.py
      discrepancies.py   where documents and reality differ, and which check sees it
    rendering.py     the report for people and for machines   (pure)
"""

from __future__ import annotations

from asr_client.doctor.case import ExamOptions
from asr_client.doctor.examination import examine
from asr_client.doctor.findings import Finding, Report

__all__ = ["ExamOptions", "Finding", "Report", "examine"]
