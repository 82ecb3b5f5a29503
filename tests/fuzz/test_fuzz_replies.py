"""
Whatever a server answers, a reader gives a value or raises one of our errors: nothing else.

Hypothesis draws the answers here, the same ones in every run. `fuzz_replies.py` beside this file
searches on, guided by what the readers' code does with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform
from asr_client.contracts.asr_infer import AsrInferRecognizer
from asr_client.contracts.generate import GenerateRecognizer
from asr_client.contracts.kserve import InferRequest, tensor_from_strings
from asr_client.contracts.kserve_grpc import KServeGRPC
from asr_client.contracts.kserve_http import KServeHTTP
from asr_client.contracts.recognizer import Utterances
from asr_client.contracts.ulca import UlcaRecognizer
from asr_client.contracts.wire import Reply
from asr_client.errors import ASRError, ServerError
from asr_client.faults import Fault

Reader = Callable[[Reply], Any]

ASKED = InferRequest("asr", (tensor_from_strings("LANG_ID", (1, 1), [b"hi"]),))
SPOKEN = Utterances((Waveform(np.zeros(160, np.float32), 16_000),), "hi", "id")


def readers_of(kserve: KServeHTTP | KServeGRPC) -> list[Reader]:
    """Every reader of one codec."""
    return [
        kserve.server_ready().parse,
        kserve.model_ready("asr").parse,
        kserve.model_metadata("asr").parse,
        kserve.model_config("asr").parse,
        kserve.repository_index().parse,
        kserve.model_statistics().parse,
        kserve.infer(ASKED).parse,
    ]


HTTP_READERS: list[Reader] = [
    *readers_of(KServeHTTP()),
    AsrInferRecognizer().recognize(SPOKEN).parse,
    GenerateRecognizer("asr", None).recognize(SPOKEN).parse,
    UlcaRecognizer("ulca", "service").recognize(SPOKEN).parse,
    UlcaRecognizer("ai4i", "").recognize(SPOKEN).parse,
]
GRPC_READERS: list[Reader] = readers_of(KServeGRPC())

NAMES = [
    "content-type",
    "date",
    "inference-header-content-length",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-kong-request-id",
    "x-kong-response-latency",
    "x-kong-upstream-latency",
    "x-request-id",
]


def failure_of(read: Reader, reply: Reply) -> ASRError | None:
    """Read a reply; its error, if it is one of ours. Any other would end the test."""
    try:
        read(reply)
    except ASRError as error:
        return error
    return None


def check(read: Reader, reply: Reply) -> None:
    """Read a reply: a value, or an error that can be told and acted upon."""
    error = failure_of(read, reply)
    assert error is None or isinstance(error.fault, Fault)
    if isinstance(error, ServerError):
        assert str(error).isprintable() or "\u200c" in str(error) or "\u200d" in str(error)
        assert len(error.message) < 600
        assert error.retry_after_s is None or error.retry_after_s >= 0


HEADERS = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["0", "1", "application/json"]) | st.text(), max_size=4
)
SNIPPETS = st.sampled_from(
    [b'{"outputs":[', b'{"error":', b'"', b"]", b"}", b'{"detail":', b"data: ", b"<p>", b"1e999"]
)
BODIES = st.binary() | st.lists(SNIPPETS | st.binary(max_size=8)).map(b"".join)


@given(
    read=st.sampled_from(HTTP_READERS),
    status=st.sampled_from([200, 200, 204, 301, 400, 404, 429, 500, 503]) | st.integers(0, 999),
    headers=HEADERS,
    body=BODIES,
)
def test_http_reader_fails_as_ours_when_replies_are_noise(read, status, headers, body) -> None:
    """Bytes, headers and statuses of all kinds, for every reader over HTTP."""
    check(read, Reply(status, headers, body))


@given(
    read=st.sampled_from(GRPC_READERS),
    status=st.integers(0, 20),
    headers=HEADERS,
    body=BODIES,
    details=st.text(),
)
def test_grpc_reader_fails_as_ours_when_replies_are_noise(
    read, status, headers, body, details
) -> None:
    """The same for messages and statuses over gRPC."""
    check(read, Reply(status, headers, body, details))
