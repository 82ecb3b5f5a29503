"""The way to the server: its name, its port, its certificate; pure checks of what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from asr_client.doctor.findings import Facts, Finding, failed, passed, skipped, warning
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Certificate, Contact, Handshake

__all__ = ["check_name", "check_port", "check_tls"]

_DAY_S = 86_400.0
# Public authorities renew from 30 days on; two weeks before the end somebody should look.
_SOON_DAYS = 14

_USUAL_PORTS = (
    "usual ports are 8000 and 8001 (Triton's HTTP and gRPC), 5000 and 5001 or 30080 and 30081 "
    "where a host maps them"
)


def check_name(seen: Seen) -> Finding:
    """Whether the host's name leads anywhere."""
    lookup = seen.lookup
    if lookup is None:
        return skipped(_by_proxy(seen) or "not looked up")
    facts: Facts = {"host": lookup.host, "addresses": lookup.addresses, "took_s": lookup.took_s}
    if lookup.error:
        return failed(
            f"{lookup.host!r} is not known: {lookup.error}",
            "check the spelling, the network and the VPN: names inside a cluster "
            "(.svc.cluster.local) are known only there",
            facts=facts,
        )
    if lookup.addresses == (lookup.host,):
        return passed(f"{lookup.host} is an address, no name to look up", facts=facts)
    return passed(f"{lookup.host} is {', '.join(lookup.addresses)}", facts=facts)


def check_port(seen: Seen) -> Finding:
    """Whether the port takes connections, on all of the host's addresses."""
    if not seen.contacts:
        return skipped(_by_proxy(seen) or "no address to connect to")
    open_ones = [contact for contact in seen.contacts if not contact.error]
    closed = [contact for contact in seen.contacts if contact.error]
    port = seen.endpoint.port
    if not open_ones:
        reasons = "; ".join(f"{contact.address}: {contact.error}" for contact in closed)
        says = f"port {port} takes no connection ({reasons})"
        return failed(says, _reach(seen), facts={"port": port}, rows=(14,))
    connect_s = min(contact.took_s for contact in open_ones)
    facts: Facts = {"port": port, "connect_s": round(connect_s, 4)}
    if closed:
        return warning(
            f"port {port} is open on {_addresses(open_ones)}, but not on {_addresses(closed)}",
            "connections to the other addresses cost time before they fail: "
            "take these addresses out of DNS, or make the server listen there",
            facts=facts,
        )
    return passed(f"port {port} is open ({connect_s * 1000:.0f} ms)", facts=facts)


def _by_proxy(seen: Seen) -> str:
    return f"the proxy {seen.proxy} does that" if seen.proxy else ""


def _addresses(contacts: Iterable[Contact]) -> str:
    return ", ".join(contact.address for contact in contacts)


def _reach(seen: Seen) -> str:
    if seen.endpoint.is_here:
        return f"`asr-client serve` starts a server on this machine; {_USUAL_PORTS}"
    return f"is the server up, the port right, and no firewall between? {_USUAL_PORTS}"


def check_tls(seen: Seen) -> Finding:
    """Whether the server can be trusted, and for how long; or why its TLS is none."""
    handshake = seen.handshake
    if not seen.endpoint.is_tls:
        return _without_tls(seen)
    if handshake is None:
        return skipped(_by_proxy(seen) or "no connection")
    if handshake.error:
        says = f"TLS failed: {handshake.error}"
        return failed(says, _mend(seen, handshake), facts=_facts(handshake))
    return _with_tls(seen, handshake)


def _without_tls(seen: Seen) -> Finding:
    scheme, authority = seen.endpoint.scheme, seen.endpoint.authority
    if seen.speech is not None and seen.speech.kind == "tls":
        return failed(
            f"the port speaks TLS, and the URL says {scheme}://",
            f"use {scheme}s://{authority}{seen.endpoint.prefix}",
        )
    return skipped(f"{scheme}:// is not encrypted")


def _with_tls(seen: Seen, handshake: Handshake) -> Finding:
    facts, certificate = _facts(handshake), handshake.certificate
    says = f"{handshake.version}, trusted by {handshake.trust}"
    if certificate is not None:
        says += f"; certificate of {certificate.subject} by {certificate.issuer}"
    if seen.endpoint.is_grpc and handshake.protocol != "h2":
        return failed(
            f"{says}; but no HTTP/2 is offered, which gRPC needs",
            "in Kong, proxy_listen needs http2: 0.0.0.0:8443 http2 ssl",
            facts=facts,
        )
    if certificate is None:
        return passed(says, facts=facts)
    days = (certificate.ends_s - seen.now_s) / _DAY_S
    if days < _SOON_DAYS:
        return warning(f"{says}, ends in {days:.0f} days", "renew the certificate", facts=facts)
    return passed(f"{says}, valid for {days:.0f} more days", facts=facts)


def _facts(handshake: Handshake) -> Facts:
    certificate = handshake.certificate
    facts: Facts = {
        "trust": handshake.trust,
        "version": handshake.version,
        "protocol": handshake.protocol,
    }
    if certificate is None:
        return facts
    return {
        **facts,
        "subject": certificate.subject,
        "names": certificate.names,
        "issuer": certificate.issuer,
        "starts_s": certificate.starts_s,
        "ends_s": certificate.ends_s,
    }


def _mend(seen: Seen, handshake: Handshake) -> str:
    """Say what is wrong with the certificate, if one was shown, or what the port speaks instead."""
    certificate = handshake.certificate
    if certificate is None:
        return _mend_speech(seen)
    if not certificate.starts_s <= seen.now_s <= certificate.ends_s:
        return _mend_time(certificate, seen.now_s)
    if "mismatch" in handshake.error.lower() or "not valid for" in handshake.error.lower():
        names = ", ".join(certificate.names) or certificate.subject
        return f"it is for {names}, not for {seen.endpoint.host}: call the server by such a name"
    if certificate.is_signed_by_itself:
        return (
            "it is signed by itself: if it is yours, give its PEM file with --tls-ca-file; "
            f"trusted: {handshake.trust}"
        )
    return (
        f"signed by {certificate.issuer}, who is not trusted here ({handshake.trust}): give that "
        "authority's PEM file with --tls-ca-file, or let the server send the whole chain"
    )


def _mend_time(certificate: Certificate, now_s: float) -> str:
    if now_s < certificate.starts_s:
        return f"it begins on {_date(certificate.starts_s)}: is this machine's clock right?"
    return f"it ended on {_date(certificate.ends_s)}: renew the certificate"


def _mend_speech(seen: Seen) -> str:
    speech, plain = seen.speech, seen.endpoint.scheme.removesuffix("s")
    if speech is not None and speech.kind in ("http", "http2"):
        plain = "http" if speech.kind == "http" else plain
        return f"the port is not encrypted: use {plain}://{seen.endpoint.authority}"
    if speech is not None and speech.banner:
        return f"the port says {speech.banner!r}: that is another service, check the port"
    return "does the port speak TLS at all? an address inside the cluster often does not"


def _date(instant_s: float) -> str:
    return f"{datetime.fromtimestamp(instant_s, UTC):%Y-%m-%d %H:%M} UTC"
