"""One reply over HTTP: who wrote it, and what it means."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from asr_client.classification.answer import Answer, Reach, is_out_of_quota, reach_of
from asr_client.classification.bodies import Body, in_band_error, read_body
from asr_client.classification.kong import is_kongs_body, judge_kong
from asr_client.classification.proxies import judge_proxy
from asr_client.classification.triton import judge_in_band, judge_triton
from asr_client.faults import Fault, Origin

__all__ = ["judge_http"]

_SUCCESSES = range(200, 300)
_TRUNCATED = Fault("truncated", "triton", "maybe", "yes")

# Statuses that Triton has no use for: without a text of its own, they are a proxy's.
_PROXYS = frozenset(
    {401, 403, 404, 407, 408, 411, 413, 414, 417, 421, 426, 429, 431, 502, 503, 504}
)
_CLOUDFLARES = range(520, 531)
_REDIRECTS = range(300, 400)
_ROUTERS = (404, 405)
_ROUTERS_TEXTS = ("not found", "method not allowed")

_JUDGES = {"kong": judge_kong, "proxy": judge_proxy, "triton": judge_triton}


def judge_http(
    status: int,
    headers: Mapping[str, str],
    text: str,
    *,
    is_complete: bool = True,
    own_values: Collection[str] = (),
) -> Fault | None:
    """
    Judge a reply over HTTP.

    Args:
        status: HTTP status.
        headers: Names in any case.
        text: The body; of a success, only its text matters, never its bytes.
        is_complete: Whether all came that the framing promised.
        own_values: What the request said and a server may quote, such as its language: a model
            that failed on one of these fails again.

    Returns:
        The fault; None if this is a success.
    """
    if status in _SUCCESSES:
        return _judge_success(text, is_complete=is_complete)
    lower = {name.lower(): value for name, value in headers.items()}
    body, reach = read_body(text), reach_of(lower)
    origin = _who(status, lower, body, reach)
    answer = Answer(
        origin=origin,
        status=status,
        text=body.text,
        word=body.word,
        reach=reach,
        is_out_of_quota=is_out_of_quota(lower),
        asks_to_wait="retry-after" in lower,
        own_values=own_values,
    )
    return _JUDGES[origin](answer)


def _judge_success(text: str, *, is_complete: bool) -> Fault | None:
    error = in_band_error(text)
    if error is not None:
        return judge_in_band(error)
    return None if is_complete else _TRUNCATED


def _who(status: int, headers: Mapping[str, str], body: Body, reach: Reach) -> Origin:
    if reach == "nobody":
        return "kong"
    if body.hand == "triton":
        return "triton"
    if is_kongs_body(status, headers, body, reach):
        return "kong"
    if body.hand == "markup" or _is_adapters_router(status, body):
        return "proxy"
    if reach == "upstream" or body.hand == "adapter":
        return "triton"
    return "proxy" if _is_proxys(status, body) else "triton"


def _is_adapters_router(status: int, body: Body) -> bool:
    """A web service before the models, with no such path: not the server that was meant."""
    return body.hand == "adapter" and status in _ROUTERS and body.text.lower() in _ROUTERS_TEXTS


def _is_proxys(status: int, body: Body) -> bool:
    is_its_status = status in _PROXYS or status in _REDIRECTS or status in _CLOUDFLARES
    return is_its_status or body.hand in ("json", "kong")
