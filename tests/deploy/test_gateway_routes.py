"""
Where the shipped configuration of Kong leads: what a client needs is open, and nothing else.

The rules are those of Kong's router as far as these routes need them: patterns, from the beginning
of the path, before prefixes, the longest one first. No Kong runs here.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from shipped_manifests import shipped

KONG = yaml.safe_load(shipped()["kong.yml"])
GRPC = "/inference.GRPCInferenceService"


def lead(path: str, method: str, protocol: str = "http") -> tuple[str, str] | None:
    """The route's name and the path that the server sees; None is Kong's own 404."""
    found = [
        (where.startswith("~"), len(where), where, service, route)
        for service in KONG["services"]
        for route in service["routes"]
        for where in route["paths"]
        if protocol in route.get("protocols", ["http", "https"])
        and method in route.get("methods", [method])
        and re.match(where[1:] if where[0] == "~" else re.escape(where), path)
    ]
    if not found:
        return None
    *_, where, service, route = max(found, key=lambda each: each[:2])
    return route["name"], upstream_path(path, where, service, route)


def upstream_path(path: str, where: str, service: dict[str, Any], route: dict[str, Any]) -> str:
    """What is left of the path after the service's own, or what a plugin puts in its place."""
    for plugin in route.get("plugins", []):
        if "replace" in plugin["config"]:
            return str(plugin["config"]["replace"]["uri"])
    if not route["strip_path"]:
        return path
    rest = re.sub(f"^{where[1:]}" if where[0] == "~" else f"^{re.escape(where)}", "", path)
    return "/".join(filter(None, [service.get("path", ""), rest]))


@pytest.mark.parametrize(
    ("method", "path", "reaches"),
    [
        ("POST", "/api/v1/asr/infer", "/v2/models/asr/generate"),
        ("GET", "/v2/models", "/v2/repository/index"),
        ("GET", "/v2/models/", "/v2/repository/index"),
        ("GET", "/v2/health/ready", "/v2/health/ready"),
        ("GET", "/v2/models/asr_am_ensemble/ready", "/v2/models/asr_am_ensemble/ready"),
        ("GET", "/v2/models/stats", "/v2/models/stats"),
        ("POST", "/v2/models/asr_am_ensemble/infer", "/v2/models/asr_am_ensemble/infer"),
        ("POST", "/api/v1/asr/v2/models/asr_am_ensemble/infer", "/v2/models/asr_am_ensemble/infer"),
        ("GET", "/api/v1/asr/v2/models", "/v2/repository/index"),
        ("GET", "/api/v1/asr/v2/health/ready", "/v2/health/ready"),
        ("OPTIONS", "/api/v1/asr/infer", "/v2/models/asr/generate"),
    ],
)
def test_what_a_client_needs_is_open(method: str, path: str, reaches: str) -> None:
    """The three documented calls, and Triton's own protocol with and without the prefix."""
    found = lead(path, method)
    assert found is not None
    assert found[1] == reaches


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/repository/models/asr/load"),
        ("POST", "/api/v1/asr/v2/repository/models/asr/unload"),
        ("POST", "/v2/logging"),
        ("POST", "/v2/trace/setting"),
        ("POST", "/v2/systemsharedmemory/region/x/register"),
        ("GET", "/metrics"),
        ("GET", "/v2/models-x"),
        ("POST", "/api/v1/asr/infer/x"),
        ("GET", "/api/v1/asr/models"),
        ("HEAD", "/v2/health/ready"),
        ("HEAD", "/v2/models/asr/ready"),
    ],
)
def test_everything_else_is_the_gateways_404(method: str, path: str) -> None:
    """Loading, tracing, memory, metrics; neighbours of open paths; HEAD."""
    assert lead(path, method) is None


@pytest.mark.parametrize("prefix", ["", "/api/v1/asr"])
def test_tracing_below_an_open_prefix_is_closed(prefix: str) -> None:
    """It writes files on the server, and answers below /v2/models/."""
    for path in ("/v2/models/asr/trace/setting", "/v2/models/asr/versions/1/trace/setting"):
        found = lead(prefix + path, "POST")
        assert found is not None
        assert found[0] == "closed"


@pytest.mark.parametrize(
    ("call", "is_open"),
    [
        ("ModelInfer", True),
        ("ModelStreamInfer", True),
        ("ModelReady", True),
        ("RepositoryIndex", True),
        ("RepositoryModelLoad", False),
        ("SystemSharedMemoryRegister", False),
        ("TraceSetting", False),
    ],
)
def test_grpc_is_open_call_by_call(call: str, is_open: bool) -> None:
    """Inference and questions about models."""
    assert (lead(f"{GRPC}/{call}", "POST", "grpc") is not None) is is_open


def test_plugins_hold_for_all_routes() -> None:
    """Key, limit, origin, request id, size: none belongs to one service only."""
    names = {plugin["name"] for plugin in KONG["plugins"]}
    assert names == {
        "key-auth",
        "rate-limiting",
        "cors",
        "correlation-id",
        "request-size-limiting",
    }
    assert all("plugins" not in service for service in KONG["services"])
