"""
Which paths the gateway knows, and what they are called upstream; pure.

The documented gateway has five: the call /api/v1/asr/infer, Triton's whole interface below the same
prefix, the list of models, the models, their health. Anything else gets the gateway's own 404.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["GRPC_SERVICES", "Route", "documented_routes", "find_route", "open_route"]

GRPC_SERVICES = ("/inference.GRPCInferenceService/",)
_CALL = ("POST", "OPTIONS")
_ALL = ("GET", "POST", "OPTIONS")  # no HEAD: Triton answers HEAD with a body


@dataclass(frozen=True, slots=True)
class Route:
    """
    One way through the gateway.

    Attributes:
        name: For readers.
        pattern: Regular expression that the path must begin with.
        methods: Which methods it takes; others get the 404 of an unknown path.
        becomes: What replaces the matched part upstream.
        method_becomes: The method used upstream; empty keeps the caller's.
    """

    name: str
    pattern: str
    methods: tuple[str, ...]
    becomes: str
    method_becomes: str = ""

    def takes(self, method: str, path: str) -> bool:
        """Whether a request goes this way."""
        return method in self.methods and re.match(self.pattern, path) is not None

    def matched(self, path: str) -> str:
        """Give the part of *path* that belongs to the route, for X-Forwarded-Prefix."""
        found = re.match(self.pattern, path)
        return found.group() if found else ""

    def upstream(self, method: str, target: str) -> tuple[str, str]:
        """Give method and target as the upstream sees them; a query stays as it is."""
        path, mark, query = target.partition("?")
        path = self.becomes + path[len(self.matched(path)) :]
        return self.method_becomes or method, path + mark + query


def documented_routes(model: str) -> tuple[Route, ...]:
    """
    Give the routes of the documented gateway.

    Args:
        model: The model behind /api/v1/asr/infer; it must take base64 in an input named "audio".
    """
    return (
        Route("asr-infer", r"/api/v1/asr/infer$", _CALL, f"/v2/models/{model}/generate"),
        Route("asr-v2", r"/api/v1/asr/v2", _ALL, "/v2"),
        # Triton has no such list: its repository index is asked instead.
        Route("model-list", r"/v2/models/?$", ("GET",), "/v2/repository/index", "POST"),
        Route("v2-models", r"/v2/models/", _ALL, "/v2/models/"),
        Route("v2-health", r"/v2/health/", ("GET",), "/v2/health/"),
    )


def open_route() -> Route:
    """Give a route that takes every path as it is, for upstreams that are no Triton."""
    return Route("all", "/", ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), "/")


def find_route(routes: Iterable[Route], method: str, target: str) -> Route | None:
    """Find the first route that takes the request."""
    path = target.partition("?")[0]
    return next((route for route in routes if route.takes(method, path)), None)
