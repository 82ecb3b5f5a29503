"""A run in one sentence and one exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.server_signs import ServerSigns
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.judgement.verdict import Verdict, conclude, refuse_start
from asr_loadtest.load.outcomes import Outcome
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from simulated_load import BatchServer, evenly, health, poisson, run_of

SLO = Slo(Limits(p99_s=0.4, error_rate=0.01, refusal_rate=0.01))


def verdict(
    samples: Sequence[Sample], slo: Slo = SLO, warm_up_s: float = 0.0, **run: Any
) -> Verdict:
    """Judge a run whose generator was fine."""
    tally = tally_of(samples, is_good=slo.is_good, warm_up_s=warm_up_s)
    return conclude(tally, slo, run_of(samples, warm_up_s=warm_up_s, **run), health())


def test_met() -> None:
    """Exit code 0, and how much room there was."""
    found = verdict(evenly(500), rate_rps=50.0)
    assert found.exit_code is ExitCode.MET
    assert found.headline == ("SLO met at 50 req/s: the nearest latency limit was used up to 25 %")
    assert (found.binding, found.findings, found.remedies) == ("none", (), ())


def test_met_with_little_room_says_what_is_next() -> None:
    """A capacity planner wants to know what will bind."""
    found = verdict(evenly(500, response_s=0.36))
    assert found.exit_code is ExitCode.MET
    assert found.headline.startswith("SLO met: next to bind is the server (p99_ms 36")


def test_missed_by_the_server() -> None:
    """Exit code 1, what was missed, and who bound."""
    found = verdict(evenly(500, response_s=0.6))
    assert (found.exit_code, found.binding) == (ExitCode.MISSED, "server")
    assert found.headline.endswith(" ms, at most 400 ms; bound by the server")
    assert any("--asr-search" in remedy for remedy in found.remedies)


def test_overloaded_queue_is_missed_with_default_limits() -> None:
    """A server that refuses a third of the load is bound by itself, without any SLO file."""
    server = BatchServer(queue=64)
    found = verdict(server.answer(poisson(60.0, 20.0, 1)), Slo.default())
    assert (found.exit_code, found.binding) == (ExitCode.MISSED, "server")


def test_invalid_run_neither_passes_nor_fails() -> None:
    """Exit code 3, even if all limits seem kept, or all missed."""
    for response_s in (0.1, 0.9):
        samples = [
            replace(each, sent_s=each.intended_s + 0.1)
            for each in evenly(500, response_s=response_s)
        ]
        found = verdict(samples)
        assert (found.exit_code, found.binding) == (ExitCode.INVALID, "generator")
        assert found.headline.startswith("invalid, so neither kept nor missed: the generator was")


def test_run_dominated_by_429_is_gateway_limited() -> None:
    """Exit code 4: sixty of twelve hundred got through, and nobody knows what the servers can."""
    samples = [*evenly(60), *evenly(1140, outcome="rate_limited", response_s=0.002)]
    found = verdict(samples)
    assert (found.exit_code, found.binding) == (ExitCode.GATEWAY_LIMITED, "gateway")
    assert found.headline == (
        "the gateway's limit was met before the server's: it refused 95 % of the requests;"
        " backend capacity unknown"
    )
    assert "NodePort" in found.remedies[0]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("auth", "the API key is missing, wrong or not allowed"),
        ("connection", "nobody could be reached"),
        ("gateway_error", "the gateway found no server behind it"),
        ("bad_request", "each request was refused as it is"),
        ("too_large", "each request was larger than is taken"),
    ],
)
def test_target_that_answers_nothing_is_not_ready(outcome: Outcome, words: str) -> None:
    """Exit code 5, why, and what was said."""
    found = verdict(evenly(20, outcome=outcome, detail="so it said"))
    assert found.exit_code is ExitCode.NOT_READY
    assert found.headline.startswith(f"not ready: none of 20 requests was answered: {words}")
    assert found.headline.endswith("(so it said)")
    assert found.remedies


def test_target_that_breaks_under_load_was_ready() -> None:
    """One good reply, if only in the warm-up, or failures that load causes: that is a miss."""
    refused = evenly(500, outcome="connection")
    once = [replace(refused[0], outcome="ok"), *refused[1:]]
    assert verdict(once, warm_up_s=1.0).exit_code is ExitCode.MISSED
    assert verdict(evenly(500, outcome="timeout")).exit_code is ExitCode.MISSED
    assert verdict(evenly(500, outcome="server_error")).exit_code is ExitCode.MISSED


def test_precedence_is_as_documented() -> None:
    """Not ready before invalid before gateway-limited before missed."""
    lost = {"offered": 1000}
    refused = [*evenly(300, response_s=0.6), *evenly(200, outcome="rate_limited")]
    assert verdict(evenly(500, outcome="auth"), **lost).exit_code is ExitCode.NOT_READY
    assert verdict(refused, **lost).exit_code is ExitCode.INVALID
    assert verdict(refused).exit_code is ExitCode.GATEWAY_LIMITED
    assert verdict(refused[:300], Slo(Limits(p95_s=0.4))).exit_code is ExitCode.MISSED


def test_run_without_a_single_record_is_invalid() -> None:
    """Nothing offered, nothing judged."""
    assert verdict([]).exit_code is ExitCode.INVALID


def test_default_run_of_a_few_requests_is_met() -> None:
    """Two requests a second for twenty seconds, all answered: a newcomer's first run is green."""
    found = verdict(evenly(40, rate_rps=2.0), Slo.default(), rate_rps=2.0, duration_s=20.0)
    assert found.exit_code is ExitCode.MET
    assert found.headline == (
        "SLO met at 2 req/s: nothing was near a limit; no latency was limited"
    )


