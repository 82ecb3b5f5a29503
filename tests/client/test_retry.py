"""Whether and when a request is repeated: pure decisions, no server."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client import ConfigError
from asr_client.faults import Code, Fault
from asr_client.retry import NO_RETRY, RetryBudget, RetryPolicy

POLICY = RetryPolicy()


def fault(code: Code, executed="no", retryable="yes") -> Fault:
    """A fault of the server."""
    return Fault(code, "triton", executed, retryable)


def tries(policy: RetryPolicy, what: Fault) -> int:
    """How many tries a policy makes when each of them ends alike; 99 stands for no end."""
    return next((n for n in range(1, 99) if not policy.may_repeat(what, n)), 99)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (fault("overloaded"), 5),
        (fault("connect"), 5),
        (fault("truncated", "maybe"), 5),
        (fault("model_error", "yes", "once"), 2),
        (fault("bad_request", "no", "no"), 1),
        (fault("deadline", "maybe", "no"), 1),
        (fault("gateway_timeout", "maybe", "yes"), 1),
        (fault("gateway_timeout", "maybe", "once"), 1),
        # The server names the time, and the deadline ends the waiting.
        (fault("rate_limited"), 99),
        # A limiter that let the model run first is no reason to run it for ever.
        (fault("rate_limited", "yes"), 5),
    ],
    ids=lambda value: value.code if isinstance(value, Fault) else None,
)
def test_policy_limits_tries_by_fault(what: Fault, expected: int) -> None:
    """What may be repeated follows from the fault alone."""
    assert tries(POLICY, what) == expected


def test_policy_repeats_timeouts_when_asked() -> None:
    """A caller may want time-outs repeated; what the answer forbids stays forbidden."""
    patient = RetryPolicy(repeat_timeouts=True)
    assert tries(patient, fault("gateway_timeout", "maybe", "yes")) == 5
    assert tries(patient, fault("gateway_timeout", "maybe", "once")) == 2
    assert tries(patient, fault("deadline", "maybe", "no")) == 1


def test_no_retry_never_repeats() -> None:
    """Not even what the server asks to be repeated."""
    assert tries(NO_RETRY, fault("rate_limited")) == 1


@pytest.mark.parametrize(
    "settings", [{"max_attempts": 0}, {"first_delay_s": 9.0}, {"first_delay_s": -1.0}]
)
def test_policy_refuses_what_cannot_work(settings: dict[str, float]) -> None:
    """A policy that makes no sense is a ConfigError, at once."""
    with pytest.raises(ConfigError):
        RetryPolicy(**settings)


@given(number=st.integers(1, 10_000), luck=st.floats(0, 1, exclude_max=True))
def test_back_off_doubles_within_its_bounds(number: int, luck: float) -> None:
    """Full jitter: anywhere between nothing and the doubled delay, which has an end."""
    delay_s = POLICY.delay_s(number, None, lambda: luck)
    assert 0 <= delay_s <= min(0.25 * 2 ** min(number - 1, 50), 8.0)


@given(
    number=st.integers(1, 50),
    luck=st.floats(0, 1, exclude_max=True),
    retry_after_s=st.floats(0, 1e6),
)
def test_nobody_comes_back_early_nor_much_later(
    number: int, luck: float, retry_after_s: float
) -> None:
    """Retry-After is a lower bound; the lateness beyond it is a second at most."""
    delay_s = POLICY.delay_s(number, retry_after_s, lambda: luck)
    assert retry_after_s <= delay_s <= max(retry_after_s + 1.0, 8.0)


def test_budget_of_a_dead_server_is_its_reserve() -> None:
    """When nothing goes well, calls make a fixed number of requests more, however many they are."""
    budget = RetryBudget(reserve=20)
    assert sum(budget.spend() for _ in range(1000)) == 20


def test_budget_is_filled_by_successes() -> None:
    """In the long run one repetition in ten successes, and never more than the reserve at once."""
    budget = RetryBudget(reserve=2, successes_per_retry=10)
    while budget.spend():
        pass
    for _ in range(9):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
    for _ in range(1000):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def test_budget_is_shared_by_threads() -> None:
    """However many threads reach for it, no token is spent twice."""
    budget, spent = RetryBudget(reserve=500), []
    threads = [
        threading.Thread(target=lambda: spent.extend(budget.spend() for _ in range(200)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(spent) == 500
