"""How a connection fails, in httpcore's words; for both colours."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator

import httpcore

from asr_client.transports.tunnel import Route

__all__ = ["broken", "connecting"]

# Words of the alerts that answer a client's certificate, or that there is none.
_CERTIFICATE_REFUSED = ("ALERT_CERTIFICATE", "ALERT_BAD_CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")


@contextlib.contextmanager
def connecting(route: Route) -> Iterator[None]:
    """Name what went wrong while a connection was made, and by which detour."""
    detour = f"through the proxy {route.proxy}: " if route.proxy else ""
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"{detour}timed out") from error
    except OSError as error:
        # asyncio's error is mute when a server hangs up instead of shaking hands.
        text = (detour and error.strerror) or str(error) or "no TLS handshake"
        raise httpcore.ConnectError(detour + text) from error


def broken(error: Exception) -> httpcore.NetworkError:
    """Tell a refused certificate from a lost reply: TLS 1.3 refuses it after the first request."""
    reason = (isinstance(error, ssl.SSLError) and error.reason) or ""
    if any(word in reason for word in _CERTIFICATE_REFUSED):
        return httpcore.ConnectError(f"the server wants another TLS certificate of us: {reason}")
    return httpcore.ReadError()
