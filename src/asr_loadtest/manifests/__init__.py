"""
Manifests and a gateway's configuration, read for what an API server lets through.

Pure: texts go in, defects come out. Nothing here knows a cluster or the rest of the load tester.

    documents.py    texts to objects, and how they refer to each other
    check.py        check_manifests(): all checks
    defects.py      what they find
    pods.py, triton.py, services.py, scaling.py, budgets.py, access.py, gateway.py    the checks
"""

from asr_loadtest.manifests.check import check_manifests
from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Document, Manifests, parse_manifests

__all__ = ["Defect", "Document", "Manifests", "check_manifests", "parse_manifests"]
