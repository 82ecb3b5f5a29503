"""The autoscaler that a test is about: found in its cluster, or read from its manifest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, parse_hpa, parse_hpa_spec
from asr_loadtest.autoscaler.profiles.facts import START_S, HpaFacts
from asr_loadtest.autoscaler.verdict.rules.time_needed import FIRST_MOVE_S, time_needed
from asr_loadtest.cluster.kubernetes.access import ClusterAccess, find_access
from asr_loadtest.cluster.kubernetes.resources import WatchTarget
from asr_loadtest.cluster.kubernetes.target import find_target
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.manifests import parse_manifests

__all__ = ["WatchedCluster", "facts_of", "find_cluster"]


@dataclass(frozen=True, slots=True)
class WatchedCluster:
    """
    A cluster that is watched during a test.

    Attributes:
        access: The way to it.
        target: The autoscaler there, and what it scales.
        speed: Seconds of the cluster in one of ours; 1 but for recordings that are played.
    """

    access: ClusterAccess
    target: WatchTarget
    speed: float = 1.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user must know of it: what will not be seen, and why."""
        return (*self.access.notes, *self.target.notes)

    def describe(self) -> str:
        """Say whom we watch, and as whom."""
        of = f"HPA {self.target.hpa}, namespace {self.target.namespace}, {self.access.server}"
        return f"watching {of} by {self.access.origin}"

    def time_needed(self, duration_s: float | None) -> Iterator[str]:
        """
        Say how long each direction takes, and whether a run is too short to show it.

        Args:
            duration_s: The run's; None if it has no end.
        """
        rules = parse_hpa_spec(self.target.hpa_spec).rules
        lasts_s = math.inf if duration_s is None else duration_s * self.speed
        for way, load, each in (
            ("up", "high load", rules.up),
            ("down", "low load after it", rules.down),
        ):
            is_short = lasts_s < each.window_s + FIRST_MOVE_S
            too_short = f"; this run of {lasts_s:.0f} s is too short to show it" if is_short else ""
            yield f"scaling {way} takes {load}: {time_needed(each)}{too_short}"


def find_cluster(options: LoadOptions) -> WatchedCluster | None:
    """
    Find the autoscaler in its cluster; None if none is to be watched.

    Raises:
        ConfigError: If there is no way to it, or it is not there.
    """
    if not options.hpa:
        return None
    access = find_access(
        kubeconfig=options.kubeconfig,
        context=options.kube_context,
        namespace=options.kube_namespace,
    )
    return WatchedCluster(access, find_target(access, options.hpa), options.kube_speed)


def facts_of(options: LoadOptions, cluster: WatchedCluster | None) -> HpaFacts | None:
    """
    Tell what is known of the autoscaler before the start; None if none is named.

    Raises:
        ConfigError: If its manifest cannot be read, or what it declares cannot be meant.
    """
    if cluster is not None:
        target = cluster.target
        return HpaFacts(
            spec=parse_hpa_spec(target.hpa_spec),
            replicas=target.replicas,
            start_s=target.start_s or START_S,
            memory_percent=_percent_of_request(target, "memory"),
            speed=options.kube_speed,
        )
    if options.hpa_file:
        return HpaFacts(spec=_read_manifest(Path(options.hpa_file)), speed=options.kube_speed)
    return None


def _percent_of_request(target: WatchTarget, resource: str) -> float | None:
    used, requested = target.usage.get(resource), target.requests.get(resource)
    return used / requested * 100 if used is not None and requested else None


def _read_manifest(path: Path) -> HpaSpec:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the manifest {path}: {error}") from error
    found = list(parse_manifests({str(path): text}).of_kind("HorizontalPodAutoscaler"))
    if len(found) != 1:
        raise ConfigError(
            f"{path} declares {len(found) or 'no'} HorizontalPodAutoscalers", hint="wanted: one"
        )
    return parse_hpa(found[0].body)
