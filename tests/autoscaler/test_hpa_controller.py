"""The controller over time: courses that were worked out by hand, and what each sync tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr_loadtest.autoscaler.hpa.controller import Controller, advance
from asr_loadtest.autoscaler.hpa.inputs import Inputs
from asr_loadtest.autoscaler.hpa.memory import Memory
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from hpa_cases import PUBLISHED, course, moves, wished, wishing

WINDOW_UP_0 = replace(PUBLISHED, up=replace(PUBLISHED.up, window_s=0.0))
WINDOWS_0 = replace(WINDOW_UP_0, down=replace(PUBLISHED.down, window_s=0.0))


def reached(spec: HpaSpec, first: int, wishes: list[int]) -> list[int]:
    """Give the replicas that a course goes through."""
    return [first, *(after or 0 for _, after in moves(course(spec, first, wishes)).values())]


def test_five_go_down_one_by_one_a_minute_apart_after_the_window() -> None:
    """The first step waits for 300 s, each other for 60 s: 10 % of so few is always one pod."""
    syncs = course(wishing(5), 5, [5] * 4 + [1] * 40)
    made = moves(syncs)
    assert list(made.values()) == [(5, 4), (4, 3), (3, 2), (2, 1)]
    first, *others = made
    assert first == 361.68  # The last high recommendation was at 60.28 s.
    gaps = [later - earlier for earlier, later in zip(made, others, strict=False)]
    assert gaps == pytest.approx([60.28] * 3)


def test_one_goes_to_five_in_two_steps() -> None:
    """Two pods a minute, for half of so few is no more; the first waits for the window."""
    made = moves(course(wishing(5), 1, [1] * 2 + [9] * 12))
    assert made == {90.42: (1, 3), 150.7: (3, 5)}


@pytest.mark.parametrize(
    ("behavior", "first", "wish", "steps"),
    [
        (WINDOWS_0, 20, 8, [20, 18, 16, 14, 12, 10, 9, 8]),
        (WINDOWS_0, 5, 1, [5, 4, 3, 2, 1]),
        (WINDOWS_0, 1, 9, [1, 3, 5, 8, 9]),
        (WINDOWS_0, 4, 20, [4, 6, 9, 14, 20]),
        (None, 1, 20, [1, 4, 8, 16, 20]),
        (None, 20, 1, [20]),
    ],
)
def test_steps_of_published_rates(
    behavior: object, first: int, wish: int, steps: list[int]
) -> None:
    """Each step as far as it may go; without a behavior block down waits for 300 s."""
    spec = replace(wishing(20), behavior=behavior)
    wishes = [wish] * 30 if behavior else [wish] * 10
    assert reached(spec, first, wishes) == steps


def test_without_behavior_all_go_at_once_after_the_window() -> None:
    """There is no rate down; the last high recommendation was at 15.07 s."""
    made = moves(course(wishing(20, None), 20, [20, *[1] * 30]))
    assert made == {316.47: (20, 1)}


def test_a_pod_that_somebody_adds_is_cut_back_at_the_next_sync() -> None:
    """The window remembers recommendations, and nobody recommended it."""
    controller = Controller(wishing(5))
    assert controller.sync(15.0, 1, wished(1)).change == 0
    assert controller.sync(30.0, 4, wished(1)).desired == 3


def test_above_the_maximum_goes_back_at_once_and_counts_as_a_step() -> None:
    """Neither metrics nor windows are asked; the next step down waits for its period."""
    controller = Controller(wishing(5, WINDOWS_0))
    corrected = controller.sync(15.0, 7, Inputs())
    assert (corrected.desired, corrected.recommended) == (5, None)
    assert corrected.reason == "Current number of replicas above Spec.MaxReplicas"
    limited = controller.sync(30.0, 5, wished(1))
    assert (limited.desired, limited.conditions.scaling_limited) == (5, "ScaleDownLimit")
    assert controller.sync(75.0, 5, wished(1)).desired == 4


def test_below_the_minimum_goes_up_at_once() -> None:
    """As above, without a look at the metrics."""
    done = Controller(wishing(5, minimum=3)).sync(15.0, 1, Inputs())
    assert done.desired == 3
    assert done.reason == "Current number of replicas below Spec.MinReplicas"
    assert done.conditions.able_to_scale == "SucceededRescale"


def test_a_target_that_was_scaled_to_0_is_left_alone() -> None:
    """Somebody has switched it off."""
    done = Controller(wishing()).sync(15.0, 0, wished(5))
    assert (done.desired, done.change) == (0, 0)
    assert done.conditions.scaling_active == "ScalingDisabled"


def test_a_minimum_of_0_scales_from_0() -> None:
    """Then 0 is a count like any other: behavior's rates lead from it, and to it."""
    spec = wishing(5, WINDOWS_0, minimum=0)
    assert reached(spec, 0, [9] * 14 + [0] * 20) == [0, 2, 4, 5, 4, 3, 2, 1, 0]


