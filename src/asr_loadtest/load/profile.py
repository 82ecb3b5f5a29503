"""
Profiles: a load test's plan in a TOML file, so that it can be named, kept and repeated.

    description = "Two requests a second for twenty seconds."
    duration_s = 20
    warm_up_s = 2

    [arrivals]
    kind = "constant"
    rate_rps = 2

Keys are the fields of `Profile`; those of [arrivals] are `kind` and what `make_arrivals` takes.
Paths are relative to the profile's file. [autoscaler] in the place of [arrivals] is a load that
follows from an autoscaler's rules: pattern.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals import KINDS, Arrivals, ArrivalSettings, make_arrivals
from asr_loadtest.load.arrivals.making import check_names
from asr_loadtest.load.arrivals.values import quoted, refuse_unknown, seconds
from asr_loadtest.load.pattern import PatternSpec, pattern_of

__all__ = ["Profile", "load_profile"]

_KEYS = (
    "arrivals",
    "autoscaler",
    "connection_max_age_s",
    "connections",
    "deadline_s",
    "description",
    "duration_s",
    "loop",
    "users",
    "warm_up_s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    A plan. What it does not say is None, and left to the command line and the defaults.

    Attributes:
        name: The file's, without suffix.
        description: What it is for, in a sentence.
        arrivals: The schedule, cut at the duration; None in a closed loop, which has none, and
            where an autoscaler's rules will make it.
        kind: Of the arrivals; empty without them.
        settings: Of the arrivals, as `make_arrivals` takes them; plain values, paths made absolute,
            so that another process can make the same schedule.
        duration_s: Seconds of load. Unless said, as long as steps or a trace last; None where
            nothing ends.
        warm_up_s: Arrivals before this are not judged; below the duration.
        loop: "open", by schedule, or "closed": users that each wait for their answer.
        users: How many of them, >= 1; in a closed loop only.
        deadline_s: Time that each request is given.
        connections: How long a connection is kept: "keepalive", "max-age" or "per-request". What
            puts it into force checks it.
        connection_max_age_s: With "max-age", how long.
        autoscaler: A pattern for one, whose rules decide on duration and arrivals.
    """

    name: str
    description: str = ""
    arrivals: Arrivals | None = None
    kind: str = ""
    settings: Mapping[str, Any]
    duration_s: float | None = None
    warm_up_s: float = 0.0
    loop: Literal["open", "closed"] = "open"
    users: int | None = None
    deadline_s: float | None = None
    connections: str | None = None
    connection_max_age_s: float | None = None
    autoscaler: PatternSpec | None = None


def load_profile(name: str, *, seed: int = 0, folder: Path) -> Profile:
    """
    Read a profile and make its schedule.

    Args:
        name: A name in *folder*, such as "steady", or the path of a file.
        seed: Of its arrivals.
        folder: Where profiles are kept.

    Raises:
        ConfigError: If there is no such profile, or it says what cannot be meant.
    """
    path = _find(name, folder)
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the profile {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the profile {path} is no TOML: {error}") from error
    try:
        return _profile(table, path, seed)
    except ConfigError as error:
        raise ConfigError(f"{path.name}: {error.message}", hint=error.hint) from error


def _find(name: str, folder: Path) -> Path:
    if Path(name).suffix == ".toml" or Path(name).name != name:
        return Path(name)
    path = folder / f"{name}.toml"
    if not path.is_file():
        names = sorted(each.stem for each in folder.glob("*.toml"))
        refuse_unknown([name], names, f"{folder} has no profile")
    return path


def _profile(table: Mapping[str, Any], path: Path, seed: int) -> Profile:
    refuse_unknown(table, _KEYS, "a profile has no key")
    loop = table.get("loop", "open")
    if loop not in ("open", "closed"):
        raise ConfigError(f"loop is open or closed, not {quoted(loop)}")
    duration_s = _seconds(table, "duration_s")
    arrivals: Arrivals | None = None
    kind, settings = "", dict[str, Any]()
    pattern = _pattern(table, loop) if "autoscaler" in table else None
    if loop == "open" and pattern is None:
        kind, settings = _arrivals(table, path)
        arrivals = make_arrivals(
            kind, seed=seed, duration_s=duration_s, **cast("ArrivalSettings", settings)
        )
        duration_s = arrivals.duration_s
    return Profile(
        name=path.stem,
        description=_text(table, "description") or "",
        arrivals=arrivals,
        kind=kind,
        settings=settings,
        duration_s=duration_s,
        warm_up_s=_warm_up(table, duration_s),
        loop=loop,
        users=_users(table, loop),
        deadline_s=_seconds(table, "deadline_s"),
        connections=_text(table, "connections"),
        connection_max_age_s=_seconds(table, "connection_max_age_s"),
        autoscaler=pattern,
    )


def _pattern(table: Mapping[str, Any], loop: str) -> PatternSpec:
    if loop == "closed":
        raise ConfigError("a load for an autoscaler is an open loop", hint="leave loop out")
    for name, instead in (
        ("arrivals", "leave one of the sections out"),
        ("duration_s", "--run-time cuts it"),
    ):
        if name in table:
            raise ConfigError(
                f"the autoscaler's rules decide on {name}: [autoscaler] goes without", hint=instead
            )
    return pattern_of(table["autoscaler"])


def _arrivals(table: Mapping[str, Any], path: Path) -> tuple[str, dict[str, Any]]:
    section = table.get("arrivals")
    if not isinstance(section, dict) or not isinstance(section.get("kind"), str):
        raise ConfigError(
            "the section [arrivals] must name a kind", hint=f"one of {', '.join(KINDS)}"
        )
    settings = {name: value for name, value in section.items() if name != "kind"}
    check_names(section["kind"], settings)
    if isinstance(settings.get("trace"), str):
        settings["trace"] = str(path.parent.absolute() / settings["trace"])
    return section["kind"], settings


def _warm_up(table: Mapping[str, Any], duration_s: float | None) -> float:
    if table.get("warm_up_s", 0) == 0:
        return 0.0
    warm_up_s = seconds("warm_up_s", table["warm_up_s"])
    if duration_s is not None and warm_up_s >= duration_s:
        raise ConfigError(
            f"a warm-up of {warm_up_s:g} s leaves nothing of {duration_s:g} s to be judged"
        )
    return warm_up_s


def _users(table: Mapping[str, Any], loop: str) -> int | None:
    users = table.get("users")
    if loop == "open":
        if users is not None:
            raise ConfigError(
                "users belong to a closed loop", hint='set loop = "closed", or leave them out'
            )
        return None
    if "arrivals" in table:
        raise ConfigError("a closed loop has no arrivals", hint="its users come when they can")
    if isinstance(users, bool) or not isinstance(users, int) or users < 1:
        raise ConfigError("a closed loop needs users, 1 or more")
    return users


def _seconds(table: Mapping[str, Any], name: str) -> float | None:
    return seconds(name, table[name]) if name in table else None


def _text(table: Mapping[str, Any], name: str) -> str | None:
    written = table.get(name)
    if written is None or isinstance(written, str):
        return written
    raise ConfigError(f"{name} must be a text, not {quoted(written)}")
