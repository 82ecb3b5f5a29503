"""
KServe v2 over HTTP, with the binary-tensor extension: JSON first, then the tensors' bytes.

Source: Triton `protocol/extension_binary_data.md`; byte for byte what
`tritonclient.http.InferenceServerClient.generate_request_body` builds (tested against it).
Numbers are never sent as JSON lists: ten seconds of audio would cost the client 100 times more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np

from asr_client.contracts.kserve import (
    InferReply,
    InferRequest,
    ModelConfig,
    ModelMetadata,
    Tensor,
    TensorSpec,
    numpy_dtype,
    tensor_from_array,
    tensor_from_strings,
)
from asr_client.contracts.replies import http_error, read_json, read_ok
from asr_client.contracts.wire import Buffer, Exchange, Reply, Request
from asr_client.errors import ContractError
from asr_client.results import ModelEntry

__all__ = ["HEADER_LENGTH", "KServeHTTP", "decode_infer", "encode_infer"]

HEADER_LENGTH = "Inference-Header-Content-Length"

Value = TypeVar("Value")


class KServeHTTP:
    """KServe v2 over HTTP; implements `kserve.KServe`."""

    def server_live(self) -> Exchange[bool]:
        """Ask whether the process is up."""
        return Exchange(Request("GET", "/v2/health/live"), _is_ok)

    def server_ready(self) -> Exchange[bool]:
        """Ask whether the server is up; yes with no model loaded, too (measured on 2.51)."""
        return Exchange(Request("GET", "/v2/health/ready"), _is_ok)

    def model_ready(self, model: str) -> Exchange[bool]:
        """Ask whether this model is ready; Triton says 400 when it is not."""
        return Exchange(Request("GET", f"{_model_path(model)}/ready"), _is_ok)

    def model_metadata(self, model: str) -> Exchange[ModelMetadata]:
        """Ask for the model's tensors."""
        return _get(_model_path(model), _read_metadata)

    def model_config(self, model: str) -> Exchange[ModelConfig]:
        """Ask for the model's configuration."""
        return _get(f"{_model_path(model)}/config", _read_config)

    def repository_index(self) -> Exchange[tuple[ModelEntry, ...]]:
        """List every model of the repository, ready or not."""
        request = Request("POST", "/v2/repository/index", (_JSON,), (b"{}",))
        return Exchange(request, lambda reply: _read(reply, _read_index))

    def model_statistics(self) -> Exchange[tuple[ModelEntry, ...]]:
        """List the loaded models: a read-only way where the index is closed."""
        return _get("/v2/models/stats", _read_statistics)

    def infer(self, request: InferRequest) -> Exchange[InferReply]:
        """Run the model once."""
        header, *tensors = encode_infer(request)
        headers = (
            (HEADER_LENGTH, str(len(header))),
            ("Content-Type", "application/octet-stream"),
            # Triton gzips even tiny replies when asked to (docs/servers.md 1).
            ("Accept-Encoding", "identity"),
        )
        path = f"{_model_path(request.model, request.model_version)}/infer"
        return Exchange(
            Request("POST", path, headers, (header, *tensors)),
            lambda reply: _read_infer(reply, request),
        )


_JSON = ("Content-Type", "application/json")

# What reading JSON of another shape raises; OverflowError comes of numbers such as 1e999.
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def encode_infer(request: InferRequest) -> tuple[Buffer, ...]:
    """
    Encode as the JSON header followed by one buffer an input; the buffers are not copied.

    Returns:
        (header, tensor, tensor, ...), to be sent one after the other.
    """
    fields: dict[str, Any] = {}
    if request.request_id:
        fields["id"] = request.request_id
    fields["inputs"] = [
        {
            "name": tensor.name,
            "shape": list(tensor.shape),
            "datatype": tensor.datatype,
            "parameters": {"binary_data_size": len(tensor.data)},
        }
        for tensor in request.inputs
    ]
    parameters = dict(request.parameters)
    if request.outputs:
        fields["outputs"] = [
            {"name": name, "parameters": {"binary_data": True}} for name in request.outputs
        ]
    else:
        parameters["binary_data_output"] = True
    if parameters:
        fields["parameters"] = parameters
    header = json.dumps(fields, separators=(",", ":")).encode()
    return (header, *(tensor.data for tensor in request.inputs))


