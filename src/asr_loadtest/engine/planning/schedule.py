"""From the options to the schedule: a profile, or a rate and how arrivals scatter about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.profiles import HpaFacts, describe, make_hpa_plan
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.load.arrivals import Arrivals, limit, make_arrivals
from asr_loadtest.load.pattern import PatternSpec
from asr_loadtest.load.profile import Profile, load_profile

__all__ = ["Schedule", "plain_schedule", "schedule_of"]

# What a profile says, in the words of the options.
_SAID = {
    "loop": "loop",
    "warm_up_s": "warm_up_s",
    "deadline_s": "deadline_s",
    "connections": "connection",
    "connection_max_age_s": "max_age_s",
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    What is offered when.

    Attributes:
        options: The options, with what the profile says where they say nothing.
        arrivals: The schedule, of all workers together; None in a closed loop.
        duration_s: When it ends; None if it does not.
        profile: Name of the profile; empty without one.
        users: How many users the profile's closed loop has; None if it does not say.
        steps: Requests per second and seconds, where an autoscaler's rules made them.
        outlook: What these will put to the test, to be read before the start; else empty.
    """

    options: LoadOptions
    arrivals: Arrivals | None
    duration_s: float | None
    profile: str = ""
    users: int | None = None
    steps: Sequence[Sequence[float]] = ()
    outlook: str = ""

    def describe(self) -> str:
        """Say what is offered, in words."""
        return (
            "users that wait for their answers"
            if self.arrivals is None
            else self.arrivals.describe()
        )


def schedule_of(  # noqa: PLR0913 - whoever plans, and whoever is told, have one each
    options: LoadOptions,
    run_time_s: float | None,
    *,
    profiles: Path,
    salt: int = 0,
    hpa: HpaFacts | None = None,
    steps: Sequence[Sequence[float]] = (),
) -> Schedule:
    """
    Make the schedule.

    Args:
        options: What the user said; it wins over the profile.
        run_time_s: When to cut it; None: as long as it lasts.
        profiles: Where profiles have their names.
        salt: Makes another schedule of the same plan.
        hpa: What is known of the autoscaler that a profile may be made for.
        steps: What another process made of it already: see `Schedule`.

    Raises:
        ConfigError: If the profile, the rate or the shape cannot work.
    """
    seed = options.seed + salt
    if options.profile:
        profile = load_profile(options.profile, seed=seed, folder=profiles)
        outlook = ""
        if (pattern := profile.autoscaler) is not None:
            if not steps:
                steps, outlook = _plan_steps(pattern, options, run_time_s, hpa)
            profile = _with_steps(profile, pattern, steps, seed)
        return replace(_of_profile(options, run_time_s, profile), steps=steps, outlook=outlook)
    if options.loop == "closed":
        return _checked(Schedule(options, None, run_time_s))
    return plain_schedule(replace(options, seed=seed), run_time_s)


def plain_schedule(options: LoadOptions, run_time_s: float | None) -> Schedule:
    """Make the schedule of one rate, without a profile; see `schedule_of`."""
    shape = options.shape if options.arrivals == "gamma" else None
    arrivals = make_arrivals(
        options.arrivals,
        seed=options.seed,
        duration_s=run_time_s,
        rate_rps=options.rate,
        shape=shape,
    )
    return _checked(Schedule(options, arrivals, arrivals.duration_s))


def _of_profile(options: LoadOptions, run_time_s: float | None, profile: Profile) -> Schedule:
    said = {ours: getattr(profile, theirs) for theirs, ours in _SAID.items()}
    settled = replace(
        options,
        **{
            name: value
            for name, value in said.items()
            if value is not None and name in options.unsaid
        },
    )
    arrivals, duration_s = profile.arrivals, profile.duration_s
    if run_time_s is not None:
        arrivals = arrivals and limit(arrivals, run_time_s)
        duration_s = min(run_time_s, duration_s or run_time_s)
    return _checked(Schedule(settled, arrivals, duration_s, profile.name, profile.users))


def _plan_steps(
    pattern: PatternSpec, options: LoadOptions, run_time_s: float | None, hpa: HpaFacts | None
) -> tuple[Sequence[Sequence[float]], str]:
    """Make of a pattern what the autoscaler's rules ask for: the steps, and words about them."""
    if hpa is None:
        raise ConfigError(
            f"the profile {options.profile} is made for an autoscaler",
            hint="name it: --asr-hpa NAME, or --asr-hpa-file MANIFEST",
        )
    low_rps, high_rps = pattern.rates_rps(options.rate)
    plan = make_hpa_plan(
        pattern.pattern, hpa, low_rps=low_rps, high_rps=high_rps, run_time_s=run_time_s
    )
    return plan.steps, describe(plan)


def _with_steps(
    profile: Profile, pattern: PatternSpec, steps: Sequence[Sequence[float]], seed: int
) -> Profile:
    arrivals = make_arrivals("step", seed=seed, steps=steps, spacing=pattern.spacing)
    return replace(profile, arrivals=arrivals, duration_s=arrivals.duration_s)


def _checked(schedule: Schedule) -> Schedule:
    warm_up_s, duration_s = schedule.options.warm_up_s, schedule.duration_s
    if duration_s is not None and warm_up_s >= duration_s:
        raise ConfigError(
            f"a warm-up of {warm_up_s:g} s leaves nothing to judge of a run of {duration_s:g} s",
            hint="run longer (--run-time), or give a shorter --asr-warm-up-s",
        )
    return schedule
