"""
A gateway to test against: Kong's observable rules before any upstream, with failures on demand.

    gateway.py         Gateway, what users see
    front.py           one port: HTTP, or gRPC by its first bytes
      proxy_http.py    HTTP/1.1: http_server.py towards clients,
        forward.py       upstreams.py towards upstreams
      proxy_grpc.py    gRPC: grpc_answers.py, grpc_upstreams.py
    gate.py            what both share: one set of rules, one count, one log
      kong_rules.py  kong_answers.py  rate_limit.py  routes.py   (pure)
      keys.py  replicas.py  drills.py  records.py                (what changes while it runs)
    functions.py  echo.py   upstreams without a Triton
    service_address.py      a Kubernetes Service: connections pinned to replicas
    plugin.py               pytest fixtures

What it was held against, and what it does not do: docs/testing.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asr_client.testing.clock import ManualClock
    from asr_client.testing.drills import Drill
    from asr_client.testing.echo import EchoUpstream
    from asr_client.testing.functions import UpstreamReply, UpstreamRequest
    from asr_client.testing.gateway import Gateway
    from asr_client.testing.options import Cors, GatewayOptions, Tls
    from asr_client.testing.records import Call
    from asr_client.testing.routes import Route, documented_routes, open_route
    from asr_client.testing.service_address import ReplicaTraffic, ServiceAddress

__all__ = [
    "Call",
    "Cors",
    "Drill",
    "EchoUpstream",
    "Gateway",
    "GatewayOptions",
    "ManualClock",
    "ReplicaTraffic",
    "Route",
    "ServiceAddress",
    "Tls",
    "UpstreamReply",
    "UpstreamRequest",
    "documented_routes",
    "open_route",
]

# Loaded on first use: pytest imports this package in every run in which it is installed.
_HOMES = {
    "Call": "records",
    "Cors": "options",
    "Drill": "drills",
    "EchoUpstream": "echo",
    "Gateway": "gateway",
    "GatewayOptions": "options",
    "ManualClock": "clock",
    "ReplicaTraffic": "service_address",
    "Route": "routes",
    "ServiceAddress": "service_address",
    "Tls": "options",
    "UpstreamReply": "functions",
    "UpstreamRequest": "functions",
    "documented_routes": "routes",
    "open_route": "routes",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # the next look finds it without coming here
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
