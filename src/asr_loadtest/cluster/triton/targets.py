"""Which URLs tell what a server does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from asr_client.endpoint import Endpoint, parse_url
from asr_client.errors import ConfigError

__all__ = ["PodTarget", "guess_metrics_url", "pod_targets"]

# Triton's own ports, and the NodePorts of the published service.
_METRICS_PORTS = {8000: 8002, 8001: 8002, 30080: 30082, 30081: 30082}
_HTTP_PORTS = {8002: 8000, 30082: 30080}
_PATH = "/metrics"


@dataclass(frozen=True, slots=True)
class PodTarget:
    """
    Where to look at one server.

    Attributes:
        pod: Its name in readings and reports.
        metrics_url: Of its page of metrics.
        http_url: Of its HTTP interface, for batch sizes; empty if there is none to ask.
    """

    pod: str
    metrics_url: str
    http_url: str = ""


def guess_metrics_url(host_url: str) -> str | None:
    """
    Say where the server under test should have its metrics; None if its URL does not tell.

    Only Triton's usual ports tell: 8000 and 8001 have theirs at 8002, NodePorts 30080 and 30081 at
    30082. A gateway's metrics are not its servers'.

    Raises:
        ConfigError: If it is no URL of a server.
    """
    endpoint = parse_url(host_url)
    port = _METRICS_PORTS.get(endpoint.port)
    if port is None or endpoint.prefix:
        return None
    # Triton's metrics are never encrypted.
    return f"{replace(endpoint, scheme='http', port=port)}{_PATH}"


def pod_targets(
    metrics_urls: Sequence[str], http_urls: Sequence[str] = ()
) -> tuple[PodTarget, ...]:
    """
    Pair the URLs that a user gave.

    Args:
        metrics_urls: One for each pod, such as "http://10.0.0.7:8002"; "/metrics" is added to
            those without a path.
        http_urls: The pods' HTTP interfaces in the same order; none to go by Triton's usual ports.

    Raises:
        ConfigError: If one is no URL, or they do not pair.
    """
    if http_urls and len(http_urls) != len(metrics_urls):
        raise ConfigError(
            f"{len(http_urls)} HTTP URLs do not pair with {len(metrics_urls)} URLs of metrics",
            hint="give one for each pod, in the same order, or none",
        )
    metrics = [_http(url) for url in metrics_urls]
    if len({each.authority for each in metrics}) < len(metrics):
        raise ConfigError("the same URL of metrics is given twice")
    asked = [str(_http(url)) for url in http_urls] or [_usual_http(each) for each in metrics]
    return tuple(
        PodTarget(each.authority, str(each) if each.prefix else f"{each}{_PATH}", http_url)
        for each, http_url in zip(metrics, asked, strict=True)
    )


def _http(url: str) -> Endpoint:
    endpoint = parse_url(url)
    if endpoint.is_grpc:
        raise ConfigError(
            f"{url!r} is an address for gRPC", hint="metrics and statistics are read over HTTP"
        )
    return endpoint


def _usual_http(metrics: Endpoint) -> str:
    port = _HTTP_PORTS.get(metrics.port)
    return "" if port is None else str(replace(metrics, port=port, prefix=""))
