"""Which paths lead somewhere: KServe v2, the documented call, other prefixes; pure checks."""

from __future__ import annotations

from asr_client.doctor.findings import Finding, failed, passed, skipped, warning
from asr_client.doctor.identity import is_kong
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Answer, Tried, is_served

__all__ = ["check_browser", "check_route", "is_stripped"]


def check_route(seen: Seen) -> Finding:
    """Whether one of the ways to a transcription exists below this URL."""
    if not seen.replies:
        return skipped("no reply to judge by")
    if seen.metadata is None and seen.json_call is None:
        return skipped("the key was refused before any path was looked at")
    ways = _ways(seen)
    if ways:
        return _with_ways(seen, ways)
    elsewhere = _working_path(seen)
    if elsewhere is not None:
        return failed(
            f"nothing is served below {seen.endpoint}, but {elsewhere.name} is",
            f"use --url {elsewhere.name}",
            rows=(3, 5) if _any_stripped(seen) else (3,),
            facts={"elsewhere": elsewhere.name},
        )
    if _any_stripped(seen):
        return failed(
            "the gateway passes requests on without the beginning of their path, and the server "
            "answers 404 to the rest",
            "set strip_path: false on the gateway's routes /v2/models and /v2/health",
            rows=(3, 5),
        )
    return _without_way(seen)


def _ways(seen: Seen) -> tuple[str, ...]:
    protocol = "KServe v2 over gRPC" if seen.endpoint.is_grpc else "KServe v2"
    kserve = (protocol,) if seen.kserve_is_here else ()
    return (*kserve, seen.json_call_path) if seen.json_call_is_here else kserve


def _with_ways(seen: Seen, ways: tuple[str, ...]) -> Finding:
    says = f"{' and '.join(ways)} below {seen.endpoint}"
    if seen.json_call_is_here and not seen.kserve_is_here and is_kong(seen):
        return passed(
            f"{says}; the gateway routes no KServe v2, so health and models cannot be asked",
            facts={"ways": ways},
        )
    if _is_missing(seen.json_call):
        # Nothing to mend: "auto" takes KServe. Whoever expects the documented call should know.
        says += f"; nobody serves {seen.json_call_path} ({_who_said_no(seen.json_call)})"
        return passed(says, facts={"ways": ways}, rows=(3,))
    if seen.json_call is not None and seen.json_call.code == "gateway_upstream_unreachable":
        return warning(
            f"{says}; {seen.json_call_path} exists, but nobody is behind it: {seen.json_call.says}",
            "the gateway's route leads to another service than KServe's: is that one up?",
            facts={"ways": ways},
        )
    return passed(says, facts={"ways": ways})


def _is_missing(answer: Answer[object] | None) -> bool:
    return answer is not None and answer.code == "not_found_route"


def _who_said_no(answer: Answer[object] | None) -> str:
    origin = answer.origin if answer is not None else ""
    said = {
        "kong": "the gateway has no such route",
        "triton": "Triton itself has no such path",
        "proxy": "a proxy says so",
    }
    return said.get(origin, f"{origin} says so")


def _without_way(seen: Seen) -> Finding:
    asked = [answer for answer in (seen.metadata, seen.json_call) if answer is not None]
    refusal = next((answer for answer in asked if answer.code == "auth"), None)
    if refusal is not None:
        return skipped("the key was refused before any path was looked at")
    missing = [answer for answer in asked if _is_missing(answer)]
    if missing and seen.endpoint.is_grpc:
        return failed(
            f"no KServe v2 over gRPC here: {missing[0].says}",
            "published gateways route HTTP only: use https:// there, or Triton's own gRPC port; "
            "in Kong a route needs protocols: [grpc, grpcs], paths: "
            "[/inference.GRPCInferenceService/]",
            rows=(6,),
        )
    if missing:
        return failed(
            f"neither KServe v2 nor {seen.json_call_path} below {seen.endpoint}: "
            f"{_who_said_no(missing[0])}",
            "check the URL's prefix with whoever runs the gateway; Triton's own URL has none",
            rows=(3,),
        )
    other = next((answer for answer in asked if answer.error is not None), None)
    return _closed(other) if other is not None else skipped("not asked")


def _closed(answer: Answer[object]) -> Finding:
    if answer.code == "rate_limited":
        return skipped(f"cannot be asked: {answer.says}")
    hint = answer.error.hint if answer.error else ""
    if answer.code in ("gateway_upstream_unreachable", "gateway_timeout"):
        hint = (
            "the gateway is up, and the server behind it is not, or has another address than the "
            "gateway's service and upstream say"
        )
    return failed(f"the way is there, but closed: {answer.says}", hint)


def is_stripped(answer: Answer[object] | None) -> bool:
    """Whether a gateway passed this on, and the server did not know the path that arrived."""
    if answer is None or answer.code != "not_found_route":
        return False
    return answer.was_passed_on and answer.origin == "triton"


def _any_stripped(seen: Seen) -> bool:
    return any(is_stripped(each) for each in (seen.live, seen.metadata, seen.json_call))


def _working_path(seen: Seen) -> Tried[object] | None:
    """Find the first of the other paths that leads somewhere."""
    return next((tried for tried in seen.other_paths if is_served(tried.answer)), None)


def check_browser(seen: Seen) -> Finding:
    """Whether pages in browsers may call; nothing in Python needs it."""
    preflight = seen.preflight
    if preflight is None:
        return skipped("asked over HTTP only, of a gateway that is known to let this client in")
    origin = preflight.headers.get("access-control-allow-origin", "")
    if preflight.error is not None or not origin:
        return skipped(
            "pages in browsers may not call (no CORS); Python programs are not concerned",
            rows=(15,),
        )
    allowed = preflight.headers.get("access-control-allow-headers", "").lower()
    if allowed != "*" and seen.key_header.lower() not in allowed:
        return skipped(
            f"pages of {origin} may call, but not send {seen.key_header}; "
            "Python programs are not concerned",
            f"add {seen.key_header} to the headers of the cors plugin if pages are to call",
            rows=(15,),
            facts={"origin": origin},
        )
    return passed(f"pages of {origin} may call", facts={"origin": origin})
