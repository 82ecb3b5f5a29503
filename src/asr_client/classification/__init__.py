"""
Who answered, what became of the request, and what may be done about it: the verdicts as a Fault.

    reply over HTTP ──▶ http.py ──┐              ┌──▶ kong.py
                                  ├── Answer ────┼──▶ proxies.py ──▶ Fault
    status of gRPC ───▶ grpc.py ──┘              └──▶ triton.py
    exception ────────▶ failures.py ──▶ connecting.py ─────────────▶ Fault

Pure rules over statuses, headers, texts and names of classes; primitives go in, so that a load
test can use them on what its own wire gave. One module a speaker: what Kong says is in kong.py,
whichever wire it came over. docs/servers.md tells how each rule is known.
"""

from asr_client.classification.failures import Link, chain_of, judge_failure
from asr_client.classification.grpc import judge_grpc
from asr_client.classification.http import judge_http
from asr_client.classification.retry_after import read_retry_after_s
from asr_client.classification.triton import judge_in_band

__all__ = [
    "Link",
    "chain_of",
    "judge_failure",
    "judge_grpc",
    "judge_http",
    "judge_in_band",
    "read_retry_after_s",
]
