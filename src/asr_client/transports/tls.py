"""TLS for both wires: always verified, 1.2 at least, with a client's certificate on demand."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NoReturn

from asr_client.errors import ConfigError
from asr_client.settings.config import ClientConfig

__all__ = ["TLSFiles", "read_tls_files", "tls_context"]

TLSFiles = tuple[bytes | None, bytes | None, bytes | None]


def tls_context(config: ClientConfig) -> ssl.SSLContext | None:
    """
    Make the verifying context for a TLS endpoint; None for a plain one.

    Raises:
        ConfigError: If a PEM file cannot be used.
    """
    if not config.endpoint.is_tls:
        return None
    context = _trusting(config.tls_ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Some Pythons (Debian's 3.11.2) take any end for a farewell: a cut reply would seem whole.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.set_alpn_protocols(["http/1.1"])
    _identify(context, config.tls_cert_file, config.tls_key_file)
    return context


def read_tls_files(config: ClientConfig) -> TLSFiles:
    """
    Read what gRPC wants as bytes: authorities, private key, certificate chain; None where unset.

    gRPC would tell of a bad file only when it connects, and hardly why: Python's TLS tries them.
    """
    tls_context(config)
    ca_file, cert_file = config.tls_ca_file, config.tls_cert_file
    key_file = config.tls_key_file or cert_file
    return _read(ca_file), _read(key_file), _read(cert_file)


def _read(path: str | None) -> bytes | None:
    return Path(path).read_bytes() if path else None


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if ca_file is None:
            # Slim containers have no system store; certifi comes with httpcore.
            import certifi

            context.load_verify_locations(certifi.where())
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot use the PEM file {ca_file}: {error}") from error
    return context


def _identify(context: ssl.SSLContext, cert_file: str | None, key_file: str | None) -> None:
    if cert_file is None:
        if key_file is not None:
            raise ConfigError(
                "tls_key_file needs tls_cert_file",
                hint="the certificate that belongs to the key; both may be in one file",
            )
        return

    def refuse_password() -> NoReturn:  # without this, OpenSSL would ask at the terminal
        raise ConfigError(
            f"the private key in {key_file or cert_file} has a password",
            hint="give a key without one, in a file that only this user can read",
        )

    try:
        context.load_cert_chain(cert_file, key_file, refuse_password)
    except (OSError, ssl.SSLError) as error:
        files = f"{cert_file} and {key_file}" if key_file else f"{cert_file}, which has no key?"
        raise ConfigError(f"cannot use the certificate {files}: {error}") from error
