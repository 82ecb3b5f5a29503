"""KServe v2 over gRPC: messages equal to protobuf's own, and no reply that crashes the reader."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import model_config_pb2, service_pb2

from asr_client.contracts.kserve import (
    InferRequest,
    ModelConfig,
    ModelMetadata,
    Tensor,
    TensorSpec,
    tensor_from_array,
    tensor_from_strings,
)
from asr_client.contracts.kserve_grpc import KServeGRPC, encode_infer
from asr_client.contracts.wire import Reply
from asr_client.errors import ContractError, ModelNotFoundError, OverloadedError, ServerBugError
from asr_client.results import ModelEntry

GRPC = KServeGRPC()
INT64 = st.integers(-(2**63), 2**63 - 1)

names = st.text(min_size=1, max_size=8)
tensors = st.builds(
    Tensor,
    name=names,
    datatype=st.sampled_from(["FP32", "INT32", "BYTES"]),
    shape=st.lists(INT64, max_size=4).map(tuple),
    data=st.binary(max_size=300),
)
requests = st.builds(
    InferRequest,
    model=names,
    inputs=st.lists(tensors, max_size=3).map(tuple),
    outputs=st.lists(names, max_size=3).map(tuple),
    model_version=st.text(max_size=4),
    request_id=st.text(max_size=40),
    parameters=st.dictionaries(st.text(max_size=5), st.booleans() | INT64 | st.text(max_size=5)),
)


def message_of(request: InferRequest) -> service_pb2.ModelInferRequest:
    """Fill protobuf's own message."""
    message = service_pb2.ModelInferRequest(
        model_name=request.model, model_version=request.model_version, id=request.request_id
    )
    for tensor in request.inputs:
        message.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        message.raw_input_contents.append(bytes(tensor.data))
    for name in request.outputs:
        message.outputs.add(name=name)
    for key, value in request.parameters.items():
        kind = {bool: "bool_param", int: "int64_param", str: "string_param"}[type(value)]
        setattr(message.parameters[key], kind, value)
    return message


# --- requests


