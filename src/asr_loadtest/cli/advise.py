"""asr-loadtest advise: what will go wrong with an autoscaler, before it does."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from asr_client.cli.console import Console, ExitCode

if TYPE_CHECKING:
    from asr_loadtest.autoscaler.advise import Advice, Situation

__all__ = ["add_advise_arguments", "advise"]

# As `engine.wires.connection_policy` has them; that module is too much for a --help.
_CONNECTIONS = ("keepalive", "max-age", "per-request")

_EPILOG = """\
a sample is one of
  what `kubectl top pod` prints
  what `kubectl get --raw /apis/metrics.k8s.io/v1beta1/namespaces/NAMESPACE/pods` prints
  a run's folder, or its report.json
  a small file in TOML, YAML or JSON, with as many of these as are known:

    replicas = 1              # pods that it is about
    cpu_cores = 0.7           # used by a pod, or "700m"
    memory_bytes = "4Gi"      # used by a pod
    cpu_request_cores = 2     # asked for by a pod, where no manifest says it
    memory_request_bytes = "8Gi"
    rps = 12.5                # requests answered in a second, by all pods
    queue_s = 0.8             # mean wait of a request in the server
    pending = 9               # requests that wait in a pod
    gpu_utilization = 0.97    # of a pod's GPU, from 0 to 1
    queue_grows = true        # whether the queue became longer all the time
    [requests_by_pod]         # how many each pod had
    triton-a = 900

examples:
  asr-loadtest advise deploy/kubernetes/ai-model-hpa.yaml deploy/kubernetes --idle top.txt
  asr-loadtest advise hpa.yaml deployment.yaml --idle idle.toml --loaded runs/after \\
      --start-s 120 --bear-s 60 --limit-rps 5

No cluster is asked. "wrong" will go wrong as things stand, "know" is to be known.

exit codes:
  0  nothing is wrong; see what was not looked at
  1  something is
  2  the command line cannot work, or a file is not what it should be
"""


# Seconds, requests: what is beyond is a slip.
_MOST = 1e12
_MOST_DIGITS = 9


def add_advise_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "manifests",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="the HPA's manifest first; then its Deployment's, PDB's, Services', or a folder",
    )
    for name, of in (("idle", "without load"), ("loaded", "with all the load they can carry")):
        parser.add_argument(
            f"--{name}", type=Path, metavar="SAMPLE", help=f"how the pods are doing {of}"
        )
    _add_numbers(parser)
    parser.add_argument(
        "--connections", choices=_CONNECTIONS, help="how callers keep their connections"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but the findings")


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    for option, unit, what in (
        ("start-s", "SECONDS", "from a pod's creation to its readiness"),
        ("bear-s", "SECONDS", "how long a burst may wait before the SLO is missed"),
        ("burst-rps", "RATE", "requests a second that come at once"),
        ("ramp", "RATE", "by how many requests a second the load grows in a minute"),
        ("limit-rps", "RATE", "requests a second that the gateway allows, all callers together"),
        ("pod-rps", "RATE", "requests a second that a pod carries (default: from --loaded)"),
    ):
        parser.add_argument(f"--{option}", type=_positive, metavar=unit, help=what)
    parser.add_argument("--gpus", type=_count, metavar="N", help="GPUs that these pods can have")


def advise(arguments: argparse.Namespace) -> int:
    """Read all that is given, and say what will go wrong."""
    from asr_loadtest.autoscaler import advise as room

    console = Console("asr-loadtest advise", quiet=arguments.quiet)
    found = room.advise(_situation(arguments))
    if arguments.json:
        print(json.dumps(_as_fields(found), ensure_ascii=False))
    else:
        print(_as_text(found))
        for gap in found.gaps:
            console.note(f"not looked at: {gap.what}; give {gap.give}")
    return ExitCode.FAILED if found.is_grave else ExitCode.OK


def _situation(arguments: argparse.Namespace) -> Situation:
    from asr_loadtest.autoscaler.advise import Situation
    from asr_loadtest.cli.advise_files import read_files, read_sample

    files = read_files(arguments.manifests)
    _, workload = files.spec.target
    samples = {
        name: read_sample(path, workload) if path else None
        for name, path in (("idle", arguments.idle), ("loaded", arguments.loaded))
    }
    return Situation(
        spec=files.spec,
        manifests=files.manifests,
        defects=files.defects,
        **samples,
        start_s=arguments.start_s,
        bear_s=arguments.bear_s,
        burst_rps=arguments.burst_rps,
        ramp_rps_per_min=arguments.ramp,
        limit_rps=arguments.limit_rps,
        pod_rps=arguments.pod_rps,
        gpus=arguments.gpus,
        connections=arguments.connections,
    )


def _as_fields(found: Advice) -> dict[str, object]:
    return {
        "grave": found.is_grave,
        "findings": [each.to_fields() for each in found.findings],
        "not_looked_at": [each.to_fields() for each in found.gaps],
    }


def _as_text(found: Advice) -> str:
    blocks = []
    for each in found.findings:
        word = "wrong" if each.severity == "warn" else "know"
        remedy = f"\n  -> {each.remedy}" if each.remedy else ""
        blocks.append(f"{word}: {each.name}\n  {each.words}{remedy}")
    return "\n\n".join(blocks) or "nothing was found that will go wrong"


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number above 0, up to {_MOST:g}")
    return number


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from 0 on")
    return int(text)
