"""Pacing against a simulated gateway: fixed windows, latency, lateness, nodes, strangers."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr_client.pacing import Pacer

NAMES = {1: "second", 60: "minute", 3600: "hour"}
WALL_S = 1_790_000_010.0  # what the gateway's clock shows at instant 0, give or take its skew


@dataclass
class Gateway:
    """Kong's rate limiter: decides, and counts a moment later."""

    limits: dict[int, int]
    skew_s: float = 0.37
    nodes: int = 1
    tells: tuple[str, ...] = ("windows", "binding", "latency")
    counting_s: float = 0.001
    date_skew_s: float = 0.0  # of Date, which may come from the server behind
    used: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    admitted: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    counts_coming: list[tuple[float, tuple[int, int, int]]] = field(default_factory=list)

    def answer(self, now_s: float, node: int = 0) -> tuple[bool, dict[str, str]]:
        """Let a request pass, or not; returns that, and the headers."""
        while self.counts_coming and self.counts_coming[0][0] <= now_s:
            self.used[heapq.heappop(self.counts_coming)[1]] += 1
        wall_s = WALL_S + self.skew_s + now_s
        node %= self.nodes
        keys = {size_s: (node, size_s, math.floor(wall_s / size_s)) for size_s in self.limits}
        passes = all(self.used[keys[size_s]] < limit for size_s, limit in self.limits.items())
        left = {
            size_s: max(0, limit - self.used[keys[size_s]] - passes)
            for size_s, limit in self.limits.items()
        }
        if passes:
            self.admitted[math.floor(wall_s)] += 1
            for key in keys.values():
                heapq.heappush(self.counts_coming, (now_s + self.counting_s, key))
        return passes, self._headers(left, passes, wall_s)

    def _headers(self, left: dict[int, int], passes: bool, wall_s: float) -> dict[str, str]:
        binding = min(left, key=lambda size_s: (left[size_s], -size_s))
        reset_s = max(1, binding - math.floor(wall_s) % binding)
        headers: dict[str, str] = {}
        if "windows" in self.tells:
            for size_s, limit in self.limits.items():
                headers[f"x-ratelimit-limit-{NAMES[size_s]}"] = str(limit)
                headers[f"x-ratelimit-remaining-{NAMES[size_s]}"] = str(left[size_s])
        if "binding" in self.tells:
            headers["ratelimit-limit"] = str(self.limits[binding])
            headers["ratelimit-remaining"] = str(left[binding])
            headers["ratelimit-reset"] = str(reset_s)
            if not passes:
                headers["retry-after"] = str(reset_s)
        return headers


