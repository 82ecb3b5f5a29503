"""One clip as one request, in whatever way the model is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asr_client.contracts.kserve import KServe, Tensor, tensor_from_array
from asr_client.contracts.kserve_recognizer import KServeRecognizer, build_request, read_texts
from asr_client.contracts.recognizer import Recognized, Recognizer, Utterances
from asr_client.contracts.wire import Exchange, Reply
from asr_loadtest.load.corpus.clips import Clip

__all__ = ["encode_clip"]


def encode_clip(
    recognizer: Recognizer, clip: Clip, language: str | None, timeout_s: float | None = None
) -> Exchange[Recognized]:
    """
    Encode the clip with its padding.

    A model that is told the number of samples is told that of the speech, so that it does not hear
    the padding; for all others the recording ends in silence.

    Args:
        recognizer: Who is asked.
        clip: The recording.
        language: The model's own code; None sends none.
        timeout_s: Seconds after which the server may drop the request from its queue.
    """
    # No request id: it would be the same for all, and cost bytes.
    utterances = Utterances((clip.padded_wave(),), language, "", timeout_s)
    if clip.padding and isinstance(recognizer, KServeRecognizer):
        return _with_true_length(recognizer, utterances, clip.wave.samples.size)
    return recognizer.recognize(utterances)


def _with_true_length(
    recognizer: KServeRecognizer, utterances: Utterances, true_length: int
) -> Exchange[Recognized]:
    model = recognizer.speech_model
    request = build_request(model, utterances)
    inputs = tuple(
        _filled(tensor, true_length) if tensor.name == model.contract.length else tensor
        for tensor in request.inputs
    )
    exchange = _codec(recognizer.protocol).infer(replace(request, inputs=inputs))

    def parse(reply: Reply) -> Recognized:
        answer = exchange.parse(reply)
        return Recognized(read_texts(model, answer, len(utterances.waves)), answer.model_version)

    return Exchange(exchange.request, parse)


def _filled(tensor: Tensor, number: int) -> Tensor:
    return tensor_from_array(tensor.name, tensor.datatype, np.full(tensor.shape, number))


def _codec(protocol: str) -> KServe:
    if protocol == "grpc":
        # Here, because it loads grpc: a load test over HTTP needs none.
        from asr_client.contracts.kserve_grpc import KServeGRPC

        return KServeGRPC()
    from asr_client.contracts.kserve_http import KServeHTTP

    return KServeHTTP()
