"""
Why no connection came about, or why one broke: the words of Python, OpenSSL and gRPC's core.

Shared by HTTP, where they are the texts of exceptions, and gRPC, where they are details of a
status that the library made itself.
"""

from __future__ import annotations

from asr_client.classification.answer import compile_sentences, find_sentence
from asr_client.faults import Fault

__all__ = ["CONFIG", "CONNECT", "LOST", "judge_connecting"]

CONNECT = Fault("connect", "tcp", "no", "yes")
LOST = Fault("connect", "tcp", "maybe", "yes")
CONFIG = Fault("config", "client", "no", "no")
_DNS = Fault("dns", "dns", "no", "yes")
_TLS = Fault("tls", "tls", "no", "no")
# Somebody listens there, who speaks something else than gRPC.
_OTHER_PROTOCOL = Fault("config", "tcp", "no", "no")

_SENTENCES = compile_sentences(
    (r"misformatted|'idna' codec|label (empty or )?too long|invalid port", CONFIG),
    # A certificate file that cannot be used.
    (r"create security handshaker", CONFIG),
    (r"http1\.x server|failed parsing http/2|expected settings", _OTHER_PROTOCOL),
    (r"\bssl\b|\btls\b|certificate|verification check", _TLS),
    (r"name or service not known|nodename nor servname|getaddrinfo|name resolution", _DNS),
    (r"no address associated|domain name not found|dns (resolution|query|server)", _DNS),
    (r"errors resolving|empty address list|could ?n.t resolve", _DNS),
)


def judge_connecting(text: str) -> Fault:
    """Say why a connection did not come about; plainly "connect" unless the text knows better."""
    return find_sentence(_SENTENCES, text) or CONNECT