@dataclass
class World:
    """Callers of one pacer, and the gateway, in virtual time."""

    gateway: Gateway
    pacer: Pacer
    luck: random.Random
    way_s: tuple[float, float] = (0.001, 0.003)  # one way, least and most
    service_s: float = 0.005
    late_s: float = 0.002  # how late a sleeper wakes at most
    now_s: float = 1000.0
    renewals: int = 0
    _events: list[tuple[float, int, Iterator[float]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def start(self, task: Iterator[float], at_s: float | None = None) -> None:
        """Have a task run; it yields how long it waits each time."""
        begins_s = self.now_s if at_s is None else at_s
        heapq.heappush(self._events, (begins_s, next(self._order), task))

    def run(self, until_s: float = math.inf) -> None:
        """Let time pass until nobody has anything left to do."""
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, task = heapq.heappop(self._events)
            for delay_s in task:
                self.start(task, self.now_s + delay_s)
                break

    def caller(self, calls: int, pacer: Pacer | None = None) -> Generator[float, None, None]:
        """Make calls one after the other, each repeated until it is let in."""
        for _ in range(calls):
            while not (yield from self.call(pacer or self.pacer)):
                pass

    def call(self, pacer: Pacer) -> Generator[float, None, bool]:
        """Wait for a turn, send, learn from the reply; returns whether it was let in."""
        ticket = pacer.book(self.now_s)
        while (delay_s := ticket.at_s - self.now_s) > 0:
            yield delay_s + self.luck.random() * self.late_s
            earlier, ticket = ticket, pacer.renew(ticket, self.now_s)
            assert ticket.at_s >= earlier.at_s
            self.renewals += 1
        sent_s = self.now_s
        yield self.luck.uniform(*self.way_s)
        passes, headers = self.gateway.answer(self.now_s, self.luck.randrange(100))
        spent_s = self.service_s if passes else 0.0
        if "latency" in self.gateway.tells:
            headers["x-kong-upstream-latency"] = str(int(spent_s * 1000))
        self.gateway.refused += not passes
        yield spent_s
        if "date" in self.gateway.tells:
            wall_s = WALL_S + self.gateway.skew_s + self.gateway.date_skew_s + self.now_s
            headers["date"] = formatdate(math.floor(wall_s), usegmt=True)
        yield self.luck.uniform(*self.way_s)
        retry_after_s = headers.get("retry-after")
        pacer.settle(
            ticket,
            headers=headers,
            sent_s=sent_s,
            now_s=self.now_s,
            is_limited=not passes,
            consumed=passes,
            retry_after_s=float(retry_after_s) if retry_after_s else None,
        )
        return passes

    def stranger(self, rate_rps: float, until_s: float) -> Generator[float, None, None]:
        """Use the same limit, at random instants, without looking at any header."""
        while self.now_s < until_s:
            self.gateway.answer(self.now_s)
            yield self.luck.expovariate(rate_rps)

    def use(self, size_s: int = 1) -> float:
        """Share of the limit that was used, over all whole windows from the first to the last."""
        limit = self.gateway.limits[size_s]
        admitted: Counter[int] = Counter()
        for second, number in self.gateway.admitted.items():
            admitted[second // size_s] += number
        whole = range(min(admitted) + 1, max(admitted))
        return fmean(admitted[index] / limit for index in whole)


def world_of(limits: dict[int, int], seed: int = 1, **settings: object) -> World:
    """A gateway with these limits, and nobody yet."""
    gateway_names = set(Gateway.__dataclass_fields__)
    of_gateway = {name: value for name, value in settings.items() if name in gateway_names}
    of_world = {name: value for name, value in settings.items() if name not in gateway_names}
    luck = random.Random(seed)  # noqa: S311 - a simulation
    pacer = Pacer(random=luck.random, wall_clock_s=WALL_S)
    return World(Gateway(limits, **of_gateway), pacer, luck, **of_world)


def crowd(world: World, callers: int, calls: int) -> World:
    """Let so many callers make so many calls each, all at once."""
    for _ in range(callers):
        world.start(world.caller(calls))
    world.run()
    return world


CROWDS = [(1, 300), (8, 38), (300, 1)]
KONG = ("windows", "binding", "latency")


@pytest.mark.parametrize(("callers", "calls"), CROWDS)
@pytest.mark.parametrize("tells", [KONG, (*KONG, "date"), ("windows",), ("binding",)], ids=" ".join)
def test_limit_is_used_and_never_run_into(callers: int, calls: int, tells: tuple[str, ...]) -> None:
    """300 calls at 40 a second, by one caller, eight, or all at once: not one refusal."""
    world = crowd(world_of({1: 40}, tells=tells), callers, calls)
    assert world.gateway.refused == 0
    assert world.use() >= 0.95


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "trouble",
    [
        {"late_s": 0.1},
        {"way_s": (0.02, 0.06)},
        {"way_s": (0.01, 0.03), "counting_s": 0.02},
        {"skew_s": -3.6},
        {"skew_s": 0.99},
        {"tells": (*KONG, "date"), "date_skew_s": 0.4},
    ],
    ids=str,
)
def test_limit_is_used_in_spite_of(trouble: dict[str, object], seed: int) -> None:
    """Late sleepers, slow ways, clocks that differ, the Date of a server behind."""
    for callers, calls in ((8, 60), (300, 2)):
        world = crowd(world_of({1: 40}, seed, **trouble), callers, calls)
        assert world.gateway.refused == 0
        assert world.use() >= 0.95


@pytest.mark.parametrize("nodes", [2, 5])
@pytest.mark.parametrize(("callers", "calls"), CROWDS)
def test_limit_of_one_node_is_used_when_nodes_count_alone(
    callers: int, calls: int, nodes: int
) -> None:
    """Counts jump up and down from reply to reply; that is no reason to go faster, or to stop."""
    world = crowd(world_of({1: 40}, nodes=nodes), callers, calls)
    assert world.gateway.refused == 0
    assert 0.9 <= world.use() <= 1.0


@pytest.mark.parametrize(
    ("limits", "size_s"),
    [({1: 40, 60: 600}, 60), ({60: 600}, 60), ({3600: 500}, 3600), ({60: 90, 3600: 500}, 3600)],
    ids=str,
)
@pytest.mark.parametrize("tells", [KONG, ("binding",)], ids=" ".join)
def test_every_window_is_used_and_none_run_into(
    limits: dict[int, int], size_s: int, tells: tuple[str, ...]
) -> None:
    """Several windows at once; the latest one decides, and its limit is used."""
    world = crowd(world_of(limits, tells=tells), 100, 18)
    assert world.gateway.refused == 0
    assert world.use(size_s) >= 0.95


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 10, 19])
def test_small_limits_are_used(limit: int) -> None:
    """Only what went before the first reply can be refused."""
    world = crowd(world_of({1: limit}), 12 * limit, 1)
    assert world.gateway.refused <= max(0, 4 - limit)
    assert world.use() >= 0.9


