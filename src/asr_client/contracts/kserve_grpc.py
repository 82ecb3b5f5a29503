"""
KServe v2 over gRPC: Triton's service, message bytes in and out.

ModelInferRequest is written by hand: handing audio to protobuf's Python objects copies it several
times, which for 30 s of audio is most of a call's cost (benchmarks/transports.py). Everything else
is small and goes through the stubs that tritonclient generates.
Source: `grpc_service.proto` of Triton (package inference).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from google.protobuf.message import DecodeError
from tritonclient.grpc import service_pb2 as pb

from asr_client.contracts.kserve import (
    InferReply,
    InferRequest,
    ModelConfig,
    ModelMetadata,
    Tensor,
    TensorSpec,
)
from asr_client.contracts.protobuf import delimited, varint
from asr_client.contracts.replies import grpc_error
from asr_client.contracts.wire import Buffer, Exchange, Reply, Request
from asr_client.errors import ContractError, ModelNotFoundError
from asr_client.results import ModelEntry

__all__ = ["KServeGRPC", "encode_infer"]

Value = TypeVar("Value")

_OK = 0


class KServeGRPC:
    """KServe v2 over gRPC; implements `kserve.KServe`."""

    def server_live(self) -> Exchange[bool]:
        """Ask whether the process is up."""
        return _call("ServerLive", b"", lambda body: pb.ServerLiveResponse.FromString(body).live)

    def server_ready(self) -> Exchange[bool]:
        """Ask whether the server is up; yes with no model loaded, too (measured on 2.51)."""
        return _call("ServerReady", b"", lambda body: pb.ServerReadyResponse.FromString(body).ready)

    def model_ready(self, model: str) -> Exchange[bool]:
        """Ask whether this model is ready; an unknown one is simply not."""
        call = _call(
            "ModelReady",
            delimited(1, model.encode()),
            lambda body: bool(pb.ModelReadyResponse.FromString(body).ready),
        )

        def parse(reply: Reply) -> bool:
            try:
                return call.parse(reply)
            except ModelNotFoundError:
                return False

        return Exchange(call.request, parse)

    def model_metadata(self, model: str) -> Exchange[ModelMetadata]:
        """Ask for the model's tensors."""
        return _call("ModelMetadata", delimited(1, model.encode()), _read_metadata)

    def model_config(self, model: str) -> Exchange[ModelConfig]:
        """Ask for the model's configuration."""
        return _call("ModelConfig", delimited(1, model.encode()), _read_config)

    def repository_index(self) -> Exchange[tuple[ModelEntry, ...]]:
        """List every model of the repository, ready or not."""
        return _call("RepositoryIndex", b"", _read_index)

    def model_statistics(self) -> Exchange[tuple[ModelEntry, ...]]:
        """List the loaded models: a read-only way where the index is closed."""
        return _call("ModelStatistics", b"", _read_statistics)

    def infer(self, request: InferRequest) -> Exchange[InferReply]:
        """Run the model once."""
        return _call("ModelInfer", encode_infer(request), _read_infer, request.quotable())


def encode_infer(request: InferRequest) -> bytes:
    """
    Encode ModelInferRequest, the audio copied once: equal to what protobuf serialises.

    Field numbers: model_name 1, model_version 2, id 3, parameters 4, inputs 5, outputs 6,
    raw_input_contents 7.
    """
    parts: list[Buffer] = [delimited(1, request.model.encode())]
    if request.model_version:
        parts.append(delimited(2, request.model_version.encode()))
    if request.request_id:
        parts.append(delimited(3, request.request_id.encode()))
    parts += [_encode_parameter(key, value) for key, value in request.parameters.items()]
    parts += [delimited(5, _encode_input(tensor)) for tensor in request.inputs]
    parts += [delimited(6, delimited(1, name.encode())) for name in request.outputs]
    for tensor in request.inputs:
        parts += [varint(7 << 3 | 2), varint(len(tensor.data)), tensor.data]
    return b"".join(parts)


def _encode_input(tensor: Tensor) -> bytes:
    """InferInputTensor: name 1, datatype 2, shape 3 (packed int64)."""
    encoded = delimited(1, tensor.name.encode()) + delimited(2, tensor.datatype.encode())
    shape = b"".join(varint(length) for length in tensor.shape)
    return encoded + (delimited(3, shape) if shape else b"")


def _encode_parameter(key: str, value: bool | int | str) -> bytes:
    """One entry of map<string, InferParameter>: bool 1, int64 2, string 3."""
    if isinstance(value, bool):
        encoded = varint(1 << 3) + varint(int(value))
    elif isinstance(value, int):
        encoded = varint(2 << 3) + varint(value)
    else:
        encoded = delimited(3, value.encode())
    return delimited(4, delimited(1, key.encode()) + delimited(2, encoded))


def _call(
    method: str,
    message: bytes,
    read: Callable[[bytes], Value],
    own_values: Collection[str] = (),
) -> Exchange[Value]:
    def parse(reply: Reply) -> Value:
        if reply.status != _OK:
            raise grpc_error(reply, own_values)
        try:
            return read(reply.body)
        except (ValueError, DecodeError) as error:
            raise ContractError(f"the answer to {method} is not Triton's: {error}") from error

    path = f"/inference.GRPCInferenceService/{method}"
    return Exchange(Request("RPC", path, (), (message,)), parse)


def _read_infer(body: bytes) -> InferReply:
    message = pb.ModelInferResponse.FromString(body)
    if len(message.raw_output_contents) != len(message.outputs):
        raise ContractError(
            f"{len(message.outputs)} outputs came with {len(message.raw_output_contents)} contents"
        )
    outputs = {
        output.name: Tensor(output.name, output.datatype, tuple(output.shape), data)
        for output, data in zip(message.outputs, message.raw_output_contents, strict=True)
    }
    return InferReply(message.model_name, message.model_version, message.id, outputs)


def _read_metadata(body: bytes) -> ModelMetadata:
    message = pb.ModelMetadataResponse.FromString(body)
    return ModelMetadata(
        name=message.name,
        versions=tuple(message.versions),
        platform=message.platform,
        inputs=_read_specs(message.inputs),
        outputs=_read_specs(message.outputs),
    )


def _read_specs(tensors: Any) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(t.name, t.datatype, tuple(t.shape)) for t in tensors)


def _read_config(body: bytes) -> ModelConfig:
    config = pb.ModelConfigResponse.FromString(body).config
    parameters: Mapping[str, str] = {
        key: value.string_value for key, value in config.parameters.items()
    }
    return ModelConfig(
        max_batch_size=config.max_batch_size,
        optional_inputs=frozenset(tensor.name for tensor in config.input if tensor.optional),
        decoupled=config.model_transaction_policy.decoupled,
        stateful=config.HasField("sequence_batching"),
        parameters=parameters,
    )


def _read_index(body: bytes) -> tuple[ModelEntry, ...]:
    return tuple(
        ModelEntry(model.name, model.version, model.state)
        for model in pb.RepositoryIndexResponse.FromString(body).models
    )


def _read_statistics(body: bytes) -> tuple[ModelEntry, ...]:
    return tuple(
        ModelEntry(model.name, model.version, "READY")
        for model in pb.ModelStatisticsResponse.FromString(body).model_stats
    )
