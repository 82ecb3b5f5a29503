"""Ports for the embedded server: free ones, or those that were asked for."""

from __future__ import annotations

import socket

import pytest

from asr_client.embedded.options import Ports
from asr_client.embedded.ports import choose_ports
from asr_client.errors import EmbeddedError


def test_ports_are_three_distinct_free_ones() -> None:
    """Zeros become ports that nobody listens on."""
    ports = choose_ports(Ports())
    assert len({ports.http, ports.grpc, ports.metrics}) == 3
    assert 0 not in (ports.http, ports.grpc, ports.metrics)


def test_ports_keep_what_is_fixed() -> None:
    """A port that is asked for is the one that is used."""
    free = choose_ports(Ports()).grpc
    assert choose_ports(Ports(grpc=free)).grpc == free


def test_ports_say_which_one_is_taken_when_it_is() -> None:
    """A fixed port that is in use is an error that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"127.0.0.1:{port}"):
            choose_ports(Ports(metrics=port))
