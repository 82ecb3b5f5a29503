"""
Manifests and a gateway's configuration, read for what an API server lets through.

Pure: texts go in, defects come out. Nothing here knows a cluster or the rest of the load tester.
"""

from asr_loadtest.manifests.check import check_manifests
from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Document, Manifests, parse_manifests

__all__ = ["Defect", "Document", "Manifests", "check_manifests", "parse_manifests"]
