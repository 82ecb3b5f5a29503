"""What the user wants of one test, checked before anything is sent."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from asr_client.endpoint import parse_url
from asr_client.errors import ConfigError
from asr_loadtest.engine.options import LoadOptions
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
    """

    run_id: str
    host: str
    schedule: Schedule
    slo: Slo

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
    Check everything that can be checked before the target is asked.

    Raises:
        ConfigError: If no host is named, or an option, a profile or the SLO cannot work.
    """
    if not host:
        raise ConfigError(
            "no host is named", hint="--host http://127.0.0.1:8000, a gateway's URL, or grpc://..."
        )
    parse_url(host)
    schedule = schedule_of(options, run_time_s or None, profiles=profiles)
    slo = load_slo(options.slo) if options.slo else Slo.default()
    stamp = time.strftime("%Y%m%dT%H%M%S")
    return Plan(f"{stamp}-{secrets.token_hex(2)}", host, schedule, slo)
