"""KServe v2 over HTTP: bytes equal to the vendor's own client, and no reply that crashes ours."""

from __future__ import annotations

import contextlib
import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from asr_client.contracts.kserve import (
    InferRequest,
    ModelConfig,
    ModelMetadata,
    Tensor,
    TensorSpec,
    numpy_dtype,
    tensor_from_array,
    tensor_from_strings,
)
from asr_client.contracts.kserve_http import (
    HEADER_LENGTH,
    KServeHTTP,
    decode_infer,
    encode_infer,
)
from asr_client.contracts.wire import Reply
from asr_client.errors import ContractError, ModelNotFoundError
from asr_client.results import ModelEntry

NUMERIC = ("BOOL", "INT32", "INT64", "UINT8", "FP16", "FP32", "FP64")
HTTP = KServeHTTP()

# An out-of-range number in a JSON list: numpy 1 warns and wraps, numpy 2 raises.
tolerates_numpy_1 = pytest.mark.filterwarnings(
    "ignore:NumPy will stop allowing:DeprecationWarning", "ignore:overflow:RuntimeWarning"
)

# What JSON can say and code that expects something else trips over.
json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 300),
        st.sampled_from([2**40, -(2**70), 10**400]),
        st.floats(),
        st.text(max_size=4),
        st.sampled_from(["BYTES", "FP32", "INT32", "BF16", "\ud800"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def numbers(datatype: str) -> st.SearchStrategy[np.ndarray]:
    """Arrays of one datatype, of any shape up to three dimensions, empty ones too."""
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    return hnp.arrays(numpy_dtype(datatype), shapes)


def texts() -> st.SearchStrategy[np.ndarray]:
    """Arrays of bytes objects, which unlike numpy's own strings keep trailing NULs."""
    shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3)
    elements = st.binary(max_size=6) | st.text(max_size=4).map(str.encode)
    return hnp.arrays(np.object_, shapes, elements=elements)


named_arrays = st.lists(
    st.one_of(
        st.sampled_from(NUMERIC).flatmap(lambda name: st.tuples(st.just(name), numbers(name))),
        st.tuples(st.just("BYTES"), texts()),
    ),
    min_size=1,
    max_size=3,
)


def tensor_of(name: str, datatype: str, array: np.ndarray) -> Tensor:
    """Make our tensor from an array."""
    if datatype == "BYTES":
        return tensor_from_strings(name, array.shape, array.ravel())
    return tensor_from_array(name, datatype, array)


def oracle_input(name: str, datatype: str, array: np.ndarray) -> InferInput:
    """Make the vendor's tensor from an array."""
    tensor = InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array)
    return tensor


def encoded(arrays: list[tuple[str, np.ndarray]], outputs=(), **fields) -> tuple[bytes, int]:
    """Encode with our codec: body, and length of the JSON."""
    tensors = [tensor_of(f"IN{at}", *typed) for at, typed in enumerate(arrays)]
    parts = encode_infer(InferRequest("m", tuple(tensors), tuple(outputs), **fields))
    return b"".join(parts), len(parts[0])


def encoded_by_oracle(arrays, outputs=(), **fields) -> tuple[bytes, int]:
    """Encode with the vendor's client: body, and length of the JSON."""
    inputs = [oracle_input(f"IN{at}", *typed) for at, typed in enumerate(arrays)]
    wanted = [InferRequestedOutput(name, binary_data=True) for name in outputs] or None
    return InferenceServerClient.generate_request_body(inputs, outputs=wanted, **fields)


def binary_reply(*outputs: tuple[str, str, np.ndarray], **fields: object) -> tuple[bytes, int]:
    """Encode a reply with binary outputs, as Triton does: body, and length of its JSON."""
    tensors = [tensor_of(*output) for output in outputs]
    described = [
        {
            "name": tensor.name,
            "datatype": tensor.datatype,
            "shape": list(tensor.shape),
            "parameters": {"binary_data_size": len(tensor.data)},
        }
        for tensor in tensors
    ]
    header = json.dumps({"model_name": "m", **fields, "outputs": described}).encode()
    return b"".join([header, *(tensor.data for tensor in tensors)]), len(header)


