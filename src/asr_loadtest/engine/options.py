"""
What a user may say of a load test; arguments.py says how it is said.

Locust's own options keep their meaning: --host, --run-time, --headless, --processes, --master; and
--users and --spawn-rate in a closed loop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any, Self

from asr_client.errors import ConfigError

__all__ = ["LoadOptions"]

_SCRAPES_S = (0.1, 3600.0)
_MOST_SPEED = 1000.0
# What messages and files can hold.
_MOST_SEED = 2**53


def _option(default: Any, text: str, **how: Any) -> Any:
    """
    Declare an option: its default, its help, and how it is treated.

    Of *how*, `choices` are argparse's; `is_local` stays with each machine, `is_file` is a path.
    """
    return field(default=default, metadata={"text": text, "how": how})


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """All options, by the names that they have on the command line after `--asr-`."""

    # what is offered
    loop: str = _option(
        "open",
        "open: arrivals by a schedule, whatever the server does; closed: -u users that wait for "
        "their answers (prone to coordinated omission)",
        choices=("open", "closed"),
    )
    arrivals: str = _option(
        "poisson",
        "how arrivals follow each other in the open loop",
        choices=("constant", "poisson", "gamma"),
    )
    rate: float = _option(1.0, "arrivals a second, all workers together")
    shape: float = _option(0.5, "gamma: below 1 in bursts, 1 is Poisson, above it evenly")
    profile: str = _option(
        "", "a profile (ramp, steps, burst, diurnal, soak, ... or a TOML file) instead of a rate"
    )
    think_s: float = _option(0.0, "closed loop: seconds between an answer and the next request")
    seed: int = _option(1, "seed of arrivals and of the choice of recordings")
    max_in_flight: int = _option(
        2000, "requests on their way at once, all workers together; more are not_sent"
    )
    deadline_s: float = _option(30.0, "seconds that each request is given")
    # what it is made of
    corpus: str = _option(
        "samples", "folder, manifest (TSV, CSV, JSONL), or the shipped samples", is_file=True
    )
    language: str = _option("", "only recordings of this language, and for those that name none")
    mix: str = _option("", "shares by language or length: hi=3,ta=1 or 0-5=1,5-30=2")
    lengths_s: str = _option("", "synthetic lengths, cut and joined from the recordings: 2,5,10")
    pad_to_s: float = _option(
        0.0, "pad with zeros to multiples of this, so that Triton can batch; 0: never"
    )
    pad_sweep: str = _option(
        "", "measure each of these paddings, --asr-probe-s each, one after the other: 0,1,2,5"
    )
    perturb: bool = _option(
        True, "change each body by a bit of 16, so that no response cache flatters"
    )
    max_word_errors: float = _option(
        math.inf,
        "share of wrong words up to which a transcript counts as right, where the recording has "
        "a text; inf takes any",
    )
    # whom it goes to, and how
    protocol: str = _option(
        "auto",
        "how the model is asked",
        choices=("auto", "http", "grpc", "generate", "asr-infer", "ulca", "ai4i"),
    )
    model: str = _option("", "model to ask; default asr_am_ensemble, or ASR_MODEL")
    connection: str = _option(
        "keepalive",
        "keepalive pins the load to the replicas of the first second; max-age lets new ones in",
        choices=("keepalive", "max-age", "per-request"),
    )
    max_age_s: float = _option(30.0, "seconds a connection lives with max-age, give or take 20 %")
    api_key_file: str = _option(
        "", "file with the API key, or several, one a line (or ASR_API_KEY)", is_local=True
    )
    spread_keys: bool = _option(
        False, "use all keys of the file in turn, where the gateway's owner permits it"
    )
    api_key_header: str = _option("", "header for the key; default X-API-Key", is_local=True)
    tls_ca_file: str = _option("", "PEM file with the authorities to trust", is_local=True)
    # what it is held against
    slo: str = _option("", "TOML file with limits (loadtest/slo.example.toml)", is_file=True)
    warm_up_s: float = _option(0.0, "seconds at the start that are not judged")
    preflight: str = _option(
        "stop",
        "what a rate limit below the plan does before the start",
        choices=("stop", "warn", "off"),
    )
    search: bool = _option(
        False,
        "find the highest rate within the SLO, starting at --asr-rate; --run-time bounds all of it",
    )
    probe_s: float = _option(
        30.0, "seconds of each probe of a search, at least; of each step of a sweep"
    )
    tolerance: float = _option(
        0.05, "search: how far apart, as a share, what is carried and what is not may end"
    )
    # what is watched
    metrics_url: str = _option(
        "", "Triton's metrics, one URL a pod, by commas; found by itself where the port is Triton's"
    )
    scrape_s: float = _option(1.0, "seconds between looks at the servers' metrics")
    replicas: int = _option(0, "servers behind the host, for capacity by replica; 0: not told")
    price_per_hour: float = _option(0.0, "price of these servers an hour, for the cost of audio")
    # whose autoscaler is watched
    hpa: str = _option("", "name of the HorizontalPodAutoscaler to watch and to judge")
    hpa_file: str = _option(
        "", "its manifest, to make an hpa-* profile of it without a cluster", is_local=True
    )
    kubeconfig: str = _option(
        "",
        "kubeconfig; default KUBECONFIG, else the pod's own account, else ~/.kube/config",
        is_local=True,
    )
    kube_context: str = _option("", "context of the kubeconfig; default its current one")
    kube_namespace: str = _option("", "namespace of the HPA; default the context's")
    kube_speed: float = _option(
        1.0, "how many seconds of the cluster pass in one: of `asr-loadtest replay --speed`"
    )
    # where it goes
    out: str = _option("runs", "folder for the runs' folders", is_local=True)
    locust_table: bool = _option(False, "print Locust's own tables, too")

    # Options that a profile may settle, since the user did not: no option itself.
    unsaid: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for option in fields(self):
            if option.metadata:
                _check_kind(option, getattr(self, option.name))
        shortest_s, longest_s = _SCRAPES_S
        _check(self.rate > 0, "rate", self.rate, "a number of arrivals a second above 0")
        _check(self.deadline_s > 0, "deadline-s", self.deadline_s, "seconds above 0")
        _check(self.max_in_flight >= 1, "max-in-flight", self.max_in_flight, "1 or more")
        _check(shortest_s <= self.scrape_s <= longest_s, "scrape-s", self.scrape_s, "0.1 to 3600")
        _check(0 <= self.think_s < math.inf, "think-s", self.think_s, "seconds, 0 or more")
        _check(0 <= self.warm_up_s < math.inf, "warm-up-s", self.warm_up_s, "seconds, 0 or more")
        _check(self.max_word_errors >= 0, "max-word-errors", self.max_word_errors, "0 or more")
        _check(abs(self.seed) <= _MOST_SEED, "seed", self.seed, "a whole number up to 2^53")
        _check(
            not (self.search and self.pad_sweep),
            "pad-sweep",
            self.pad_sweep,
            "a search or a sweep, not both",
        )
        _check(0 < self.kube_speed <= _MOST_SPEED, "kube-speed", self.kube_speed, "up to 1000")
        _check(
            not (self.hpa and self.hpa_file),
            "hpa-file",
            self.hpa_file,
            "a manifest, or --asr-hpa with a cluster: not both",
        )
        _check(
            not (self.hpa and (self.search or self.pad_sweep)),
            "hpa",
            self.hpa,
            "one measurement: no search, no sweep",
        )
        _check(self.replicas >= 0, "replicas", self.replicas, "0 or more")
        _check(
            0 <= self.price_per_hour < math.inf, "price-per-hour", self.price_per_hour, "0 or more"
        )

    def to_fields(self) -> dict[str, Any]:
        """Give what MessagePack and JSON can carry; `from_fields` reads it."""
        return asdict(self)

    @classmethod
    def from_fields(cls, known: Mapping[str, Any], own: LoadOptions) -> Self:
        """
        Read what `to_fields` gave in another process.

        Args:
            known: The lead's options.
            own: This process's, which stay in force where they are about this machine: key files.
        """
        local = {each.name for each in fields(cls) if _is_local(each)}
        named = {**known, **{name: getattr(own, name) for name in local}}
        return cls(**{**named, "unsaid": tuple(known["unsaid"])})

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        """The servers' metrics, one URL a pod."""
        return _list(self.metrics_url)

    @property
    def synthetic_lengths_s(self) -> tuple[float, ...]:
        """The lengths to cut and join recordings to."""
        return _seconds("lengths-s", self.lengths_s)

    @property
    def paddings_s(self) -> tuple[float, ...]:
        """The paddings to sweep; none without a sweep."""
        return _seconds("pad-sweep", self.pad_sweep)


def _is_local(option: Field[Any]) -> bool:
    return bool(option.metadata) and bool(option.metadata["how"].get("is_local"))


def _seconds(name: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _list(text))
    except ValueError:
        raise ConfigError(
            f"--asr-{name} is {text!r}", hint="seconds by commas, such as 2,5,10"
        ) from None


def _check_kind(option: Field[Any], value: object) -> None:
    """Refuse what argparse lets pass, and what comes from a web form without its choices."""
    name, choices = option.name.replace("_", "-"), option.metadata["how"].get("choices")
    if choices:
        _check(value in choices, name, value, " or ".join(choices))
    elif isinstance(value, float):
        _check(not math.isnan(value), name, value, "a number")


def _check(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"--asr-{name} is {value!r}", hint=f"wanted: {wanted}")