REQUESTS = {
    "ai4bharat": InferRequest(
        "asr_am_ensemble",
        (
            tensor_from_array("AUDIO_SIGNAL", "FP32", np.linspace(-1, 1, 400).reshape(2, 200)),
            tensor_from_array("NUM_SAMPLES", "INT32", np.array([[200], [9]])),
            tensor_from_strings("LANG_ID", (2, 1), [b"hi", b"hi"]),
        ),
        ("TRANSCRIPTS",),
        request_id="7d4c",
        parameters={"timeout": 250_000},
    ),
    "half precision": InferRequest("m", (tensor_from_array("A", "FP16", np.ones((1, 3))),)),
    "booleans": InferRequest("m", (tensor_from_array("A", "BOOL", np.array([True, False])),)),
    "trailing NULs": InferRequest("m", (tensor_from_strings("A", (2,), [b"a\0\0", b""]),)),
    "multi-byte text": InferRequest(
        "हिन्दी", (tensor_from_strings("अ", (1,), ["தமிழ்".encode()]),), ("पाठ",), request_id="क"
    ),
    "no dimensions": InferRequest("m", (Tensor("A", "INT32", (), b"\1\0\0\0"),)),
    "no elements": InferRequest("m", (tensor_from_array("A", "FP32", np.zeros((1, 0))),)),
    "long tensor": InferRequest("m", (tensor_from_array("A", "FP32", np.zeros((1, 480_000))),)),
    "version": InferRequest("m", (), model_version="12"),
    "negative parameter": InferRequest("m", (), parameters={"a": -1}),
    "false parameter": InferRequest("m", (), parameters={"a": False}),
    "zero and empty parameters": InferRequest("m", (), parameters={"a": 0, "b": "", "c": True}),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_encode_infer_equals_protobufs_bytes_when_given_the_same_request(case) -> None:
    """Written by hand, the message is what protobuf would have written."""
    request = REQUESTS[case]
    assert message_of(request).SerializeToString(deterministic=True) == encode_infer(request)


@given(request=requests)
def test_encode_infer_equals_protobufs_message_when_anything_varies(request) -> None:
    """Parsed again it is the same message; the order of parameters alone is free."""
    expected, ours = message_of(request), encode_infer(request)
    assert expected == service_pb2.ModelInferRequest.FromString(ours)
    assert len(expected.SerializeToString()) == len(ours)
    if len(request.parameters) < 2:
        assert expected.SerializeToString(deterministic=True) == ours


CALLS = {
    "ServerLive": (
        GRPC.server_live(),
        service_pb2.ServerLiveRequest(),
        service_pb2.ServerLiveResponse(live=True),
        True,
    ),
    "ServerReady": (
        GRPC.server_ready(),
        service_pb2.ServerReadyRequest(),
        service_pb2.ServerReadyResponse(ready=True),
        True,
    ),
    "ModelReady": (
        GRPC.model_ready("मॉडल"),
        service_pb2.ModelReadyRequest(name="मॉडल"),
        service_pb2.ModelReadyResponse(ready=True),
        True,
    ),
    "ModelMetadata": (
        GRPC.model_metadata("asr"),
        service_pb2.ModelMetadataRequest(name="asr"),
        service_pb2.ModelMetadataResponse(
            name="asr",
            versions=["1", "2"],
            platform="python",
            inputs=[{"name": "audio", "datatype": "BYTES", "shape": [1]}],
            outputs=[{"name": "text", "datatype": "BYTES", "shape": [-1, 1]}],
        ),
        ModelMetadata(
            name="asr",
            versions=("1", "2"),
            platform="python",
            inputs=(TensorSpec("audio", "BYTES", (1,)),),
            outputs=(TensorSpec("text", "BYTES", (-1, 1)),),
        ),
    ),
    "ModelConfig": (
        GRPC.model_config("asr"),
        service_pb2.ModelConfigRequest(name="asr"),
        service_pb2.ModelConfigResponse(
            config=model_config_pb2.ModelConfig(
                max_batch_size=8,
                input=[{"name": "audio"}, {"name": "language", "optional": True}],
                model_transaction_policy={"decoupled": True},
                sequence_batching={},
                parameters={"languages": {"string_value": "hi en"}},
            )
        ),
        ModelConfig(
            max_batch_size=8,
            optional_inputs=frozenset({"language"}),
            decoupled=True,
            stateful=True,
            parameters={"languages": "hi en"},
        ),
    ),
    "RepositoryIndex": (
        GRPC.repository_index(),
        service_pb2.RepositoryIndexRequest(),
        service_pb2.RepositoryIndexResponse(
            models=[{"name": "asr", "version": "1", "state": "READY"}, {"name": "broken"}]
        ),
        (ModelEntry("asr", "1", "READY"), ModelEntry("broken")),
    ),
    "ModelStatistics": (
        GRPC.model_statistics(),
        service_pb2.ModelStatisticsRequest(),
        service_pb2.ModelStatisticsResponse(model_stats=[{"name": "asr", "version": "1"}]),
        (ModelEntry("asr", "1", "READY"),),
    ),
}


@pytest.mark.parametrize("method", CALLS)
def test_calls_send_protobufs_message_when_asked(method) -> None:
    """Method and message are those of Triton's service."""
    call, message, _, _ = CALLS[method]
    assert f"/inference.GRPCInferenceService/{method}" == call.request.path
    assert message.SerializeToString() == b"".join(call.request.body)


@pytest.mark.parametrize("method", CALLS)
def test_calls_read_every_field_when_the_answer_is_tritons(method) -> None:
    """What protobuf wrote comes back as our value."""
    call, _, answer, expected = CALLS[method]
    assert expected == call.parse(Reply(0, {}, answer.SerializeToString()))


# --- replies


def infer_reply(*outputs: tuple[str, str, list[int], bytes]) -> service_pb2.ModelInferResponse:
    """Fill protobuf's own reply."""
    message = service_pb2.ModelInferResponse(model_name="m", model_version="1", id="7")
    for name, datatype, shape, data in outputs:
        message.outputs.add(name=name, datatype=datatype, shape=shape)
        message.raw_output_contents.append(data)
    return message


INFER = GRPC.infer(InferRequest("m", ())).parse
GOOD = infer_reply(
    ("T", "BYTES", [2], tensor_from_strings("T", (2,), ["नमस्ते".encode(), b"b\0"]).data),
    ("S", "FP32", [1, 2], np.array([0.5, -1], "<f4").tobytes()),
)


def test_infer_returns_the_outputs_when_triton_answers() -> None:
    """Texts and numbers arrive with their shapes."""
    reply = INFER(Reply(0, {}, GOOD.SerializeToString()))
    assert (reply.model, reply.model_version, reply.request_id) == ("m", "1", "7")
    assert ["नमस्ते".encode(), b"b\0"] == reply.outputs["T"].strings()
    assert reply.outputs["S"].array().tolist() == [[0.5, -1.0]]
    assert reply.outputs["T"].shape == (2,)


@pytest.mark.parametrize("contents", [0, 1, 3])
def test_infer_refuses_when_outputs_and_contents_differ_in_number(contents) -> None:
    """Each output has exactly one content; with more or fewer nobody knows whose is whose."""
    message = service_pb2.ModelInferResponse.FromString(GOOD.SerializeToString())
    del message.raw_output_contents[:]
    message.raw_output_contents.extend([b""] * contents)
    with pytest.raises(ContractError, match="2 outputs"):
        INFER(Reply(0, {}, message.SerializeToString()))


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("body", [b"\xff", b"<html>", b'{"error":"no"}', b"\x0a\x05ab"])
def test_calls_refuse_when_the_answer_is_no_message(method, body) -> None:
    """Bytes that are no protobuf message are a breach of contract."""
    with pytest.raises(ContractError, match=method):
        CALLS[method][0].parse(Reply(0, {}, body))


def read_all(body: bytes) -> None:
    """Read a reply and everything in it; ContractError is the one error that may come of it."""
    with contextlib.suppress(ContractError):
        for tensor in INFER(Reply(0, {}, body)).outputs.values():
            with contextlib.suppress(ContractError):
                tensor.strings()
            with contextlib.suppress(ContractError):
                tensor.array()


@given(body=st.binary(max_size=200))
def test_infer_raises_only_contract_errors_when_the_body_is_noise(body) -> None:
    """Random bytes never crash the reader."""
    read_all(body)


@given(
    at=st.integers(0, len(GOOD.SerializeToString()) - 1),
    byte=st.integers(0, 255),
    end=st.integers(0, 40),
)
def test_infer_raises_only_contract_errors_when_bytes_are_wrong(at, byte, end) -> None:
    """A good reply with one other byte, or cut short, never crashes the reader."""
    body = bytearray(GOOD.SerializeToString())
    body[at] = byte
    read_all(bytes(body[: len(body) - end]))


@given(outputs=st.lists(st.tuples(names, names, st.lists(INT64, max_size=3), st.binary())))
def test_infer_raises_only_contract_errors_when_outputs_contradict_themselves(outputs) -> None:
    """Types and shapes that have nothing to do with the bytes never crash the reader."""
    read_all(infer_reply(*outputs).SerializeToString())


@pytest.mark.parametrize("method", CALLS)
@given(body=st.binary(max_size=100))
def test_calls_raise_only_contract_errors_when_the_body_is_noise(method, body) -> None:
    """What a server tells of its models is read with the same distrust."""
    with contextlib.suppress(ContractError):
        CALLS[method][0].parse(Reply(0, {}, body))


# --- refusals


@pytest.mark.parametrize(
    ("status", "details", "kind", "name"),
    [
        (5, "Request for unknown model: 'm' is not found", ModelNotFoundError, "NOT_FOUND"),
        (14, "Exceeds maximum queue size", OverloadedError, "UNAVAILABLE"),
        (13, "boom", ServerBugError, "INTERNAL"),
        (99, "boom", ServerBugError, "status 99"),
    ],
)
def test_infer_raises_the_servers_refusal_when_the_status_is_not_ok(
    status, details, kind, name
) -> None:
    """The error names the status as gRPC does and keeps the server's words."""
    with pytest.raises(kind) as caught:
        INFER(Reply(status, {}, b"", details))
    assert f"Triton answered {name}: {details}" == caught.value.message
    assert status == caught.value.status


def test_model_ready_says_no_when_the_model_is_unknown() -> None:
    """A model that does not exist is not ready, and that is an answer."""
    details = "Request for unknown model: 'm' is not found"
    assert GRPC.model_ready("m").parse(Reply(5, {}, b"", details)) is False


def test_model_ready_raises_when_nobody_knows() -> None:
    """A server that cannot answer has not said no."""
    with pytest.raises(OverloadedError):
        GRPC.model_ready("m").parse(Reply(14, {}, b"", "Unavailable"))
