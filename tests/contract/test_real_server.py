"""The codecs against a real Triton: what one wire tells, the other tells, too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tritonclient.http import InferenceServerClient

from asr_client.contracts.introspection import identify_model
from asr_client.contracts.kserve import (
    InferRequest,
    KServe,
    tensor_from_array,
    tensor_from_strings,
)
from asr_client.contracts.kserve_grpc import KServeGRPC
from asr_client.contracts.kserve_http import KServeHTTP
from asr_client.contracts.wire import Exchange
from asr_client.deadline import Deadline
from asr_client.embedded import EmbeddedTriton
from asr_client.errors import ModelNotFoundError, RejectedInputError
from asr_client.settings.config import ClientConfig
from asr_client.transports import open_transport

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Triton's wheel is for Linux")

MODELS = ("asr_am_ensemble", "asr", "asr_slow", "ps_decode")
CODECS: dict[str, KServe] = {"http": KServeHTTP(), "grpc": KServeGRPC()}
Ask = Callable[[Exchange[Any]], Any]


@pytest.fixture(scope="module")
def wires(embedded_triton: EmbeddedTriton) -> Iterator[dict[str, Ask]]:
    """For each wire a function that sends a call and reads its answer."""
    urls = {"http": embedded_triton.http_url, "grpc": embedded_triton.grpc_url}
    transports = {
        wire: open_transport(ClientConfig.resolve(url, environ={})) for wire, url in urls.items()
    }
    yield {
        wire: lambda call, transport=transport: call.parse(
            transport.send(call.request, Deadline.after(30))
        )
        for wire, transport in transports.items()
    }
    for transport in transports.values():
        transport.close()


def slow_request(*languages: str, request_id: str = "", **parameters: int | str) -> InferRequest:
    """Ask the model with a known answer about rows of 0.10 s, one for each language."""
    rows = len(languages)
    return InferRequest(
        "asr_slow",
        (
            tensor_from_array("AUDIO_SIGNAL", "FP32", np.zeros((rows, 1600))),
            tensor_from_array("NUM_SAMPLES", "INT32", np.full((rows, 1), 1600)),
            tensor_from_strings("LANG_ID", (rows, 1), [code.encode() for code in languages]),
        ),
        ("TRANSCRIPTS",),
        request_id=request_id,
        parameters=parameters,
    )


# --- what the server tells of itself


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("question", ["model_metadata", "model_config", "model_ready"])
def test_model_questions_have_one_answer_when_asked_over_both_wires(wires, question, model) -> None:
    """Metadata, the needed parts of the configuration and readiness are equal values."""
    over_http, over_grpc = (
        wires[wire](getattr(codec, question)(model)) for wire, codec in CODECS.items()
    )
    assert over_http
    assert over_http == over_grpc


@pytest.mark.parametrize("question", ["repository_index", "model_statistics"])
def test_model_lists_are_equal_when_asked_over_both_wires(wires, question) -> None:
    """Both lists name every embedded model, in any order."""
    over_http, over_grpc = (
        set(wires[wire](getattr(codec, question)())) for wire, codec in CODECS.items()
    )
    assert over_http == over_grpc
    assert set(MODELS) == {entry.name for entry in over_http}
    assert {("1", "READY")} == {(entry.version, entry.state) for entry in over_http}


@pytest.mark.parametrize("wire", CODECS)
@pytest.mark.parametrize("question", ["server_live", "server_ready"])
def test_server_is_well_when_asked_over_either_wire(wires, question, wire) -> None:
    """A running server says so."""
    assert wires[wire](getattr(CODECS[wire], question)()) is True


@pytest.mark.parametrize("wire", CODECS)
@pytest.mark.parametrize(
    ("model", "contract", "batch"),
    [
        ("asr_am_ensemble", "ai4bharat", 32),
        ("asr_slow", "ai4bharat", 8),
        ("ps_decode", "ai4bharat", 32),
        ("asr", "base64", 1),
    ],
)
def test_identify_model_finds_the_contract_when_the_server_is_real(
    wires, wire, model, contract, batch
) -> None:
    """From metadata and configuration as they come, with and without the latter."""
    ask, codec = wires[wire], CODECS[wire]
    metadata, config = ask(codec.model_metadata(model)), ask(codec.model_config(model))
    found = identify_model(metadata, config)
    assert (contract, batch) == (found.contract.name, found.max_batch_size)
    assert "en" in found.languages
    assert contract == identify_model(metadata, None).contract.name


# --- inference


@pytest.mark.parametrize("wire", CODECS)
def test_infer_returns_texts_in_order_when_rows_are_batched(wires, wire) -> None:
    """The text of each row, the version, and the request's own id."""
    request = slow_request("hi", "ta", request_id="call-7", timeout=20_000_000)
    reply = wires[wire](CODECS[wire].infer(request))
    assert reply.outputs["TRANSCRIPTS"].strings() == [b"0.10 s of hi", b"0.10 s of ta"]
    assert reply.outputs["TRANSCRIPTS"].shape == (2,)
    assert (reply.model, reply.model_version, reply.request_id) == ("asr_slow", "1", "call-7")


