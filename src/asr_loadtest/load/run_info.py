"""What a run was: its plan, its settings, who took part; everything beside what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

__all__ = ["RunInfo", "WorkerInfo"]


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """
    One process that sent requests.

    Attributes:
        index: Its place, from 0; it offers every arrival whose index modulo the number of workers
            is this.
        name: Its host and process, as Locust calls it.
        samples: Records that arrived from it.
        fate: "done" if all its records arrived; "lost" if it died or fell silent, so that the rest
            of its share was not offered, or what became of it is not known; "stopped" if it was
            told to end early and delivered what it had.
    """

    index: int
    name: str
    samples: int = 0
    fate: Literal["done", "lost", "stopped"] = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """
    A run, without its measurements. No secrets: it is written to run.json and into reports.

    Attributes:
        run_id: Name of the run's folder, too.
        started_unix_s: Wall clock of the run's zero, seconds since 1970.
        host: URL under test, without credentials.
        route: How the model was asked: protocol, contract, model, why; as text for people.
        loop: "open" (arrivals by schedule) or "closed" (users that wait for their answers, prone
            to coordinated omission).
        arrivals: The plan in words, such as "Poisson, 20 req/s".
        profile: Name of the profile; empty without one.
        rate_rps: Planned mean rate; None in a closed loop.
        duration_s: Planned length; None if the run was to be stopped by hand.
        offered: Arrivals that the schedule held for the time that the run lasted; None in a closed
            loop.
        seed: Seed of arrivals, choice of recordings, perturbation.
        warm_up_s: Arrivals before this are not judged.
        deadline_s: Time that each request was given.
        ended_s: When the last record was complete, in seconds since the run's zero.
        ended_by: "plan", "signal" (Ctrl-C, SIGTERM), "user" (web interface), "abort".
        settings: All options as they were in force, by name.
        corpus: Recordings used: count, seconds, languages, digest; as `Corpus.describe` gave it.
        workers: Who sent.
        versions: Of Python, Locust, this package, the server.
        preflight: What was found before the start, a line each.
        notes: What the reader must know, a line each.
        price_per_hour: Price of the serving machines per hour, if given, for cost per audio hour.
        replicas: Servers behind the URL, if told; for capacity per replica.
        gateway_limit_rps: Requests a second that the gateway allows all keys together for ever, if
            it told (`judgement.preflight.sustained_rps`).
        cluster_speed: Seconds of the watched cluster in one of the run's; 1 but for replays.
    """

    run_id: str
    started_unix_s: float
    host: str
    route: Mapping[str, str] = field(default_factory=dict)
    loop: Literal["open", "closed"] = "open"
    arrivals: str = ""
    profile: str = ""
    rate_rps: float | None = None
    duration_s: float | None = None
    offered: int | None = None
    seed: int = 0
    warm_up_s: float = 0.0
    deadline_s: float = 30.0
    ended_s: float = 0.0
    ended_by: Literal["plan", "signal", "user", "abort"] = "plan"
    settings: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, Any] = field(default_factory=dict)
    workers: tuple[WorkerInfo, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    preflight: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    price_per_hour: float | None = None
    replicas: int | None = None
    gateway_limit_rps: float | None = None
    cluster_speed: float = 1.0

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry; `from_fields` reads it."""
        return asdict(self)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `to_fields` gave."""
        known = dict(fields)
        known["workers"] = tuple(WorkerInfo(**worker) for worker in fields.get("workers", ()))
        for name in ("preflight", "notes"):
            known[name] = tuple(fields.get(name, ()))
        info = cls(**known)
        if info.cluster_speed <= 0:
            raise ValueError(f"a cluster's speed cannot be {info.cluster_speed}")
        return info