def test_a_target_that_cannot_be_read_is_told_and_nothing_is_remembered() -> None:
    """The first count that is read begins the history."""
    controller = Controller(wishing(5))
    lost = controller.sync(15.0, None, wished(5))
    assert (lost.desired, lost.change) == (None, 0)
    assert lost.failure == "the target's scale cannot be read"
    assert lost.conditions.told() == {"AbleToScale": ("False", "FailedGetScale")}
    found = controller.sync(30.0, 1, wished(5))
    assert found.desired == 1
    assert controller.sync(90.0, 1, wished(5)).desired == 3


def test_a_restarted_controller_waits_for_a_whole_window_again() -> None:
    """What it had recommended is lost, and so are its steps."""
    controller = Controller(wishing(5))
    for at_s in (15.0, 30.0, 45.0, 60.0):
        controller.sync(at_s, 1, wished(5))
    controller.restart()
    assert controller.sync(75.0, 1, wished(5)).desired == 1
    assert controller.sync(135.0, 1, wished(5)).desired == 3


def test_a_restart_lifts_the_rate() -> None:
    """No step is remembered: the next one may come at once."""
    controller = Controller(wishing(9, WINDOW_UP_0))
    assert controller.sync(15.0, 1, wished(9)).desired == 3
    assert controller.sync(30.0, 3, wished(9)).desired == 3
    controller.restart()
    assert controller.sync(45.0, 3, wished(9)).desired == 5


def test_an_outage_empties_the_window() -> None:
    """Without recommendations for a minute the first good sync scales at once."""
    controller = Controller(wishing(5))
    controller.sync(15.0, 1, wished(1))
    for at_s in (30.0, 45.0, 60.0, 75.0):
        blocked = controller.sync(at_s, 1, Inputs())
        assert blocked.recommended is None
        assert blocked.conditions.scaling_active == "FailedGetExternalMetric"
    assert controller.sync(90.0, 1, wished(5)).desired == 3


def told(current: int, *wishes: int, spec: HpaSpec) -> dict[str, str]:
    """Give the reasons after these wishes, 15 s apart; the replicas stay."""
    controller = Controller(spec)
    syncs = [
        controller.sync(15.0 * place, current, wished(each)) for place, each in enumerate(wishes)
    ]
    return {kind: reason for kind, (_, reason) in syncs[-1].conditions.told().items()}


@pytest.mark.parametrize(
    ("current", "wishes", "able", "limited"),
    [
        (2, (2, 2), "ReadyForNewScale", "DesiredWithinRange"),
        (2, (2, 4), "ScaleUpStabilized", "DesiredWithinRange"),
        (2, (2, 1), "ScaleDownStabilized", "DesiredWithinRange"),
        (2, (2, *[5] * 4), "SucceededRescale", "ScaleUpLimit"),
        (2, (2, *[5] * 5), "ReadyForNewScale", "ScaleUpLimit"),
        (5, (5, *[9] * 6), "ReadyForNewScale", "TooManyReplicas"),
        (3, (*[4] * 6, 3), "ReadyForNewScale", "DesiredWithinRange"),
        (1, (1, *[0] * 22), "ReadyForNewScale", "TooFewReplicas"),
        (2, (2, *[0] * 20), "SucceededRescale", "TooFewReplicas"),
        (5, (5, *[1] * 20), "SucceededRescale", "ScaleDownLimit"),
        (5, (5, *[1] * 21), "ReadyForNewScale", "ScaleDownLimit"),
    ],
)
def test_reasons_in_the_status(
    current: int, wishes: tuple[int, ...], able: str, limited: str
) -> None:
    """What waits, and what limits what no longer waits."""
    assert told(current, *wishes, spec=wishing(5)) == {
        "AbleToScale": able,
        "ScalingActive": "ValidMetricFound",
        "ScalingLimited": limited,
    }


@pytest.mark.parametrize(
    ("current", "wish", "limited"),
    [(1, 9, "ScaleUpLimit"), (6, 20, "TooManyReplicas"), (1, 0, "TooFewReplicas")],
)
def test_reasons_without_behavior(current: int, wish: int, limited: str) -> None:
    """The same words for the plain limits."""
    spec = wishing(10, None)
    assert told(current, *[wish] * 22, spec=spec)["ScalingLimited"] == limited


def test_a_function_does_the_same_as_the_class() -> None:
    """`advance` goes from memory to memory and leaves the old one as it is."""
    spec, memory = wishing(5, WINDOW_UP_0), Memory()
    after, done = advance(spec, memory, 15.0, 1, wished(9))
    assert done == Controller(spec).sync(15.0, 1, wished(9))
    assert memory == Memory()
    assert advance(spec, after, 30.0, 3, wished(9))[1].desired == 3
    assert advance(spec, memory, 30.0, 3, wished(9))[1].desired == 5
