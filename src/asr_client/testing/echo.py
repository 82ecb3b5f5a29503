"""
An upstream that recognises nothing: Triton's answers for AI4Bharat's tensors, with a fixed text.

For the error paths of applications. It needs no model and no GPU, knows the languages of
AI4Bharat's model, and says the same of every recording.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from asr_client.testing.functions import UpstreamReply, UpstreamRequest

__all__ = ["EchoUpstream"]

_HEADER_LENGTH = "inference-header-content-length"
_ENSEMBLE = "asr_am_ensemble"
_GENERATE = "asr"


class EchoUpstream:
    """
    Answers health, metadata, configuration, index, infer and generate over HTTP.

    Args:
        text: What every recording is said to hold.
    """

    def __init__(self, text: str = "this text was not recognised") -> None:
        self._text = text

    def __call__(self, request: UpstreamRequest) -> UpstreamReply:
        """Answer one request, as Triton 2.51 would."""
        path = request.path.partition("?")[0]
        if path in ("/v2/health/live", "/v2/health/ready"):
            return UpstreamReply(headers=())
        if path == "/v2/repository/index" and request.method == "POST":
            listed = [{"name": name, "version": "1", "state": "READY"} for name in _MODELS]
            return _json(listed)
        if path.startswith("/v2/models/"):
            return self._model(request, *_split(path))
        return _error(404, "Not Found")

    def _model(self, request: UpstreamRequest, name: str, action: str) -> UpstreamReply:
        if name not in _MODELS:
            return _error(404, f"Request for unknown model: '{name}' is not found")
        answers: dict[tuple[str, str], Callable[[], UpstreamReply]] = {
            ("GET", ""): lambda: _json(_metadata(name)),
            ("GET", "config"): lambda: _json(_config(name)),
            ("GET", "ready"): lambda: UpstreamReply(headers=()),
            ("POST", "infer"): lambda: self._infer(request, name),
            ("POST", "generate"): lambda: self._generate(request, name),
        }
        answer = answers.get((request.method, action))
        return answer() if answer else _error(404, "Not Found")

    def _infer(self, request: UpstreamRequest, name: str) -> UpstreamReply:
        """Give one text for each row of the first input, in binary if that is asked for."""
        length = int(request.headers.get(_HEADER_LENGTH, len(request.body)))
        try:
            asked = json.loads(request.body[:length])
            rows = asked["inputs"][0]["shape"][0]
        except (ValueError, KeyError, IndexError, TypeError):
            return _error(400, "failed to parse the request JSON buffer")
        output = _MODELS[name]["output"][0]["name"]
        texts = [self._text] * rows
        if not _wants_binary(asked):
            data = {"name": output, "datatype": "BYTES", "shape": [rows, 1], "data": texts}
            return _json({"model_name": name, "model_version": "1", "outputs": [data]})
        encoded = (text.encode() for text in texts)
        return _binary(name, output, b"".join(_element(text) for text in encoded), rows)

    def _generate(self, request: UpstreamRequest, name: str) -> UpstreamReply:
        try:
            fields = json.loads(request.body)
        except ValueError:
            return _error(400, "failed to parse the request JSON buffer")
        if name != _GENERATE or not isinstance(fields.get("audio"), str):
            return _error(400, f"expected input 'audio' for model '{name}'")
        output = _MODELS[name]["output"][0]["name"]
        return _json({"model_name": name, "model_version": "1", output: self._text})


def _tensor(name: str, kind: str, *, optional: bool = False) -> dict[str, Any]:
    return {"name": name, "data_type": f"TYPE_{kind}", "dims": [-1], "optional": optional}


_MODELS: Mapping[str, Any] = {
    _ENSEMBLE: {
        "max_batch_size": 32,
        "input": [
            _tensor("AUDIO_SIGNAL", "FP32"),
            _tensor("NUM_SAMPLES", "INT32"),
            _tensor("LANG_ID", "STRING"),
        ],
        "output": [_tensor("TRANSCRIPTS", "STRING")],
    },
    _GENERATE: {
        "max_batch_size": 0,
        "input": [_tensor("audio", "STRING"), _tensor("language", "STRING", optional=True)],
        "output": [_tensor("transcript", "STRING")],
    },
}


def _metadata(name: str) -> dict[str, Any]:
    model = _MODELS[name]
    rows = [-1] if model["max_batch_size"] else []
    return {
        "name": name,
        "versions": ["1"],
        "platform": "python",
        "inputs": [_spec(tensor, rows) for tensor in model["input"]],
        "outputs": [_spec(tensor, rows) for tensor in model["output"]],
    }


def _spec(tensor: Mapping[str, Any], rows: list[int]) -> dict[str, Any]:
    kind = tensor["data_type"].removeprefix("TYPE_").replace("STRING", "BYTES")
    dims = [1] if tensor["name"] in ("NUM_SAMPLES", "LANG_ID", "audio", "language") else [-1]
    return {"name": tensor["name"], "datatype": kind, "shape": [*rows, *dims]}


def _config(name: str) -> dict[str, Any]:
    return {"name": name, "backend": "python", **_MODELS[name]}


def _split(path: str) -> tuple[str, str]:
    """Split a model's path into its name and what is asked of it; a version does not matter."""
    parts = path.removeprefix("/v2/models/").split("/")
    if parts[1:2] == ["versions"]:
        parts = [parts[0], *parts[3:]]
    return parts[0], "/".join(parts[1:])


def _wants_binary(asked: Mapping[str, Any]) -> bool:
    outputs = asked.get("outputs") or [{}]
    here = outputs[0].get("parameters", {}).get("binary_data")
    return bool(here or asked.get("parameters", {}).get("binary_data_output"))


def _element(text: bytes) -> bytes:
    return len(text).to_bytes(4, "little") + text


def _binary(name: str, output: str, data: bytes, rows: int) -> UpstreamReply:
    tensor = {
        "name": output,
        "datatype": "BYTES",
        "shape": [rows, 1],
        "parameters": {"binary_data_size": len(data)},
    }
    fields = {"model_name": name, "model_version": "1", "outputs": [tensor]}
    header = json.dumps(fields, separators=(",", ":")).encode()
    length = ("Inference-Header-Content-Length", str(len(header)))
    kind = ("Content-Type", "application/octet-stream")
    return UpstreamReply(header + data, headers=(kind, length))


def _json(fields: object, status: int = 200) -> UpstreamReply:
    return UpstreamReply(json.dumps(fields, separators=(",", ":")).encode(), status)


def _error(status: int, message: str) -> UpstreamReply:
    return _json({"error": message}, status)
