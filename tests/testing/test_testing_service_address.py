"""A Service's address: what pins a client to one replica, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_client.testing import EchoUpstream, Gateway, ServiceAddress

READY = "/v2/health/ready"


@pytest.fixture
def replicas() -> Iterator[list[Gateway]]:
    """Three servers that know what they were asked."""
    servers = [Gateway(EchoUpstream()) for _ in range(3)]
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


def port_of(service: ServiceAddress) -> int:
    """Give the port of its URL."""
    return int(service.url.rpartition(":")[2])


def test_kept_connection_keeps_its_replica(replicas: list[Gateway], ask: Any) -> None:
    """Ten requests, one connection, one busy replica: what scaling out cannot help."""
    with ServiceAddress([each.url for each in replicas], choose="in-turn") as service:
        for _ in range(10):
            ask(port_of(service), "GET", READY, kept=True)
        connections = [each.connections for each in service.traffic.values()]
    assert connections == [1, 0, 0]
    assert [len(each.calls) for each in replicas] == [10, 0, 0]


def test_new_connections_are_spread(replicas: list[Gateway], ask: Any) -> None:
    """In turn exactly, at random about evenly; the seed makes the draw the same each time."""
    urls = [each.url for each in replicas]
    with ServiceAddress(urls, choose="in-turn") as service:
        for _ in range(6):
            ask(port_of(service), "GET", READY)
        assert [each.connections for each in service.traffic.values()] == [2, 2, 2]
    draws = []
    for _ in range(2):
        with ServiceAddress(urls, seed=7) as service:
            for _ in range(12):
                ask(port_of(service), "GET", READY)
            draws.append([each.connections for each in service.traffic.values()])
    assert draws[0] == draws[1]
    assert sum(draws[0]) == 12
    assert min(draws[0]) > 0


def test_new_replica_gets_new_connections_only(replicas: list[Gateway], ask: Any) -> None:
    """And one that is taken away keeps what it has."""
    first, second, _ = replicas
    with ServiceAddress([first.url], choose="in-turn") as service:
        ask(port_of(service), "GET", READY, kept=True)
        service.adds_replica(second.url)
        service.drops_replica(first.url)
        ask(port_of(service), "GET", READY, kept=True)
        ask(port_of(service), "GET", READY)
    assert (len(first.calls), len(second.calls)) == (2, 1)


def test_traffic_is_counted_in_bytes(replicas: list[Gateway], ask: Any) -> None:
    """Requests and answers, both ways."""
    with ServiceAddress([replicas[0].url]) as service:
        ask(port_of(service), "POST", "/v2/models/asr/generate", body=bytes(100_000))
        carried = service.traffic[replicas[0].url]
    assert carried.traffic_bytes > 100_000


def test_service_without_replicas_resets(ask: Any) -> None:
    """Nobody is there: as with a Service whose pods are all gone."""
    with ServiceAddress([]) as service, pytest.raises(ConnectionError):
        ask(port_of(service), "GET", READY)


def test_service_has_no_address_before_it_is_up() -> None:
    """Stopping one that never started is harmless."""
    service = ServiceAddress(["http://127.0.0.1:1"])
    service.stop()
    with pytest.raises(ConfigError, match="not up"):
        _ = service.url


def test_service_address_tells_mistakes(replicas: list[Gateway]) -> None:
    """Started twice it would leak the first one; a replica that is not there is a typing error."""
    with ServiceAddress([replicas[0].url]) as service:
        with pytest.raises(ConfigError, match="already up"):
            service.start()
        with pytest.raises(ConfigError, match="is no replica"):
            service.drops_replica("http://127.0.0.1:1")