def test_server_signs_are_among_the_evidence() -> None:
    """What the servers told is what a reader looks at next."""
    tally = tally_of(evenly(500, response_s=0.6), is_good=SLO.is_good)
    run = run_of(evenly(500))
    found = conclude(tally, SLO, run, health(), ServerSigns(gpu_utilization=0.99))
    assert found.evidence[-1] == "its GPU was busy for 99 % of the time"


def test_fields_are_plain_json() -> None:
    """A report is made of them."""
    fields = json.loads(json.dumps(verdict(evenly(100), loop="closed").to_fields()))
    assert (fields["exit_code"], fields["result"]) == (3, "invalid")
    assert [found["name"] for found in fields["findings"]] == ["too_few_samples", "closed_loop"]
    assert fields["criteria"][0]["name"] == "p99_ms"
    assert fields["criteria"][0]["met"] is None


def test_exit_codes_leave_two_to_locust() -> None:
    """They are an interface: scripts know the numbers."""
    assert {code.word: int(code) for code in ExitCode} == {
        "met": 0,
        "missed": 1,
        "invalid": 3,
        "gateway_limited": 4,
        "not_ready": 5,
        "autoscaler_broken": 6,
    }


def test_start_is_refused_by_what_stops_it() -> None:
    """A limit below the plan ends as 4, a target that is not ready as 5, a warning not at all."""
    limit = Finding("stop", "rate_limit", "the gateway allows 60", "more keys")
    model = Finding("stop", "model", "the model is not ready", "wait")
    by_limit, by_both = refuse_start([limit]), refuse_start([limit, model])
    assert refuse_start([replace(limit, severity="warn")]) is None
    assert by_limit is not None
    assert by_both is not None
    assert (by_limit.exit_code, by_limit.binding) == (ExitCode.GATEWAY_LIMITED, "gateway")
    assert by_both.exit_code is ExitCode.NOT_READY
    assert by_both.headline == "not started: the gateway allows 60; the model is not ready"
    assert by_both.remedies == ("more keys", "wait")
