"""Who bound the load: the server, the gateway, the generator, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from asr_loadtest.judgement.binding import Binding, find_binding
from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.criteria import judge
from asr_loadtest.judgement.server_signs import NO_SIGNS, ServerSigns
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.judgement.validity import check_validity
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from simulated_load import BatchServer, evenly, health, poisson, run_of

SLO = Slo(Limits(p99_s=0.4, error_rate=0.01, refusal_rate=0.01))


def binding(
    samples: Sequence[Sample],
    slo: Slo = SLO,
    server: ServerSigns = NO_SIGNS,
    cpu_share: float = 0.2,
    **run: Any,
) -> Binding:
    """Find what bound a run."""
    tally = tally_of(samples, is_good=slo.is_good)
    case = Case(
        tally=tally,
        slo=slo,
        run=run_of(samples, **run),
        readings=health(cpu_share=cpu_share),
        criteria=judge(slo, tally),
        server=server,
    )
    return find_binding(case, check_validity(case))


def test_nothing_binds_a_run_with_room() -> None:
    """A quarter of the limit, an idle generator: nobody is near anything."""
    found = binding(evenly(500))
    assert found.constraint == "none"
    assert found.evidence == ("the nearest latency limit was used up to 25 %",)


def test_rate_limit_binds_before_everything_else() -> None:
    """Whoever is turned away at the gate says nothing of the house, even of a slow one."""
    samples = [*evenly(450, response_s=9.0), *evenly(50, outcome="rate_limited")]
    found = binding(samples, server=ServerSigns(queue_grows=True), gateway_limit_rps=20.0)
    assert found.constraint == "gateway"
    assert found.evidence == (
        "the gateway's rate limit refused 10 % of the requests",
        "it allows 20 req/s to these keys",
    )


def test_few_refusals_are_noise_and_tolerated_ones_are_no_limit() -> None:
    """One percent is nothing; an SLO that allows more means it."""
    few = [*evenly(496), *evenly(4, outcome="rate_limited")]
    tolerated = [*evenly(475), *evenly(25, outcome="rate_limited")]
    assert binding(few).constraint == "none"
    assert binding(tolerated, replace_refusals(0.1)).constraint == "none"
    assert binding(tolerated, replace_refusals(0.01)).constraint == "gateway"


def replace_refusals(rate: float) -> Slo:
    """Allow so many refusals."""
    return Slo(Limits(p99_s=0.4, refusal_rate=rate))


def test_known_limit_near_the_plan_is_next_to_bind() -> None:
    """Nobody was refused yet; a longer run would be."""
    assert binding(evenly(500), gateway_limit_rps=20.0, rate_rps=50.0).constraint == "gateway"
    assert binding(evenly(500), gateway_limit_rps=20.0, rate_rps=15.0).constraint == "none"


def test_full_queue_is_the_server_s_whatever_the_generator_does() -> None:
    """Refusals for overload speak for themselves."""
    server = BatchServer(queue=64)
    found = binding(server.answer(poisson(60.0, 30.0, 1)), cpu_share=0.99)
    assert found.constraint == "server"
    assert "its queue was full" in found.evidence[0]


def test_growing_queue_is_the_server_s_by_its_own_word() -> None:
    """The server's own figures count, and are told."""
    signs = ServerSigns(queue_grows=True, queue_share=0.85, pending_max=120.0, gpu_utilization=0.97)
    found = binding(evenly(500), server=signs)
    assert found.constraint == "server"
    assert found.evidence == (
        "the server's queue grew through the run",
        "85 % of the time in the server was queueing",
        "up to 120 requests waited in it",
        "its GPU was busy for 97 % of the time",
    )


def test_slow_replies_are_the_server_s_if_the_generator_was_fit() -> None:
    """With a generator out of breath, nobody knows whose latency that is."""
    slow = evenly(500, response_s=0.6)
    assert binding(slow).constraint == "server"
    assert binding(slow, cpu_share=0.95).constraint == "generator"
    late = [replace(each, sent_s=each.intended_s + 0.3) for each in slow]
    assert binding(late).constraint == "generator"


def test_growing_backlog_is_the_server_s() -> None:
    """Seen from outside, by what was offered and what ended."""
    server = BatchServer(queue=None)
    found = binding(server.answer(poisson(48.0, 30.0, 1)), Slo.default())
    assert found.constraint == "server"
    assert "the backlog grew" in found.evidence[0]


def test_places_all_taken_are_the_server_s_where_it_is_slow() -> None:
    """The generator's bound was reached because nothing came back."""
    slow = [*evenly(900, response_s=5.0), *evenly(100, outcome="not_sent")]
    fast = [*evenly(900), *evenly(100, outcome="not_sent")]
    found = binding(slow)
    assert found.constraint == "server"
    assert "waited for the server" in found.evidence[1]
    assert binding(fast).constraint == "generator"


def test_failures_that_no_load_causes_bind_nothing() -> None:
    """A wrong request is wrong at any rate; a time-out is not."""
    wrong = [*evenly(450), *evenly(50, outcome="bad_request")]
    timeouts = [*evenly(450), *evenly(50, outcome="timeout")]
    assert binding(wrong).constraint == "none"
    assert binding(wrong).evidence[0] == "what failed is no matter of load"
    assert binding(timeouts).constraint == "server"


def test_limits_that_are_near_are_named() -> None:
    """Met with nine tenths used up: the server is next. So is a generator that is nearly busy."""
    assert binding(evenly(500, response_s=0.36)).constraint == "server"
    assert binding(evenly(500), server=ServerSigns(gpu_utilization=0.95)).constraint == "server"
    assert binding(evenly(500), cpu_share=0.8).constraint == "generator"