def strings(*elements: str | bytes) -> np.ndarray:
    """Make a one-dimensional array of bytes objects."""
    array = np.empty(len(elements), np.object_)
    array[:] = [item.encode() if isinstance(item, str) else item for item in elements]
    return array


def json_reply(fields: object) -> Reply:
    """Make a good reply that holds *fields*."""
    return Reply(200, {}, json.dumps(fields).encode())


# --- requests


REQUESTS = {
    "ai4bharat": (
        [
            ("FP32", np.linspace(-1, 1, 32, dtype=np.float32).reshape(2, 16)),
            ("INT32", np.array([[16], [9]], np.int32)),
            ("BYTES", strings("hi", "hi").reshape(2, 1)),
        ],
        ("TRANSCRIPTS",),
        {"request_id": "7d4c"},
    ),
    "half precision": ([("FP16", np.array([[0.1, -0.5]], np.float16))], ("T",), {}),
    "other numbers": (
        [
            ("INT64", np.array([-(2**62), 2**62])),
            ("BOOL", np.array([True, False])),
            ("UINT8", np.array([255], np.uint8)),
        ],
        ("A", "B"),
        {},
    ),
    "trailing NULs": ([("BYTES", strings(b"a\0\0", b"\0", b""))], ("T",), {}),
    "multi-byte text": ([("BYTES", strings("तमिल", "தமிழ்", "😀"))], ("T",), {}),
    "no outputs named": ([("INT32", np.array([1], np.int32))], (), {"request_id": "x"}),
    "timeout": ([("INT32", np.array([1], np.int32))], ("T",), {"timeout": 250_000}),
    "timeout, no outputs": ([("INT32", np.array([1], np.int32))], (), {"timeout": 250_000}),
    "priority": ([("INT32", np.array([1], np.int32))], ("T",), {"priority": 2}),
    "own parameters": (
        [("INT32", np.array([1], np.int32))],
        ("T",),
        {"parameters": {"note": "a b", "flag": True, "count": -1}},
    ),
    "no elements": ([("FP32", np.zeros((1, 0), np.float32))], ("T",), {}),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_encode_infer_equals_the_vendors_bytes_when_given_the_same_tensors(case) -> None:
    """Header and body are what tritonclient would send, byte for byte."""
    arrays, outputs, fields = REQUESTS[case]
    given = dict(fields)
    parameters = {key: given.pop(key) for key in ("priority", "timeout") if key in given}
    parameters |= given.pop("parameters", {})
    ours = encoded(arrays, outputs, parameters=parameters, **given)
    assert ours == encoded_by_oracle(arrays, outputs, **fields)


@given(arrays=named_arrays, outputs=st.sampled_from([(), ("T",), ("T", "SCORE")]))
def test_encode_infer_equals_the_vendors_bytes_when_shapes_and_types_vary(arrays, outputs) -> None:
    """Any tensors of any types give the same bytes."""
    assert encoded(arrays, outputs) == encoded_by_oracle(arrays, outputs)


@given(request_id=st.text(min_size=1), note=st.text())
def test_encode_infer_means_what_the_vendor_says_when_texts_are_not_ascii(request_id, note) -> None:
    """Escapes may be spelt otherwise, the JSON says the same."""
    arrays = [("INT32", np.array([1], np.int32))]
    given_parameters = {"note": note}
    body, length = encoded(arrays, ["T"], request_id=request_id, parameters=given_parameters)
    oracle, oracle_length = encoded_by_oracle(
        arrays, ["T"], request_id=request_id, parameters=given_parameters
    )
    assert json.loads(body[:length]) == json.loads(oracle[:oracle_length])
    assert body[length:] == oracle[oracle_length:]


def test_encode_infer_copies_no_samples_when_they_already_fit() -> None:
    """The buffer handed to the transport is the caller's own array."""
    samples = np.zeros((1, 1600), np.float32)
    tensor = tensor_from_array("AUDIO_SIGNAL", "FP32", samples)
    _, buffer = encode_infer(InferRequest("m", (tensor,)))
    assert np.shares_memory(samples, np.frombuffer(buffer, np.float32))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">f4").reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(12, dtype=np.float64).reshape(2, 6)[:, ::2] / 2,
    ],
    ids=["big-endian", "column-major", "every second of float64"],
)
def test_tensor_from_array_writes_little_endian_rows_when_memory_lies_otherwise(array) -> None:
    """What travels does not depend on how the caller's array lies in memory."""
    assert np.arange(6, dtype="<f4").tobytes() == bytes(tensor_from_array("A", "FP32", array).data)


