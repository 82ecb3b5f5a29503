"""Getting in: the way there, the first words, the key, and a path that leads somewhere."""

from __future__ import annotations

from typing import TypeVar

from asr_client.calls.ask import KEY_REFUSED
from asr_client.contracts.wire import Exchange
from asr_client.doctor.case import Case
from asr_client.doctor.identity import is_kong
from asr_client.doctor.keys import is_accepted, may_be_in_another_header
from asr_client.doctor.probes import call_address, listen, look_up, shake_hands
from asr_client.doctor.questions import empty_call, preflight
from asr_client.doctor.sights import Answer, Tried
from asr_client.endpoint import AI4I_PATH, ULCA_PATH

__all__ = ["ask_without_key", "find_paths", "meet", "reach"]

Value = TypeVar("Value")

_KEY_HEADERS = ("X-API-Key", "apikey", "Authorization")
# Triton below a gateway's own prefix, as published gateways have it; and without any.
_OTHER_PREFIXES = ("", "/api/v1/asr", "/triton/asr")


def reach(case: Case) -> bool:
    """Look at the way below HTTP; False if it ends before the server."""
    seen, endpoint = case.seen, case.endpoint
    if seen.proxy:  # who knows names and makes connections in our place
        return True
    case.options.tell("looking up the name")
    seen.lookup = look_up(endpoint.host, endpoint.port, case.limit())
    case.options.tell("connecting")
    seen.contacts = [
        call_address(address, endpoint.port, case.limit()) for address in seen.lookup.addresses
    ]
    return seen.is_reachable and (not endpoint.is_tls or _encrypt(case))


def _encrypt(case: Case) -> bool:
    handshake = case.seen.handshake = shake_hands(case.config, case.limit())
    if handshake.error and handshake.certificate is None:
        _listen(case)
    return not handshake.error


def _listen(case: Case) -> None:
    if not case.seen.proxy:
        case.log.requests += 1
        case.seen.speech = listen(case.endpoint, case.limit())


def meet(case: Case) -> bool:
    """Send the first request; False if what comes back is the end of it."""
    case.options.tell("asking for its health")
    case.seen.live = _ask(case, case.kserve.server_live())
    if not case.seen.replies:
        _listen(case)
    # A key that opens nothing is shown no further doors.
    return bool(case.seen.replies) and case.seen.live.status not in KEY_REFUSED


def _ask(case: Case, exchange: Exchange[Value]) -> Answer[Value]:
    """Ask; if the key is refused as though nobody had seen it, show it in other headers."""
    answer, seen = case.ask(exchange), case.seen
    if answer.code != "auth" or seen.refused is not None or not seen.key_fingerprint:
        return answer
    seen.refused = answer
    if not may_be_in_another_header(answer):
        return answer
    return _try_other_headers(case, exchange) or answer


def _try_other_headers(case: Case, exchange: Exchange[Value]) -> Answer[Value] | None:
    """Find a header in which the key is accepted, and go on with it: more may be wrong."""
    tried: list[Tried[object]] = []
    case.seen.other_headers = tried
    for name in _KEY_HEADERS:
        if name.lower() == case.seen.key_header.lower():
            continue
        visitor = case.open(case.visitor.with_header(name))
        answer = visitor.ask(exchange)
        tried.append(Tried(name, answer))
        if is_accepted(answer):
            case.visitor = visitor
            return answer
    return None


def find_paths(case: Case) -> None:
    """Look for the ways to a transcription."""
    seen = case.seen
    case.options.tell("looking for ways to the model")
    seen.metadata = _ask(case, case.kserve.model_metadata(seen.model))
    if case.endpoint.is_grpc:
        return
    seen.json_call = _ask(case, empty_call(seen.json_call_path))
    if is_kong(seen):
        seen.preflight = case.ask(preflight(seen.json_call_path, seen.key_header))
    if {seen.metadata.code, seen.json_call.code} == {"not_found_route"}:
        _look_elsewhere(case)


def _look_elsewhere(case: Case) -> None:
    """Try other paths of the same server."""
    endpoint, tried = case.endpoint, list[Tried[object]]()
    for prefix in _OTHER_PREFIXES:
        if prefix != endpoint.prefix:
            visitor = case.open(case.visitor.at_prefix(prefix))
            answer = visitor.ask(case.kserve.server_live())
            tried.append(Tried(f"{endpoint.scheme}://{endpoint.authority}{prefix}", answer))
    tried += [
        Tried(f"{endpoint}{path}", case.ask(empty_call(path))) for path in (AI4I_PATH, ULCA_PATH)
    ]
    case.seen.other_paths = tried


def ask_without_key(case: Case) -> None:
    """See whether the key is needed, for health and for the rest."""
    seen = case.seen
    if not seen.key_fingerprint or seen.live is None or not is_accepted(seen.live):
        return
    nobody = case.open(case.visitor.without_key())
    seen.live_without_key = nobody.ask(case.kserve.server_live())
    if not is_accepted(seen.live_without_key):
        return
    if seen.kserve_is_here:
        seen.way_without_key = nobody.ask(case.kserve.model_metadata(seen.model))
    elif seen.json_call_is_here:
        seen.way_without_key = nobody.ask(empty_call(seen.json_call_path))
