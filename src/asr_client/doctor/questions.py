"""Requests that only a doctor asks: harmless, since each lacks what would make a server work."""

from __future__ import annotations

from urllib.parse import quote

from asr_client.contracts.protobuf import delimited
from asr_client.contracts.replies import grpc_error, http_error, read_ok
from asr_client.contracts.wire import Exchange, Reply, Request

__all__ = ["empty_call", "padded", "preflight", "server_name"]

_JSON = ("Content-Type", "application/json")
_SUCCESSES = range(200, 300)
# A page that exists nowhere (RFC 6761): who allows it allows all.
_PAGE = "https://page.invalid"
_MODEL_INFER = "/inference.GRPCInferenceService/ModelInfer"
# raw_input_contents, of which there are no inputs; its tag and length take so many bytes.
_RAW_CONTENTS = 7
_TAG_BYTES = 5


def server_name() -> Exchange[str]:
    """Ask a KServe server for its name and version; gateways seldom route this."""

    def read(reply: Reply) -> str:
        fields = read_ok(reply, "the server's name")
        told = fields if isinstance(fields, dict) else {}
        return f"{told.get('name', '')} {told.get('version', '')}".strip()

    return Exchange(Request("GET", "/v2"), read)


def empty_call(path: str) -> Exchange[object]:
    """Make a JSON call without audio: whoever serves it refuses it, and nobody else does."""
    return Exchange(Request("POST", path, (_JSON,), (b"{}",)), _accept)


def preflight(path: str, key_header: str) -> Exchange[str]:
    """Ask what a browser asks before a page's first call."""
    headers = (
        ("Origin", _PAGE),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", f"content-type,{key_header.lower()}"),
    )

    def read(reply: Reply) -> str:
        _accept(reply)
        return reply.headers.get("access-control-allow-origin", "")

    return Exchange(Request("OPTIONS", path, headers), read)


def padded(path: str, model: str, size_bytes: int) -> Exchange[object]:
    """
    Make a request of a given size that no server can work on: padding, and no audio.

    Args:
        path: The JSON call to use; empty for the model's KServe call; "grpc" for gRPC's.
        model: The model, for KServe.
        size_bytes: Length of the body.
    """
    if path == "grpc":
        head = delimited(1, model.encode())
        body = head + delimited(_RAW_CONTENTS, bytes(max(size_bytes - len(head) - _TAG_BYTES, 0)))
        return Exchange(Request("RPC", _MODEL_INFER, (), (body,)), _accept_grpc)
    # Well-formed to the end: a body that cannot be parsed is a 500, and gateways count those.
    before, after = (
        (b'{"padding":"', b'"}') if path else (b'{"inputs":[],"parameters":{"padding":"', b'"}}')
    )
    padding = b"0" * max(size_bytes - len(before) - len(after), 0)
    path = path or f"/v2/models/{quote(model, safe='')}/infer"
    return Exchange(Request("POST", path, (_JSON,), (before, padding, after)), _accept)


def _accept(reply: Reply) -> object:
    if reply.status not in _SUCCESSES:
        raise http_error(reply)
    return None


def _accept_grpc(reply: Reply) -> object:
    if reply.status != 0:
        raise grpc_error(reply)
    return None