def test_tensor_from_array_refuses_when_the_datatype_is_not_numeric() -> None:
    """A datatype that numpy cannot hold is the model's, so it is a matter of contract."""
    with pytest.raises(ContractError, match="BF16"):
        tensor_from_array("A", "BF16", np.zeros(1))


@pytest.mark.parametrize(
    ("model", "version", "path"),
    [
        ("asr", "", "/v2/models/asr/infer"),
        ("asr", "3", "/v2/models/asr/versions/3/infer"),
        ("asr", "3/x", "/v2/models/asr/versions/3%2Fx/infer"),
        ("a/b c?", "", "/v2/models/a%2Fb%20c%3F/infer"),
        ("हिन्दी", "", "/v2/models/%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80/infer"),
    ],
)
def test_infer_quotes_the_path_when_names_need_it(model, version, path) -> None:
    """A model's name cannot reach beyond its place in the path."""
    tensor = tensor_from_array("A", "INT32", np.array([1]))
    call = HTTP.infer(InferRequest(model, (tensor,), model_version=version))
    assert path == call.request.path


def test_infer_states_the_length_of_its_json_when_tensors_follow() -> None:
    """The one header that Triton needs to find the tensors is right."""
    tensor = tensor_from_array("A", "INT32", np.array([1]))
    request = HTTP.infer(InferRequest("m", (tensor,))).request
    assert str(len(request.body[0])) == dict(request.headers)[HEADER_LENGTH]
    assert request.size_bytes == len(request.body[0]) + 4


# --- replies


@given(arrays=named_arrays)
def test_decode_infer_returns_the_elements_when_outputs_are_binary(arrays) -> None:
    """What Triton encodes comes back, and the vendor's client reads the same."""
    named = [(f"OUT{at}", *typed) for at, typed in enumerate(arrays)]
    body, length = binary_reply(*named, model_version="1", id="7")
    reply = decode_infer(body, length)
    oracle = InferenceServerClient.parse_response_body(body, header_length=length)
    assert (reply.model, reply.model_version, reply.request_id) == ("m", "1", "7")
    for name, datatype, array in named:
        tensor = reply.outputs[name]
        assert array.shape == tensor.shape
        if datatype == "BYTES":
            assert list(array.ravel()) == tensor.strings() == list(oracle.as_numpy(name).ravel())
        else:
            assert array.tobytes() == tensor.array().tobytes() == oracle.as_numpy(name).tobytes()


@pytest.mark.parametrize(
    ("datatype", "shape", "data"),
    [
        ("BYTES", [2], ["नमस्ते", ""]),
        ("BYTES", [1, 2], ["a", "b\0"]),
        ("FP32", [2, 2], [0.5, -1, 0, 1e-3]),
        ("FP32", [0], []),
        ("INT64", [1], [2**40]),
        ("BOOL", [2], [True, False]),
        ("BYTES", [2, 1], [["a"], ["b"]]),
        ("INT32", [2, 1], [[1], [2]]),
    ],
)
def test_decode_infer_returns_the_elements_when_outputs_are_json(datatype, shape, data) -> None:
    """Lists, flat or nested, mean what the vendor's client reads in them."""
    output = {"name": "T", "datatype": datatype, "shape": shape, "data": data}
    body = json.dumps({"model_name": "m", "outputs": [output]}).encode()
    tensor = decode_infer(body, None).outputs["T"]
    expected = InferenceServerClient.parse_response_body(body).as_numpy("T")
    if datatype == "BYTES":
        assert [text.encode() for text in expected.ravel()] == tensor.strings()
    else:
        assert expected.tobytes() == tensor.array().tobytes()
    assert expected.shape == tensor.shape


def test_decode_infer_tells_outputs_apart_when_binary_and_json_are_mixed() -> None:
    """A JSON output between two binary ones takes no bytes from them."""
    header = {
        "outputs": [
            {"name": "A", "datatype": "INT32", "shape": [1], "parameters": {"binary_data_size": 4}},
            {"name": "B", "datatype": "BYTES", "shape": [1], "data": ["बी"]},
            {"name": "C", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 5}},
        ]
    }
    head = json.dumps(header).encode()
    outputs = decode_infer(head + b"\7\0\0\0" + b"\1\0\0\0c", len(head)).outputs
    assert outputs["A"].array().tolist() == [7]
    assert ["बी".encode()] == outputs["B"].strings()
    assert outputs["C"].strings() == [b"c"]


