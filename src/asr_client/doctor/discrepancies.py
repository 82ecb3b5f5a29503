"""
What the gateway's documents say, what is the case, and which check sees it.

The rows are those of docs/doctor.md, whose table a test holds against this one. A finding that
met a row names it, so that a report can be read beside the documents.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DISCREPANCIES", "Discrepancy"]


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """
    One place where documents and reality differ.

    Attributes:
        row: Its number.
        documented: What the documents say.
        real: What is the case.
        checks: The checks that recognise it; empty where no client can see it.
        advice: What to do; for what cannot be seen, where to look instead.
    """

    row: int
    documented: str
    real: str
    checks: tuple[str, ...]
    advice: str


DISCREPANCIES: tuple[Discrepancy, ...] = (
    Discrepancy(
        1,
        "GET /v2/models lists the models",
        "Triton has no such path",
        ("models",),
        "the repository index is asked, then the statistics; the finding says which answered",
    ),
    Discrepancy(
        2,
        "the key goes into X-API-Key",
        "published gateways read apikey",
        ("key",),
        "--api-key-header with the name that was found to work",
    ),
    Discrepancy(
        3,
        "POST /api/v1/asr/infer transcribes",
        "no public server has it; a gateway must map it",
        ("route", "transcription"),
        "the prefix or protocol that was found to work; else the gateway's configuration",
    ),
    Discrepancy(
        4,
        "a call needs audio alone",
        "the model must be told the language, and has no default",
        ("contract", "transcription"),
        "--language, ASR_LANGUAGE",
    ),
    Discrepancy(
        5,
        "/v2/health/ready says whether all is well",
        "200 without any model; 404 through a route that strips the path",
        ("health", "model", "route"),
        "trust the model's own readiness; strip_path: false",
    ),
    Discrepancy(
        6,
        "gRPC and metrics are there as well",
        "published gateways route HTTP only; metrics have a port of their own",
        ("who", "route"),
        "https:// through the gateway, grpc:// to Triton itself; metrics are not looked for",
    ),
    Discrepancy(
        7,
        "there is rate limiting",
        "by the minute and by the hour at once, and in each gateway for itself",
        ("rate-limit",),
        "plan with the sustained rate that the finding gives",
    ),
    Discrepancy(
        8,
        "nothing on size and time",
        "10 MiB and 60 s in the published gateways, 64 MiB in newer servers",
        ("body", "transcription"),
        "recordings up to the length that the finding gives, or higher limits",
    ),
    Discrepancy(
        9,
        "one to five replicas, as the load demands",
        "the autoscaler is in another namespace, and follows the processor alone",
        (),
        "kubectl describe hpa; the load test reports replicas where it may look",
    ),
    Discrepancy(
        10,
        "a disruption budget keeps it available",
        "it is in another namespace, and would block every drain",
        (),
        "kubectl get pdb; the client repeats what a stopping replica refuses",
    ),
    Discrepancy(
        11,
        "environment variables choose ports and GPUs",
        "Triton reads flags",
        (),
        "the server's command line",
    ),
    Discrepancy(
        12,
        "a key is printed in the documents",
        "a published key is everybody's",
        (),
        "have it withdrawn; no key is ever built in here",
    ),
    Discrepancy(
        13,
        "any sample rate will do",
        "no rate is sent: everything is taken for 16 kHz",
        ("contract",),
        "nothing: recordings are resampled before they are sent",
    ),
    Discrepancy(
        14,
        "ports 8000, 8001, 8002",
        "5000 or 30080 and up in other guides",
        ("port",),
        "the port in --url",
    ),
    Discrepancy(
        15,
        "pages in browsers may call",
        "one origin, and often not with X-API-Key",
        ("browser",),
        "the cors plugin; Python programs are not concerned",
    ),
)