def test_limit_of_each_window_is_in_no_danger_after_a_long_pause() -> None:
    """An hour later the clocks have drifted apart and another crowd comes."""
    world = crowd(world_of({1: 40}), 300, 1)
    world.gateway.skew_s += 0.4
    world.now_s += 3600.0
    crowd(world, 300, 1)
    assert world.gateway.refused == 0


def test_gateway_clock_that_is_set_costs_little() -> None:
    """In the middle of it all windows begin at other instants."""
    world = world_of({1: 40})
    for _ in range(600):
        world.start(world.caller(1))
    world.run(until_s=1005.0)
    world.gateway.skew_s += 0.5
    world.run()
    assert world.gateway.refused <= 6
    assert sum(world.gateway.admitted.values()) == 600


@pytest.mark.parametrize("rate_rps", [5, 20, 35])
def test_strangers_get_their_share(rate_rps: float) -> None:
    """Others use the same key and look at nothing; few of our calls are refused, and all end."""
    world = world_of({1: 40})
    world.start(world.stranger(rate_rps, 1020.0))
    crowd(world, 8, 40)
    assert world.gateway.refused <= 0.05 * 320


def test_processes_with_one_key_share_it() -> None:
    """Each sees in the counts that it is not alone."""
    world = world_of({1: 40})
    pacers = [Pacer(random=world.luck.random, wall_clock_s=WALL_S) for _ in range(2)]
    for pacer, _ in itertools.product(pacers, range(200)):
        world.start(world.caller(1, pacer))
    world.run()
    assert world.gateway.refused <= 0.03 * 400
    assert world.use() >= 0.85


def test_hidden_limit_is_not_hammered() -> None:
    """Nothing but refusals tells of it: the crowd comes back ever more slowly."""
    world = crowd(world_of({1: 40}, tells=()), 300, 1)
    assert sum(world.gateway.admitted.values()) == 300
    assert world.gateway.refused <= 300


def test_half_of_a_window_is_free() -> None:
    """Who stays below half of a limit waits for nothing."""
    world = world_of({60: 600}, way_s=(0.0, 0.0), service_s=0.0)
    crowd(world, 1, 1)
    began_s = world.now_s
    crowd(world, 290, 1)
    assert world.now_s == began_s


@pytest.mark.parametrize("tells", [KONG, ("windows",)], ids=" ".join)
def test_half_of_a_window_is_free_though_nodes_count_alone(tells: tuple[str, ...]) -> None:
    """Counts that fall from node to node look like ends of windows, and hold up nobody."""
    world = crowd(world_of({3600: 500}, nodes=3, tells=tells), 1, 20)
    began_s = world.now_s
    crowd(world, 220, 1)
    assert world.now_s - began_s < 1.5


def test_other_half_of_a_window_is_spread_over_it() -> None:
    """A minute's limit that is asked for at once lasts for the minute, without standing still."""
    world = world_of({60: 100})
    gone_s: list[float] = []

    def caller() -> Iterator[float]:
        yield from world.caller(1)
        gone_s.append(world.now_s)

    for _ in range(90):
        world.start(caller())
    world.run()
    waited_s = [instant_s for instant_s in gone_s if instant_s > 1001.0]
    pauses_s = [later_s - earlier_s for earlier_s, later_s in itertools.pairwise(waited_s)]
    assert len(waited_s) >= 25
    assert max(pauses_s) < 2 * fmean(pauses_s)


def test_waiting_costs_few_wakings() -> None:
    """Each of 300 who wait at once is woken a few times, not every few milliseconds."""
    assert crowd(world_of({1: 40}), 300, 1).renewals < 5 * 300


@given(
    limit=st.integers(4, 60),
    arrivals_s=st.lists(st.floats(0.0, 5.0), min_size=1, max_size=120),
    skew_s=st.floats(-1.0, 1.0),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_no_window_gets_more_than_its_limit(
    limit: int, arrivals_s: list[float], skew_s: float, seed: int
) -> None:
    """Whoever comes whenever: nothing is refused, and everybody gets through."""
    world = world_of({1: limit}, seed, skew_s=skew_s)
    for arrival_s in arrivals_s:
        world.start(world.caller(1), world.now_s + arrival_s)
    world.run()
    assert world.gateway.refused == 0
    assert sum(world.gateway.admitted.values()) == len(arrivals_s)


@given(deaths=st.lists(st.integers(0, 6), min_size=1, max_size=80), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_callers_that_die_hold_up_nobody(deaths: list[int], seed: int) -> None:
    """Callers vanish while they wait or are on their way, without a word."""
    world = world_of({1: 10}, seed)
    for steps in deaths:
        world.start(itertools.islice(world.caller(1), steps))
    survivors = 30
    before = sum(world.gateway.admitted.values())
    for _ in range(survivors):
        world.start(world.caller(1), world.now_s + 0.1)
    world.run(until_s=1100.0)
    assert not world._events
    assert sum(world.gateway.admitted.values()) >= before + survivors
