"""What holds of the controller whatever is wanted of it, and whenever."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from asr_loadtest.autoscaler.hpa.controller import Controller
from asr_loadtest.autoscaler.hpa.inputs import Inputs, PodUsage
from asr_loadtest.autoscaler.hpa.memory import Sync
from asr_loadtest.autoscaler.hpa.proposals import propose
from asr_loadtest.autoscaler.hpa.spec import Behavior, HpaSpec, Policy, ScalingRules
from hpa_cases import CPU, PUBLISHED, amounts, course, pod, usage, wished, wishing

# Whole seconds: sums and differences are exact.
GAPS_S = st.integers(1, 90)
WISHES = st.lists(st.tuples(GAPS_S.map(float), st.integers(0, 60)), min_size=1, max_size=60)
RULES = st.builds(
    ScalingRules,
    window_s=st.sampled_from([0.0, 15.0, 60.0, 300.0]),
    policies=st.lists(
        st.builds(
            Policy,
            st.sampled_from(["Pods", "Percent"]),
            st.integers(1, 150),
            st.sampled_from([15.0, 60.0, 120.0]),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    select=st.sampled_from(["Max", "Min", "Disabled"]),
    tolerance=st.just(0.0),
)
BEHAVIORS = st.one_of(st.none(), st.builds(Behavior, RULES, RULES))


def timed(wishes: list[tuple[float, int]]) -> dict[float, int]:
    """Give wishes by instant from the gaps between them."""
    instants = accumulate(gap_s for gap_s, _ in wishes)
    return dict(zip(instants, (wish for _, wish in wishes), strict=True))


def replicas_at(syncs: list[Sync], at_s: float) -> int:
    """Give the replicas that there were at an instant; a change at it is made."""
    before = [each.desired for each in syncs if each.at_s <= at_s]
    return (before[-1] if before else syncs[0].current) or 0


@given(BEHAVIORS, st.integers(1, 20), WISHES)
@settings(deadline=None)
def test_its_own_decisions_stay_within_the_bounds(
    behavior: Behavior | None, first: int, wishes: list[tuple[float, int]]
) -> None:
    """Whatever is wanted: from within the bounds nothing leads beyond them."""
    syncs = course(wishing(20, behavior), first, timed(wishes))
    assert all(1 <= (each.desired or 0) <= 20 for each in syncs)


@given(BEHAVIORS, st.integers(1, 20), WISHES)
@settings(deadline=None)
def test_it_moves_only_towards_what_it_has_wanted(
    behavior: Behavior | None, first: int, wishes: list[tuple[float, int]]
) -> None:
    """No move goes beyond the highest and the lowest recommendation so far."""
    syncs = course(wishing(60, behavior), first, timed(wishes))
    for place, each in enumerate(syncs):
        wanted = [sync.recommended or 0 for sync in syncs[: place + 1]]
        assert max(1, min(first, *wanted)) <= (each.desired or 0) <= max(first, *wanted)


@given(st.integers(1, 60), WISHES)
@settings(deadline=None)
def test_published_rates_hold_in_every_minute(first: int, wishes: list[tuple[float, int]]) -> None:
    """Held against the replicas of a minute before: at most half more, or two; at least 9/10."""
    windows_0 = Behavior(replace(PUBLISHED.up, window_s=0.0), replace(PUBLISHED.down, window_s=0.0))
    syncs = course(wishing(60, windows_0), first, timed(wishes))
    for each in syncs:
        base = replicas_at(syncs, each.at_s - 60.0)
        if each.change > 0:
            assert (each.desired or 0) <= max(math.ceil(1.5 * base), base + 2)
        if each.change < 0:
            assert (each.desired or 0) >= math.trunc(0.9 * base)


@given(st.integers(1, 20), WISHES)
@settings(deadline=None)
def test_all_of_a_window_agreed_to_a_move(first: int, wishes: list[tuple[float, int]]) -> None:
    """No step up beyond the lowest wish of a minute; none down beyond the highest of five."""
    syncs = course(wishing(20), first, timed(wishes))
    for place, each in enumerate(syncs):
        window_s = 60.0 if each.change > 0 else 300.0
        begun = [sync for sync in syncs[: place + 1] if each.at_s - sync.at_s < window_s]
        wanted = [sync.recommended or 0 for sync in begun]
        if each.change > 0:
            assert (each.desired or 0) <= min(wanted)
        if each.change < 0:
            assert (each.desired or 0) >= max(1, min(20, max(wanted)))


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20))
def test_a_window_of_0_does_not_wait(current: int, before: int, wish: int) -> None:
    """The first sync that wants another count gets it, whatever was wanted before."""
    free = ScalingRules(0.0, (Policy("Percent", 2000, 15.0),), tolerance=0.0)
    down = replace(free, policies=(Policy("Percent", 100, 15.0),))
    controller = Controller(wishing(20, Behavior(free, down)))
    middle = controller.sync(15.0, current, wished(before)).desired
    assert middle == before
    assert controller.sync(30.1, middle, wished(wish)).desired == wish


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=12),
    st.integers(1, 12),
)
def test_cpu_of_ready_pods_asks_for_what_brings_it_to_target(used: list[int], current: int) -> None:
    """With that many pods the percent would be the target, or just below; or it is tolerated."""
    names = [f"pod-{place}" for place in range(len(used))]
    inputs = Inputs(
        tuple(pod(name, requests=amounts(cpu="2")) for name in names),
        tuple(
            PodUsage(name, {"triton": {"cpu": each}}, 0.0)
            for name, each in zip(names, used, strict=True)
        ),
    )
    found = propose(HpaSpec(1, 100, (CPU,)), CPU, inputs, current, 0.0)
    percent = sum(used) * 100 // (2000 * len(used))
    assert found.utilization == percent
    if 63 <= percent <= 77:
        assert found.replicas == current
    else:
        replicas = found.replicas or 0
        assert replicas * 70 >= percent * len(used) - 1e-6
        assert (replicas - 1) * 70 < percent * len(used)


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 4000)), min_size=1, max_size=8),
    st.integers(0, 3),
)
def test_pods_that_are_not_known_hold_back(used: list[int | None], starting: int) -> None:
    """Silent and starting pods never move the count farther than the others would, nor turn it."""
    known = [each for each in used if each is not None]
    if not known:
        return
    names = [f"pod-{place}" for place in range(len(used))]
    pods = [*map(pod, names), *(pod(f"new-{place}", phase="Pending") for place in range(starting))]
    samples = tuple(
        usage(name, cpu=f"{each}m")
        for name, each in zip(names, used, strict=True)
        if each is not None
    )
    current = len(pods)
    found = propose(HpaSpec(1, 100, (CPU,)), CPU, Inputs(tuple(pods), samples), current, 0.0)
    percent = sum(known) * 100 // (2000 * len(known))
    if percent > 70:
        assert current <= (found.replicas or 0) <= math.ceil(percent / 70 * len(pods))
    else:
        assert (found.replicas or 0) <= current
