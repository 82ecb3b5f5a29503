"""How long connections are kept, and which replicas thereby get the load, over both wires."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from asr_client.embedded import EmbeddedTriton
from asr_client.errors import ConfigError
from asr_client.testing import ServiceAddress
from asr_loadtest.engine.wires.connection_policy import POLICIES, ConnectionPolicy
from gevent_process import GeventProcess, gevents

__all__ = ["gevents"]

CLIP = "en-awb-door.flac"


def never() -> float:
    """Draw nothing."""
    raise AssertionError("no dice are needed")


# --- the policy ---------------------------------------------------------------------------------


def test_kept_connection_never_ends() -> None:
    """Keepalive has no age."""
    assert ConnectionPolicy("keepalive").ends_s(7.0, lambda: 0.5) == math.inf


def test_connection_of_one_request_ends_with_it() -> None:
    """Per-request has nothing to draw, either."""
    assert ConnectionPolicy("per-request").ends_s(7.0, never) == 7.0


@pytest.mark.parametrize(("drawn", "ends_s"), [(0.0, 15.0), (0.5, 17.0), (1.0, 19.0)])
def test_aged_connections_do_not_end_together(drawn: float, ends_s: float) -> None:
    """Max-age is given or taken a fifth of it."""
    policy = ConnectionPolicy("max-age", max_age_s=10.0)
    assert policy.ends_s(7.0, lambda: drawn) == pytest.approx(ends_s)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("keepalive", "keepalive"), ("max-age", "max-age 30 s"), ("per-request", "per-request")],
)
def test_policy_reads_as_users_write_it(kind: str, text: str) -> None:
    """Reports show it."""
    assert str(ConnectionPolicy(kind)) == text


@pytest.mark.parametrize(
    ("kind", "max_age_s", "message"),
    [("pooled", 30.0, "'pooled' is unknown .*keepalive"), ("max-age", 0.0, "max_age_s must be")],
)
def test_policy_that_cannot_be_is_refused(kind: str, max_age_s: float, message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError, match=message):
        ConnectionPolicy(kind, max_age_s)


# --- what servers see of it ---------------------------------------------------------------------


@pytest.fixture
def service(embedded_triton: EmbeddedTriton, scheme: str) -> Iterator[ServiceAddress]:
    """Stand before the real server as a Kubernetes Service does."""
    url = embedded_triton.http_url if scheme == "http" else embedded_triton.grpc_url
    with ServiceAddress([url]) as address:
        yield address


@pytest.mark.parametrize("scheme", ["http", "grpc"])
@pytest.mark.parametrize(
    ("policy", "max_age_s", "connections"),
    [("keepalive", 30.0, 0), ("max-age", 3600.0, 0), ("max-age", 1e-6, 3), ("per-request", 30, 3)],
)
def test_server_sees_as_many_connections_as_the_policy_says(
    gevents: GeventProcess,
    service: ServiceAddress,
    policy: str,
    max_age_s: float,
    connections: int,
) -> None:
    """What three requests, one after the other, add to the connections of the first."""
    target = gevents.target(service.url, model="asr_slow", connection=policy, max_age_s=max_age_s)
    target.call(CLIP)
    before = made(service)
    for _ in range(3):
        assert [sample["executed"] for sample in target.call(CLIP)] == ["yes"]
    target.close()
    assert made(service) - before == connections


def made(service: ServiceAddress) -> int:
    """Count the connections that were made so far."""
    return sum(traffic.connections for traffic in service.traffic.values())


@pytest.mark.parametrize("scheme", ["http"])
@pytest.mark.parametrize("policy", POLICIES)
def test_new_replica_gets_load_unless_connections_are_kept(
    gevents: GeventProcess, service: ServiceAddress, embedded_triton: EmbeddedTriton, policy: str
) -> None:
    """A generator that keeps its connection measures the replica of its first second."""
    target = gevents.target(service.url, model="asr_slow", connection=policy, max_age_s=1e-6)
    target.call(CLIP)
    with ServiceAddress([embedded_triton.http_url]) as new_replica:
        service.drops_replica(embedded_triton.http_url)
        service.adds_replica(new_replica.url)
        target.call(CLIP)
        assert made(new_replica) == (0 if policy == "keepalive" else 1)
    target.close()


@pytest.mark.parametrize("scheme", ["http"])
def test_requests_go_round_the_kept_connections(
    gevents: GeventProcess, service: ServiceAddress
) -> None:
    """Of three connections each gets its turn, and with it the replica behind it."""
    target = gevents.target(service.url, model="asr_slow")
    target.warm(3)
    used = [target.call(CLIP)[0]["connection"] for _ in range(6)]
    target.close()
    assert used[:3] == used[3:]
    assert len(set(used)) == 3