REPLY, REPLY_LENGTH = binary_reply(
    ("T", "BYTES", strings("नमस्ते", "b")), ("S", "FP32", np.array([0.5, 1], np.float32))
)


@pytest.mark.parametrize("end", range(len(REPLY)))
def test_decode_infer_refuses_when_the_body_is_cut_off(end) -> None:
    """Wherever the body ends too early, it is a breach of contract and nothing else."""
    with pytest.raises(ContractError):
        decode_infer(REPLY[:end], REPLY_LENGTH)


@pytest.mark.parametrize(
    "length", ["", "x", "-1", "1e3", "²", "9" * 5000, str(len(REPLY) + 1), "0"]
)
def test_infer_refuses_when_the_stated_length_of_the_json_is_wrong(length) -> None:
    """A length that is none, or that the body does not have, is a breach of contract."""
    parse = HTTP.infer(InferRequest("m", ())).parse
    with pytest.raises(ContractError):
        parse(Reply(200, {HEADER_LENGTH.lower(): length}, REPLY))


@pytest.mark.parametrize("offset", [-2, -1, 1, 2])
def test_infer_refuses_when_the_stated_length_of_the_json_is_off_by_a_little(offset) -> None:
    """A length that cuts the JSON, or takes from the tensors, does not go unnoticed."""
    parse = HTTP.infer(InferRequest("m", ())).parse
    with pytest.raises(ContractError):
        parse(Reply(200, {HEADER_LENGTH.lower(): str(REPLY_LENGTH + offset)}, REPLY))


def test_infer_reads_the_reply_when_the_stated_length_is_right() -> None:
    """The same reply with the right length is a good one."""
    reply = Reply(200, {HEADER_LENGTH.lower(): str(REPLY_LENGTH)}, REPLY)
    outputs = HTTP.infer(InferRequest("m", ())).parse(reply).outputs
    assert ["नमस्ते".encode(), b"b"] == outputs["T"].strings()


@pytest.mark.parametrize(
    ("datatype", "shape", "data"),
    [
        ("FP32", (2,), b"\0" * 4),
        ("FP32", (1,), b"\0" * 8),
        ("FP32", (1,), b"\0" * 5),
        ("FP32", (-1, -1), b"\0" * 4),
        ("FP32", (-1,), b"\0" * 4),
        ("BF16", (1,), b"\0\0"),
        ("BYTES", (1,), b"\0\0\0\0"),
    ],
)
def test_tensor_array_refuses_when_shape_and_bytes_do_not_agree(datatype, shape, data) -> None:
    """Numbers are read only where the shape accounts for every byte."""
    with pytest.raises(ContractError):
        Tensor("T", datatype, shape, data).array()


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("BYTES", b"\0"),
        ("BYTES", b"\5\0\0\0four"),
        ("BYTES", b"\xff\xff\xff\xff"),
        ("BYTES", b"\1\0\0\0ab"),
        ("INT32", b"\0\0\0\0"),
    ],
)
def test_tensor_strings_refuses_when_lengths_do_not_add_up(datatype, data) -> None:
    """Elements are read only where their lengths account for every byte, and only from BYTES."""
    with pytest.raises(ContractError):
        Tensor("T", datatype, (1,), data).strings()


@given(elements=st.lists(st.binary(max_size=8), max_size=5))
def test_tensor_strings_returns_the_elements_when_made_from_them(elements) -> None:
    """Any bytes, NULs included, survive the round trip."""
    assert elements == tensor_from_strings("T", (len(elements),), elements).strings()


