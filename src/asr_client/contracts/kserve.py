"""
KServe v2 as values: tensors, requests, replies, and what a server tells of a model.

Source: KServe Open Inference Protocol v2; Triton's extensions as measured on 2.51.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

import numpy as np
import numpy.typing as npt

from asr_client.contracts.wire import Buffer, Exchange
from asr_client.errors import ContractError
from asr_client.results import ModelEntry

__all__ = [
    "InferReply",
    "InferRequest",
    "KServe",
    "ModelConfig",
    "ModelMetadata",
    "Tensor",
    "TensorSpec",
    "numpy_dtype",
    "tensor_from_array",
    "tensor_from_strings",
]

# Longer ones are recordings, not words.
_QUOTABLE_BYTES = 1024

_DTYPES: Mapping[str, str] = {
    "BOOL": "|b1",
    "UINT8": "|u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "|i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}


def numpy_dtype(datatype: str) -> np.dtype[np.generic]:
    """Little-endian numpy dtype of a KServe datatype; ContractError for BYTES and unknown ones."""
    try:
        return np.dtype(_DTYPES[datatype])
    except KeyError:
        raise ContractError(f"datatype {datatype} is not a numeric KServe type") from None


@dataclass(frozen=True, slots=True)
class Tensor:
    """
    A tensor as it travels: little-endian, row-major, each BYTES element behind its uint32 length.

    Attributes:
        name: The model's name for it.
        datatype: KServe datatype, such as "FP32" or "BYTES".
        shape: Dimensions, batch first where the model batches.
        data: The elements' bytes.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Buffer

    def array(self) -> npt.NDArray[np.generic]:
        """Read numeric elements as an array of *shape*; ContractError if sizes do not agree."""
        dtype = numpy_dtype(self.datatype)
        count, size = math.prod(self.shape), len(self.data)
        if any(length < 0 for length in self.shape) or count * dtype.itemsize != size:
            shape = list(self.shape)
            raise ContractError(f"output {self.name}: {size} bytes are no {self.datatype} {shape}")
        return np.frombuffer(self.data, dtype).reshape(self.shape)

    def strings(self) -> list[bytes]:
        """Read BYTES elements in row-major order; ContractError if lengths do not add up."""
        if self.datatype != "BYTES":
            raise ContractError(f"output {self.name} holds {self.datatype} instead of BYTES")
        view = memoryview(self.data)
        elements, at = [], 0
        while at < len(view):
            if at + 4 > len(view):
                raise ContractError(f"output {self.name}: a BYTES element's length is cut off")
            (size,) = struct.unpack_from("<I", view, at)
            at += 4
            if at + size > len(view):
                raise ContractError(f"output {self.name}: a BYTES element is cut off")
            elements.append(bytes(view[at : at + size]))
            at += size
        return elements


def tensor_from_array(name: str, datatype: str, array: npt.NDArray[np.generic]) -> Tensor:
    """
    Make a numeric tensor, cast to *datatype*; no copy where the array already fits.

    Args:
        name: The model's name for it.
        datatype: KServe datatype; the model's metadata says which.
        array: Any shape and numeric dtype.
    """
    fitting = np.ascontiguousarray(array, dtype=numpy_dtype(datatype))
    # As uint8 in numpy: memoryview.cast refuses arrays without elements.
    return Tensor(name, datatype, tuple(array.shape), fitting.reshape(-1).view(np.uint8).data)


def tensor_from_strings(name: str, shape: Sequence[int], elements: Iterable[bytes]) -> Tensor:
    """
    Make a BYTES tensor.

    Plain bytes in, so trailing NULs survive: numpy's own string dtype would drop them.
    """
    data = b"".join(struct.pack("<I", len(element)) + element for element in elements)
    return Tensor(name, "BYTES", tuple(shape), data)


@dataclass(frozen=True, slots=True)
class InferRequest:
    """
    One inference.

    Attributes:
        model: Model to ask.
        inputs: Its tensors.
        outputs: Names of the wanted outputs; none means all of them.
        model_version: Version to ask; empty lets the server choose.
        request_id: Travels along and comes back; shows in the server's log.
        parameters: Triton's request parameters, such as {"timeout": microseconds}.
    """

    model: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[str, ...] = ()
    model_version: str = ""
    request_id: str = ""
    parameters: Mapping[str, bool | int | str] = field(default_factory=dict)

    def quotable(self) -> frozenset[str]:
        """Give the short texts among the inputs, such as languages: what an error may quote."""
        texts = (
            tensor.strings()
            for tensor in self.inputs
            if tensor.datatype == "BYTES" and len(tensor.data) <= _QUOTABLE_BYTES
        )
        return frozenset(text.decode("utf-8", "replace") for text in chain.from_iterable(texts))


@dataclass(frozen=True, slots=True)
class InferReply:
    """The outputs of one inference, by name."""

    model: str
    model_version: str
    request_id: str
    outputs: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What a model declares about one tensor; -1 stands for any length."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """GET /v2/models/<m>, or ModelMetadata over gRPC."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """
    The parts of Triton's model configuration that a client must know.

    Attributes:
        max_batch_size: 0 means that tensors carry no batch dimension.
        optional_inputs: Inputs that may be left out.
        decoupled: Replies need not match requests one to one; such a model has no HTTP.
        stateful: Requests must come as sequences.
        parameters: The model's own parameters, by key.
    """

    max_batch_size: int
    optional_inputs: frozenset[str] = frozenset()
    decoupled: bool = False
    stateful: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)


class KServe(Protocol):
    """
    KServe v2 over one wire; kserve_http and kserve_grpc are the two.

    Health operations parse to True or False; the others raise ServerError on a refusal.
    """

    def server_live(self) -> Exchange[bool]: ...
    def server_ready(self) -> Exchange[bool]: ...
    def model_ready(self, model: str) -> Exchange[bool]: ...
    def model_metadata(self, model: str) -> Exchange[ModelMetadata]: ...
    def model_config(self, model: str) -> Exchange[ModelConfig]: ...
    def repository_index(self) -> Exchange[tuple[ModelEntry, ...]]: ...
    def model_statistics(self) -> Exchange[tuple[ModelEntry, ...]]: ...
    def infer(self, request: InferRequest) -> Exchange[InferReply]: ...
