"""The API key: is one needed, is this one accepted, and in which header; pure check."""

from __future__ import annotations

from asr_client.doctor.findings import Facts, Finding, failed, passed, skipped, warning
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Answer

__all__ = ["check_key", "is_accepted", "may_be_in_another_header"]

_DEFAULT_HEADER = "x-api-key"
_FORBIDDEN = 403
# What Kong says of a key that it did read: another header would not help.
_READ_AND_REFUSED = ("unauthorized", "invalid authentication credentials", "duplicate api key")


def check_key(seen: Seen) -> Finding:
    """Whether the key opens the door, and whether there is a door."""
    if not seen.replies:
        return skipped("no reply to judge by")
    refusal = _refusal(seen)
    if refusal is not None:
        return _refused(seen, refusal) if seen.key_fingerprint else _missing(seen, refusal)
    if not seen.key_fingerprint:
        return passed("none is needed, and none was given", facts={"needed": False})
    return _accepted(seen)


def _refusal(seen: Seen) -> Answer[object] | None:
    """Find the first answer that turned down the caller as such, with the key it has."""
    asked = (seen.refused, seen.live, seen.metadata, seen.json_call)
    return next((each for each in asked if each is not None and each.code == "auth"), None)


def _missing(seen: Seen, refusal: Answer[object]) -> Finding:
    also_health = seen.live is not None and seen.live.code == "auth"
    return failed(
        f"a key is needed, {'for health, too, ' if also_health else ''}and none was given "
        f"({refusal.says})",
        "set ASR_API_KEY, or name a file with --api-key-file",
        facts={"needed": True, "needed_for_health": also_health},
    )


def _refused(seen: Seen, refusal: Answer[object]) -> Finding:
    facts: Facts = {"fingerprint": seen.key_fingerprint, "header": seen.key_header}
    header = _working_header(seen)
    if header:
        return failed(
            f"the key is accepted in the header {header}, and was sent in {seen.key_header}",
            f"use --api-key-header {header}, or set ASR_API_KEY_HEADER={header}",
            rows=(2,),
            facts={**facts, "works_in": header},
        )
    if refusal.status == _FORBIDDEN:
        return failed(
            f"the key is known, but may not do this: {refusal.says}",
            "in Kong, the consumer lacks the acl plugin's group; in Triton, the API is restricted",
            facts=facts,
        )
    tried = ", ".join(each.name for each in seen.other_headers)
    elsewhere = f"; in {tried} it is refused as well" if tried else ""
    return failed(
        f"key {seen.key_fingerprint} is refused in {seen.key_header}{elsewhere}: {refusal.says}",
        "ask for a valid key; its fingerprint is the start of its SHA-256, to compare without "
        "showing it",
        facts=facts,
    )


def _working_header(seen: Seen) -> str:
    """Name the other header in which the key is accepted; empty if none is."""
    accepted = (each.name for each in seen.other_headers if is_accepted(each.answer))
    return next(accepted, "")


def is_accepted(answer: Answer[object]) -> bool:
    """Whether whoever checks keys let this one through, whatever came then."""
    return answer.status is not None and answer.code != "auth"


def may_be_in_another_header(answer: Answer[object] | None) -> bool:
    """Whether a refusal leaves room for hope that the key only was in the wrong place."""
    if answer is None or answer.code != "auth" or answer.status == _FORBIDDEN:
        return False
    # Over gRPC, Kong has one word for both.
    said = answer.says.lower()
    is_certain = any(each in said for each in _READ_AND_REFUSED) and "unauthenticated" not in said
    return not is_certain


def _accepted(seen: Seen) -> Finding:
    needed, needed_for_health = _need(seen)
    facts: Facts = {
        "fingerprint": seen.key_fingerprint,
        "header": seen.key_header,
        "needed": needed,
        "needed_for_health": needed_for_health,
    }
    if not seen.endpoint.is_tls and not seen.endpoint.is_here:
        return warning(
            f"key {seen.key_fingerprint} travels in plain text over {seen.endpoint.scheme}://",
            "use https:// or grpcs://: everybody on the way can read the key",
            facts=facts,
        )
    if not needed and not (seen.kserve_is_here or seen.json_call_is_here):
        return skipped("nobody asked for it: no path was found that leads anywhere", facts=facts)
    if not needed:
        return passed(
            f"the server does not ask for a key (yours, {seen.key_fingerprint}, was not looked at)",
            facts=facts,
        )
    where = ", for health, too" if needed_for_health else ""
    if seen.live_without_key is not None and seen.live_without_key.value:
        where = ", though not for health"
    # The documents say X-API-Key; published gateways read another one.
    rows = (2,) if seen.key_header.lower() != _DEFAULT_HEADER else ()
    says = f"key {seen.key_fingerprint} is accepted in {seen.key_header}; one is needed{where}"
    return passed(says, facts=facts, rows=rows)


def _need(seen: Seen) -> tuple[bool, bool]:
    health, way = seen.live_without_key, seen.way_without_key
    for_health = health is not None and health.code == "auth"
    return for_health or (way is not None and way.code == "auth"), for_health