@pytest.mark.parametrize(
    "output",
    [
        {"name": "T", "datatype": "BYTES", "shape": [1], "data": ["a", "b"]},
        {"name": "T", "datatype": "BYTES", "shape": [2], "data": ["a"]},
        {"name": "T", "datatype": "BYTES", "shape": [1], "data": [5]},
        {"name": "T", "datatype": "BYTES", "shape": [1], "data": [None]},
        {"name": "T", "datatype": "BYTES", "shape": [2], "data": "ab"},
        {"name": "T", "datatype": "BYTES", "shape": [1], "data": ["\ud800"]},
        {"name": "T", "datatype": "INT64", "shape": [1], "data": [2**70]},
        {"name": "T", "datatype": "INT32", "shape": [1], "data": [float("inf")]},
        {"name": "T", "datatype": "INT32", "shape": [float("inf")], "data": [1]},
        {"name": "T", "datatype": "INT32", "shape": [2], "data": [1]},
        {"name": "T", "datatype": "BF16", "shape": [1], "data": [1]},
        {"name": "T", "datatype": "FP32", "shape": [1]},
        {"name": "T", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": "4"}},
        {"name": "T", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": -4}},
        {"name": "T", "datatype": "FP32", "shape": [1], "parameters": None},
        {"datatype": "FP32", "shape": [1], "data": [1]},
        "T",
    ],
)
def test_decode_infer_refuses_when_an_output_contradicts_itself(output) -> None:
    """Counts, types and sizes that lie are a breach of contract, whichever way they lie."""
    body = json.dumps({"model_name": "m", "outputs": [output]}).encode()
    with pytest.raises(ContractError):
        decode_infer(body, None)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"T"', b"{}", b"[" * 100_000, b"\xff\xfe"])
def test_decode_infer_refuses_when_the_body_is_no_reply(body) -> None:
    """JSON of another kind, endlessly nested JSON and no JSON are refused alike."""
    with pytest.raises(ContractError):
        decode_infer(body, None)


# --- whatever comes, only ContractError goes out


@st.composite
def damaged(draw: st.DrawFn, document: object) -> object:
    """Draw a copy of a JSON document in which one value, at any depth, is another one."""
    document = copy.deepcopy(document)
    places = list(places_in(document))
    holder, key = draw(st.sampled_from(places))
    if isinstance(holder, dict) and draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = draw(json_values)
    return document


def places_in(value: object):
    """Walk over every (container, key) of a JSON document."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places_in(value[key])


def read_all(parse, reply: Reply) -> None:
    """Read a reply and everything in it; ContractError is the one error that may come of it."""
    with contextlib.suppress(ContractError):
        for tensor in parse(reply).outputs.values():
            with contextlib.suppress(ContractError):
                tensor.strings()
            with contextlib.suppress(ContractError):
                tensor.array()


@given(body=st.binary(max_size=200), length=st.none() | st.integers(0, 200).map(str))
def test_infer_raises_only_contract_errors_when_the_body_is_noise(body, length) -> None:
    """Random bytes never crash the reader."""
    headers = {} if length is None else {HEADER_LENGTH.lower(): length}
    read_all(HTTP.infer(InferRequest("m", ())).parse, Reply(200, headers, body))


INFER_JSON = {
    "model_name": "m",
    "model_version": "1",
    "id": "7",
    "outputs": [
        {"name": "T", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 5}},
        {"name": "S", "datatype": "FP32", "shape": [2], "data": [1, 2]},
        {"name": "B", "datatype": "BYTES", "shape": [1], "data": ["a"]},
    ],
}


@tolerates_numpy_1
@given(document=damaged(INFER_JSON), tail=st.sampled_from([b"\1\0\0\0a", b"\1\0\0\0", b""]))
def test_infer_raises_only_contract_errors_when_one_value_is_wrong(document, tail) -> None:
    """A reply that is right but for one value never crashes the reader."""
    header = json.dumps(document).encode()
    headers = {HEADER_LENGTH.lower(): str(len(header))}
    read_all(HTTP.infer(InferRequest("m", ())).parse, Reply(200, headers, header + tail))


METADATA_JSON = {
    "name": "asr",
    "versions": ["1"],
    "platform": "python",
    "inputs": [{"name": "audio", "datatype": "BYTES", "shape": [1]}],
    "outputs": [{"name": "transcript", "datatype": "BYTES", "shape": [-1, 1]}],
}
CONFIG_JSON = {
    "name": "asr",
    "max_batch_size": 8,
    "input": [
        {"name": "audio", "data_type": "TYPE_STRING", "dims": [1], "optional": False},
        {"name": "language", "data_type": "TYPE_STRING", "dims": [1], "optional": True},
    ],
    "model_transaction_policy": {"decoupled": True},
    "sequence_batching": {"max_sequence_idle_microseconds": 5_000_000},
    "parameters": {"languages": {"string_value": "hi en"}},
}
INDEX_JSON = [{"name": "asr", "version": "1", "state": "READY"}, {"name": "broken"}]
STATISTICS_JSON = {"model_stats": [{"name": "asr", "version": "1"}]}

CALLS = {
    "metadata": (HTTP.model_metadata("asr"), METADATA_JSON),
    "config": (HTTP.model_config("asr"), CONFIG_JSON),
    "index": (HTTP.repository_index(), INDEX_JSON),
    "statistics": (HTTP.model_statistics(), STATISTICS_JSON),
}


@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
def test_calls_raise_only_contract_errors_when_one_value_is_wrong(name, data) -> None:
    """What a server tells of its models is read with the same distrust."""
    call, document = CALLS[name]
    with contextlib.suppress(ContractError):
        call.parse(json_reply(data.draw(damaged(document))))


OTHER_JSON = (b"", b"null", b"7", b'"ready"', b"[1]", b"[[]]", b'[{"a": 1}]')
# In a configuration every field may be missing, and an object without models lists none.
OTHER_OBJECTS = [("metadata", b'{"a": 1}'), ("statistics", b'{"a": 1}')]


@pytest.mark.parametrize(
    ("name", "body"), [*((name, body) for name in CALLS for body in OTHER_JSON), *OTHER_OBJECTS]
)
def test_calls_refuse_when_the_answer_is_json_of_another_kind(name, body) -> None:
    """A web page's JSON is no answer of Triton's."""
    with pytest.raises(ContractError):
        CALLS[name][0].parse(Reply(200, {}, body))


def test_model_metadata_reads_every_field_when_the_answer_is_tritons() -> None:
    """Names, types and shapes arrive as values."""
    assert ModelMetadata(
        name="asr",
        versions=("1",),
        platform="python",
        inputs=(TensorSpec("audio", "BYTES", (1,)),),
        outputs=(TensorSpec("transcript", "BYTES", (-1, 1)),),
    ) == CALLS["metadata"][0].parse(json_reply(METADATA_JSON))


def test_model_config_reads_every_field_when_the_answer_is_tritons() -> None:
    """Of the long configuration, the five things that a client must know."""
    assert ModelConfig(
        max_batch_size=8,
        optional_inputs=frozenset({"language"}),
        decoupled=True,
        stateful=True,
        parameters={"languages": "hi en"},
    ) == CALLS["config"][0].parse(json_reply(CONFIG_JSON))


@pytest.mark.parametrize("fields", [INDEX_JSON, {"models": INDEX_JSON}])
def test_repository_index_lists_models_when_bare_or_wrapped(fields) -> None:
    """Triton answers with a list, a gateway may wrap it."""
    expected = (ModelEntry("asr", "1", "READY"), ModelEntry("broken"))
    assert expected == HTTP.repository_index().parse(json_reply(fields))


def test_model_statistics_lists_models_when_the_index_is_closed() -> None:
    """Whatever has statistics is loaded."""
    expected = (ModelEntry("asr", "1", "READY"),)
    assert expected == HTTP.model_statistics().parse(json_reply(STATISTICS_JSON))


@pytest.mark.parametrize(
    "call",
    [HTTP.server_live(), HTTP.server_ready(), HTTP.model_ready("m")],
    ids=lambda call: call.request.path,
)
@pytest.mark.parametrize(("status", "ready"), [(200, True), (400, False)])
def test_health_is_a_yes_or_no_when_triton_answers(call, status, ready) -> None:
    """200 with an empty body is yes, 400 is no."""
    assert ready is call.parse(Reply(status))


@pytest.mark.parametrize("call", [HTTP.server_ready(), *(call for call, _ in CALLS.values())])
def test_calls_raise_the_servers_refusal_when_it_is_one(call) -> None:
    """An error of the server is an error of the call, not an answer."""
    body = b"""{"error":"Request for unknown model: 'asr' is not found"}"""
    with pytest.raises(ModelNotFoundError):
        call.parse(Reply(404, {}, body))
