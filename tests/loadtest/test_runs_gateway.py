"""Load tests through the gateway stand-in: its limits and keys are told apart from the servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from asr_client import ApiKey
from asr_client.embedded import EmbeddedTriton
from asr_client.testing import Gateway, Route, UpstreamReply, open_route
from asr_client.testing.plugin import asr_gateway
from canaries import new_key
from locust_run import LocustRun

__all__ = ["asr_gateway"]

SHORT = ("--asr-lengths-s", "1")
TEXT = UpstreamReply(b'{"text": "namaste"}')


@pytest.fixture
def keys(tmp_path: Path) -> tuple[ApiKey, ApiKey]:
    """Two keys, both in one file."""
    made = new_key(), new_key()
    (tmp_path / "gateway.key").write_text("\n".join(made))
    return ApiKey(made[0]), ApiKey(made[1])


@pytest.fixture
def gated(tmp_path: Path, keys: tuple[ApiKey, ApiKey]) -> tuple[str, ...]:
    """Options with which the gateways of this file are entered."""
    assert keys
    return ("--asr-api-key-file", str(tmp_path / "gateway.key"), *SHORT)


@pytest.fixture
def gateway(
    asr_gateway: Callable[..., Gateway], keys: tuple[ApiKey, ApiKey]
) -> Callable[..., Gateway]:
    """Start gateways with these keys; the upstream answers at once."""

    def start(*upstreams: object, **options: object) -> Gateway:
        return asr_gateway(*(upstreams or (lambda _: TEXT,)), **{"api_keys": keys, **options})

    return start


@pytest.mark.alone
@pytest.mark.parametrize("way", [("http", "asr_slow"), ("generate", "asr")])
def test_kserve_reaches_triton_through_the_gateway(
    locust_run: LocustRun,
    gateway: Callable[..., Gateway],
    gated: tuple[str, ...],
    embedded_triton: EmbeddedTriton,
    way: tuple[str, str],
) -> None:
    """Binary tensors and generate carry load, with the key from a file and Kong's latencies."""
    protocol, model = way
    entry = gateway(embedded_triton.http_url)
    options = ("--asr-protocol", protocol, "--asr-model", model, "--asr-rate", "3", "-t", "3s")
    run = locust_run.judged(entry.url, *gated, *options)
    assert run.outcomes == {"ok": len(run.samples)}
    assert run.info.route["protocol"] == protocol
    assert all(each.gateway_s is not None for each in run.samples)
    assert run.code == 0


def test_documented_call_is_found_where_the_gateway_routes_nothing_else(
    locust_run: LocustRun, gateway: Callable[..., Gateway], gated: tuple[str, ...]
) -> None:
    """Without a protocol, a gateway that knows no KServe is asked by /api/v1/asr/infer."""
    only = Route("asr", "/api/v1/asr/infer", ("POST",), "/api/v1/asr/infer")
    entry = gateway(routes=(only,))
    run = locust_run(entry.url, *gated, "--asr-rate", "5", "-t", "3s")
    assert run.outcomes == {"ok": len(run.samples)}
    assert run.info.route["protocol"] == "asr-infer"


def test_ulca_carries_load(locust_run: LocustRun, asr_gateway: Callable[..., Gateway]) -> None:
    """Dhruva's dialect is spoken, too, to whatever answers like it."""
    answer = UpstreamReply(b'{"output": [{"source": "namaste"}]}')
    entry = asr_gateway(lambda _: answer, routes=(open_route(),))
    run = locust_run(entry.url, *SHORT, "--asr-protocol", "ulca", "--asr-rate", "5", "-t", "3s")
    assert run.outcomes == {"ok": len(run.samples)}
    assert run.info.route["protocol"] == "ulca"


def test_empty_answers_are_no_success(
    locust_run: LocustRun, gateway: Callable[..., Gateway], gated: tuple[str, ...]
) -> None:
    """A server that hears nothing in recordings whose words are known answers none of them well."""
    entry = gateway(lambda _: UpstreamReply(b'{"text": ""}'))
    key = gated[:2]  # the recordings as they are: made ones have no text
    run = locust_run(entry.url, *key, "--asr-protocol", "asr-infer", "--asr-rate", "5", "-t", "3s")
    assert run.outcomes == {"wrong_transcript": len(run.samples)}
    assert run.code != 0