def decode_infer(body: bytes, header_length: int | None) -> InferReply:
    """
    Decode an inference reply, with or without binary tensors.

    Args:
        body: The whole body.
        header_length: Bytes of JSON at its start; None when all of it is JSON.

    Raises:
        ContractError: If the JSON, the sizes or the datatypes do not add up.
    """
    end_of_json = len(body) if header_length is None else header_length
    if not 0 <= end_of_json <= len(body):
        raise ContractError(f"{HEADER_LENGTH} says {header_length}, the body has {len(body)} bytes")
    fields = read_json(body[:end_of_json], "the inference reply")
    binary = memoryview(body)[end_of_json:]
    outputs: dict[str, Tensor] = {}
    try:
        for output in fields["outputs"]:
            tensor, binary = _read_output(output, binary)
            outputs[tensor.name] = tensor
        return InferReply(
            model=str(fields.get("model_name", "")),
            model_version=str(fields.get("model_version", "")),
            request_id=str(fields.get("id", "")),
            outputs=outputs,
        )
    except _MALFORMED as error:
        raise ContractError(f"the inference reply is not KServe v2: {error!r}") from error


def _read_output(output: Mapping[str, Any], binary: memoryview) -> tuple[Tensor, memoryview]:
    name, datatype = str(output["name"]), str(output["datatype"])
    shape = tuple(int(length) for length in output["shape"])
    size = output.get("parameters", {}).get("binary_data_size")
    if size is None:
        return _tensor_from_json(name, datatype, shape, output["data"]), binary
    if not 0 <= size <= len(binary):
        raise ContractError(f"output {name} promises {size} bytes, {len(binary)} are left")
    return Tensor(name, datatype, shape, binary[:size]), binary[size:]


def _tensor_from_json(name: str, datatype: str, shape: tuple[int, ...], data: list[Any]) -> Tensor:
    if datatype == "BYTES":
        # reshape counts the elements and flattens nested lists; str.encode refuses numbers.
        elements = np.array(data, dtype=np.object_).reshape(shape).ravel()
        return tensor_from_strings(name, shape, map(str.encode, elements))
    return tensor_from_array(
        name, datatype, np.array(data, dtype=numpy_dtype(datatype)).reshape(shape)
    )


def _model_path(model: str, version: str = "") -> str:
    path = f"/v2/models/{quote(model, safe='')}"
    return f"{path}/versions/{quote(version, safe='')}" if version else path


def _get(path: str, read: Callable[[Any], Value]) -> Exchange[Value]:
    return Exchange(Request("GET", path), lambda reply: _read(reply, read))


def _read(reply: Reply, read: Callable[[Any], Value]) -> Value:
    fields = read_ok(reply, "the server's answer")
    try:
        return read(fields)
    except _MALFORMED as error:
        raise ContractError(f"the server's answer is not KServe v2: {error!r}") from error


def _is_ok(reply: Reply) -> bool:
    """200 is yes, Triton's 400 is no; anything else, a 401 say, is an error and not an answer."""
    if reply.status in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST):
        return reply.status == HTTPStatus.OK
    raise http_error(reply)


def _read_infer(reply: Reply, asked: InferRequest) -> InferReply:
    if reply.status != HTTPStatus.OK:
        raise http_error(reply, asked.quotable())
    length = reply.headers.get(HEADER_LENGTH.lower())
    try:
        header_length = None if length is None else int(length)
    except ValueError:
        raise ContractError(f"{HEADER_LENGTH} is {length!r}, not a number") from None
    return decode_infer(reply.body, header_length)


def _read_metadata(fields: Any) -> ModelMetadata:
    return ModelMetadata(
        name=str(fields["name"]),
        versions=tuple(str(version) for version in fields.get("versions", ())),
        platform=str(fields.get("platform", "")),
        inputs=_read_specs(fields["inputs"]),
        outputs=_read_specs(fields["outputs"]),
    )


def _read_specs(tensors: Any) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(str(t["name"]), str(t["datatype"]), tuple(int(length) for length in t["shape"]))
        for t in tensors
    )


def _read_config(fields: Any) -> ModelConfig:
    """Read Triton's model configuration from its JSON."""
    return ModelConfig(
        max_batch_size=int(fields.get("max_batch_size", 0)),
        optional_inputs=frozenset(
            str(tensor["name"]) for tensor in fields.get("input", ()) if tensor.get("optional")
        ),
        decoupled=bool(fields.get("model_transaction_policy", {}).get("decoupled", False)),
        stateful="sequence_batching" in fields,
        parameters={
            key: str(value.get("string_value", ""))
            for key, value in fields.get("parameters", {}).items()
        },
    )


def _read_index(entries: Any) -> tuple[ModelEntry, ...]:
    # A gateway may answer with {"models": [...]} instead of Triton's bare list.
    listed = entries.get("models", ()) if isinstance(entries, dict) else entries
    return tuple(
        ModelEntry(str(entry["name"]), str(entry.get("version", "")), str(entry.get("state", "")))
        for entry in listed
    )


def _read_statistics(fields: Any) -> tuple[ModelEntry, ...]:
    return tuple(
        ModelEntry(str(model["name"]), str(model.get("version", "")), "READY")
        for model in fields["model_stats"]
    )