@pytest.mark.parametrize("wire", CODECS)
def test_infer_returns_all_outputs_when_none_is_named(wires, wire) -> None:
    """Naming no output means every output, in binary over HTTP as well."""
    reply = wires[wire](CODECS[wire].infer(replace(slow_request("hi"), outputs=())))
    assert reply.outputs["TRANSCRIPTS"].strings() == [b"0.10 s of hi"]


@pytest.mark.parametrize("wire", CODECS)
def test_infer_asks_for_a_version_when_one_is_named(wires, wire) -> None:
    """Version 1 answers; version 7 does not exist."""
    right, wrong = (
        CODECS[wire].infer(replace(slow_request("hi"), model_version=version))
        for version in ("1", "7")
    )
    assert wires[wire](right).model_version == "1"
    with pytest.raises(ModelNotFoundError):
        wires[wire](wrong)


@pytest.mark.parametrize("wire", CODECS)
@pytest.mark.parametrize("language", ["हिन्दी", "தமிழ் 😀", "a\0b"])
def test_infer_carries_bytes_unchanged_when_text_is_multi_byte(wires, wire, language) -> None:
    """The model quotes what it received, whatever the script, and NULs within."""
    with pytest.raises(RejectedInputError) as caught:
        wires[wire](CODECS[wire].infer(slow_request(language)))
    assert repr(language) in caught.value.message
    assert caught.value.origin == "triton"


@pytest.mark.parametrize("wire", CODECS)
def test_infer_is_rejected_when_an_input_is_missing(wires, wire) -> None:
    """Both wires give the same class, and name the missing tensor."""
    request = slow_request("hi")
    call = CODECS[wire].infer(replace(request, inputs=request.inputs[:2]))
    with pytest.raises(RejectedInputError, match=r"missing required input\(s\) \['LANG_ID'\]"):
        wires[wire](call)


@pytest.mark.parametrize("wire", CODECS)
def test_infer_is_rejected_when_the_batch_is_too_large(wires, wire) -> None:
    """The limit that the configuration told holds."""
    with pytest.raises(RejectedInputError, match="batch-size must be <= 8"):
        wires[wire](CODECS[wire].infer(slow_request(*["hi"] * 9)))


@pytest.mark.parametrize("wire", CODECS)
@pytest.mark.parametrize("model", ["nope", "no/such model?", "नहीं"])
def test_model_questions_fail_alike_when_the_model_is_unknown(wires, wire, model) -> None:
    """No such model is one class on both wires; readiness is simply no."""
    ask, codec = wires[wire], CODECS[wire]
    for call in (
        codec.model_metadata(model),
        codec.model_config(model),
        codec.infer(replace(slow_request("hi"), model=model)),
    ):
        with pytest.raises(ModelNotFoundError, match="unknown model: '") as caught:
            ask(call)
        assert "asr-client models" in caught.value.hint
    assert ask(codec.model_ready(model)) is False


def test_infer_reads_what_the_vendors_client_reads_when_the_bytes_are_the_servers(
    embedded_triton: EmbeddedTriton,
) -> None:
    """The same reply, read by both, holds the same text."""
    call = CODECS["http"].infer(slow_request("hi", "ta"))
    transport = open_transport(ClientConfig.resolve(embedded_triton.http_url, environ={}))
    reply = transport.send(call.request, Deadline.after(30))
    transport.close()
    oracle = InferenceServerClient.parse_response_body(
        reply.body, header_length=int(reply.headers["inference-header-content-length"])
    )
    ours = call.parse(reply).outputs["TRANSCRIPTS"]
    assert list(oracle.as_numpy("TRANSCRIPTS")) == ours.strings()