def test_limit_below_the_plan_stops_the_test_before_it_starts(
    locust_run: LocustRun, gateway: Callable[..., Gateway], gated: tuple[str, ...]
) -> None:
    """60 a minute against a plan of 10 a second: exit code 4, and nothing was offered."""
    entry = gateway(limits={"minute": 60})
    run = locust_run(
        entry.url, *gated, "--asr-protocol", "asr-infer", "--asr-rate", "10", "-t", "20s"
    )
    assert run.code == 4
    assert "the gateway allows 60 requests a minute" in run.output
    assert len(entry.calls) < 10


@pytest.mark.alone
def test_limit_that_binds_is_the_gateways_and_not_the_servers(
    locust_run: LocustRun, gateway: Callable[..., Gateway], gated: tuple[str, ...]
) -> None:
    """When told to go ahead, the test ends as limited by the gateway; refusals are no latencies."""
    entry = gateway(limits={"second": 5})
    run = locust_run.judged(
        entry.url,
        *gated,
        *("--asr-protocol", "asr-infer", "--asr-rate", "20", "-t", "4s", "--asr-preflight", "off"),
    )
    assert run.code == 4
    assert run.outcomes["rate_limited"] > 20
    assert run.document["verdict"]["binding"] == "gateway"
    assert run.document["latency"]["response"]["count"] == run.outcomes["ok"]
    assert all(
        (each.origin, each.executed) == ("kong", "no")
        for each in run.samples
        if each.outcome == "rate_limited"
    )


@pytest.mark.alone
def test_search_that_meets_the_limit_says_so(
    locust_run: LocustRun, gateway: Callable[..., Gateway], gated: tuple[str, ...]
) -> None:
    """A search for the servers' capacity ends where the gateway's limit begins."""
    entry = gateway(limits={"second": 10})
    run = locust_run.judged(
        entry.url,
        *gated,
        *("--asr-protocol", "asr-infer", "--asr-search", "--asr-rate", "40", "--asr-probe-s", "8"),
        *("--asr-preflight", "off"),
    )
    answer = json.loads((run.folder / "search.json").read_text())
    assert (answer["bound_by"], answer["rate_rps"]) == ("gateway", 0)
    assert len(answer["probes"]) == 1
    assert "backend capacity unknown" in run.output
    assert run.code == 4


@pytest.mark.alone
def test_several_keys_get_past_a_limit_on_each(
    locust_run: LocustRun, gateway: Callable[..., Gateway], gated: tuple[str, ...]
) -> None:
    """With --asr-spread-keys the keys of the file take turns, each under its own limit."""
    entry = gateway(limits={"second": 12})
    run = locust_run.judged(
        entry.url,
        *gated,
        *("--asr-protocol", "asr-infer", "--asr-arrivals", "constant", "--asr-rate", "16"),
        *("-t", "4s", "--asr-spread-keys"),
    )
    assert run.outcomes == {"ok": len(run.samples)}
    assert {each.key for each in run.samples} == {0, 1}
    assert run.code == 0


def test_wrong_key_is_refused_before_the_start(
    locust_run: LocustRun, gateway: Callable[..., Gateway], tmp_path: Path
) -> None:
    """A key that the gateway does not know: exit code 5, no run, and no word of the key."""
    secret = new_key()
    path = tmp_path / "wrong.key"
    path.write_text(secret)
    entry = gateway()
    run = locust_run(
        entry.url,
        *SHORT,
        "--asr-protocol",
        "asr-infer",
        "--asr-api-key-file",
        str(path),
        "-t",
        "5s",
    )
    assert run.code == 5
    assert "401" in run.output
    assert secret not in run.output
    assert not list(run.out.iterdir())


@pytest.mark.alone
def test_key_is_in_nothing_that_a_run_leaves(
    locust_run: LocustRun,
    gateway: Callable[..., Gateway],
    keys: tuple[ApiKey, ApiKey],
) -> None:
    """The key from the environment is in no file, no message between processes, no output."""
    entry = gateway()
    run = locust_run.judged(
        entry.url,
        *SHORT,
        *("--asr-protocol", "asr-infer", "--asr-rate", "5", "-t", "3s", "--processes", "2"),
        *("-L", "DEBUG"),
        environ={"ASR_API_KEY": keys[0].reveal()},
    )
    assert run.code == 0
    assert keys[0].reveal() not in run.output
    for path in run.folder.iterdir():
        assert keys[0].reveal().encode() not in path.read_bytes()
