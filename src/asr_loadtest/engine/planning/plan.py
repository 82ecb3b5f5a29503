"""What the user wants of one test, checked before anything is sent."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from asr_client.endpoint import parse_url
from asr_client.errors import ConfigError
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.planning.autoscaler import WatchedCluster, facts_of, find_cluster
from asr_loadtest.engine.planning.schedule import Schedule, schedule_of
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.slo_file import load_slo

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A test, before it starts.

    Attributes:
        run_id: Its name, and that of its folder.
        host: URL under test.
        schedule: What is offered when.
        slo: What is good enough.
        cluster: Whose autoscaler is watched; None if nobody's.
    """

    run_id: str
    host: str
    schedule: Schedule
    slo: Slo
    cluster: WatchedCluster | None = None

    @property
    def options(self) -> LoadOptions:
        """What the user said, with what the profile says where the user says nothing."""
        return self.schedule.options

    @property
    def has_parts(self) -> bool:
        """Whether it is several measurements: a search, a sweep."""
        return self.options.search or bool(self.options.paddings_s)

    @property
    def folder(self) -> Path:
        """Where its files go."""
        return Path(self.options.out) / self.run_id


def make_plan(
    host: str | None, options: LoadOptions, run_time_s: float | None, *, profiles: Path
) -> Plan:
    """
    Check everything that can be checked before the target is asked; its cluster is, if named.

    Raises:
        ConfigError: If no host is named, or an option, a profile, the SLO or the cluster cannot
            work.
    """
    if not host:
        raise ConfigError(
            "no host is named", hint="--host http://127.0.0.1:8000, a gateway's URL, or grpc://..."
        )
    parse_url(host)
    slo = load_slo(options.slo) if options.slo else Slo.default()
    cluster = find_cluster(options)
    facts = facts_of(options, cluster)
    schedule = schedule_of(options, run_time_s or None, profiles=profiles, hpa=facts)
    stamp = time.strftime("%Y%m%dT%H%M%S")
    return Plan(f"{stamp}-{secrets.token_hex(2)}", host, schedule, slo, cluster)
