"""
Looking at the way to a server: its name, its port, its certificate, its first words.

Below HTTP and gRPC, hence with sockets of its own. Nothing is judged here.
"""

from __future__ import annotations

import os
import ssl
import time
from dataclasses import replace
from typing import Any

import certifi

from asr_client.deadline import Deadline
from asr_client.doctor.sights import Certificate, Contact, Handshake, Lookup, Speech
from asr_client.endpoint import Endpoint
from asr_client.settings.config import ClientConfig
from asr_client.transports.sockets import open_socket, resolve, seconds_left
from asr_client.transports.tls import tls_context

__all__ = ["call_address", "listen", "look_up", "shake_hands"]

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, for which Python has no name.
_NO_CHECK_TIME = 0x200000
_MOST_ADDRESSES = 4
_FIRST_WORDS = 256
# Frame of type 4: the SETTINGS with which HTTP/2 begins (RFC 9113).
_SETTINGS_AT, _SETTINGS = 3, 4
_TLS_ALERT = 0x15


def look_up(host: str, port: int, limit: Deadline) -> Lookup:
    """Ask for the host's addresses."""
    began_s = time.monotonic()
    try:
        entries = resolve(host, port, limit)
    except (OSError, UnicodeError) as error:
        return Lookup(host, (), time.monotonic() - began_s, _plain(error))
    addresses = tuple(dict.fromkeys(str(address[0]) for *_, address in entries))
    return Lookup(host, addresses[:_MOST_ADDRESSES], time.monotonic() - began_s)


def call_address(address: str, port: int, limit: Deadline) -> Contact:
    """Connect to one address, and hang up."""
    began_s = time.monotonic()
    try:
        open_socket(address, port, limit).close()
    except OSError as error:
        return Contact(address, time.monotonic() - began_s, _plain(error))
    return Contact(address, time.monotonic() - began_s)


def shake_hands(config: ClientConfig, limit: Deadline) -> Handshake:
    """
    Speak TLS as this client does, and look at the certificate even if it cannot be trusted.

    Raises:
        ConfigError: If a PEM file of the settings cannot be used.
    """
    context, trust = _verifying_context(config)
    try:
        with _wrapped(config.endpoint, context, limit) as connection:
            return Handshake(
                trust,
                version=connection.version() or "",
                protocol=connection.selected_alpn_protocol() or "",
                certificate=_read(connection.getpeercert() or {}),
            )
    except OSError as error:
        return Handshake(trust, _plain(error), certificate=_untrusted(config.endpoint, limit))


def _verifying_context(config: ClientConfig) -> tuple[ssl.SSLContext, str]:
    """Make a context that trusts whom the client's transport trusts; and say who that is."""
    trust = config.tls_ca_file or "the system's authorities and certifi's"
    if config.endpoint.is_grpc and config.tls_ca_file is None:
        # gRPC does not look at the system's, but at a list of its own: Mozilla's, like certifi's.
        trust = "gRPC's own list of public authorities"
        roots = os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH") or certifi.where()
        config = replace(config, tls_ca_file=roots)
    context = tls_context(config)
    if context is None:
        raise ValueError(f"{config.endpoint} is not encrypted")
    context.set_alpn_protocols(["h2", "http/1.1"])  # to see what is offered, not to use it
    return context, trust


def _wrapped(endpoint: Endpoint, context: ssl.SSLContext, limit: Deadline) -> ssl.SSLSocket:
    connection = open_socket(endpoint.host, endpoint.port, limit)
    try:
        connection.settimeout(seconds_left(limit))
        return context.wrap_socket(connection, server_hostname=endpoint.host)
    except BaseException:
        connection.close()
        raise


def _untrusted(endpoint: Endpoint, limit: Deadline) -> Certificate | None:
    """
    Look at a certificate without trusting it; None if there is none.

    Python reads only what it has verified. So the certificate is fetched, and the server called
    again by one who trusts exactly this certificate, at any time and under any name.
    """
    blind = _careless_context()
    blind.verify_mode = ssl.CERT_NONE
    try:
        with _wrapped(endpoint, blind, limit) as connection:
            der = connection.getpeercert(binary_form=True)
        if der is None:
            return None
        devoted = _careless_context()
        devoted.load_verify_locations(cadata=der)
        devoted.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
        with _wrapped(endpoint, devoted, limit) as connection:
            return _read(connection.getpeercert() or {})
    except OSError:
        return None


def _careless_context() -> ssl.SSLContext:
    """Make a context for looking only: nothing is ever sent over its connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    return context


def _read(fields: Any) -> Certificate | None:
    if not fields:
        return None
    names = tuple(str(value) for _, value in fields.get("subjectAltName", ()))
    subject = _name(fields.get("subject", ()), "commonName")
    return Certificate(
        subject=subject or (names[0] if names else "nobody"),
        names=names,
        issuer=_name(fields.get("issuer", ()), "commonName", "organizationName") or "nobody",
        starts_s=float(ssl.cert_time_to_seconds(fields["notBefore"])),
        ends_s=float(ssl.cert_time_to_seconds(fields["notAfter"])),
        is_signed_by_itself=fields.get("subject") == fields.get("issuer"),
    )


def _name(parts: Any, *kinds: str) -> str:
    told = {str(kind): str(value) for part in parts for kind, value in part}
    return next((told[kind] for kind in kinds if kind in told), "")


def listen(endpoint: Endpoint, limit: Deadline) -> Speech:
    """
    Find out what a port speaks that did not answer as its URL promises.

    It is asked in plain HTTP/1.1 for its health, without a key, and then in TLS.
    """
    first_words = _ask_plainly(endpoint, limit)
    if first_words[:5] == b"HTTP/" and not _wants_tls(first_words):
        return Speech("http")
    if len(first_words) > _SETTINGS_AT and first_words[_SETTINGS_AT] == _SETTINGS:
        return Speech("http2")
    if _speaks_tls(endpoint, limit):
        return Speech("tls")
    banner = first_words.partition(b"\n")[0].strip()[:60].decode("ascii", "replace")
    if not first_words or first_words[0] == _TLS_ALERT:
        return Speech("silence")
    return Speech("other", banner)


def _ask_plainly(endpoint: Endpoint, limit: Deadline) -> bytes:
    request = (
        f"GET {endpoint.prefix}/v2/health/live HTTP/1.1\r\n"
        f"Host: {endpoint.authority}\r\nConnection: close\r\n\r\n"
    )
    try:
        with open_socket(endpoint.host, endpoint.port, limit) as connection:
            connection.sendall(request.encode("ascii", "replace"))
            connection.settimeout(seconds_left(limit))
            return connection.recv(_FIRST_WORDS)
    except OSError:
        return b""


def _wants_tls(first_words: bytes) -> bool:
    """Whether this is nginx's or Go's answer to plain words on a TLS port; both say 400."""
    return b" 400 " in first_words.partition(b"\r\n")[0] and b"HTTPS" in first_words.upper()


def _speaks_tls(endpoint: Endpoint, limit: Deadline) -> bool:
    blind = _careless_context()
    blind.verify_mode = ssl.CERT_NONE
    try:
        _wrapped(endpoint, blind, limit).close()
    except OSError:
        return False
    return True


def _plain(error: Exception) -> str:
    """Give the system's words without its numbers."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    return str(text).partition("] ")[2].partition(" (_ssl")[0] or str(text)
