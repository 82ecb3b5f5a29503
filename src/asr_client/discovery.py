"""Which way leads to a model: the protocol, the contract, and the reason for both."""

from __future__ import annotations

from http import HTTPStatus

from asr_client.config import DEFAULT_MODEL
from asr_client.contracts.asr_infer import AsrInferRecognizer
from asr_client.contracts.generate import GenerateRecognizer
from asr_client.contracts.introspection import SpeechModel, identify_model
from asr_client.contracts.kserve_recognizer import KServeRecognizer
from asr_client.contracts.replies import is_closed_door
from asr_client.contracts.ulca import UlcaRecognizer
from asr_client.deadline import Deadline
from asr_client.effects import Flow, perform
from asr_client.endpoint import ASR_INFER_PATH
from asr_client.errors import (
    AuthError,
    ContractError,
    OverloadedError,
    RateLimitedError,
    RouteNotFoundError,
    ServerError,
)
from asr_client.session import Route, Session

__all__ = ["find_route"]

_FIXED = "the protocol fixes it"
_NO_PATH = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


def find_route(session: Session, model: str, deadline: Deadline) -> Flow[Route]:
    """
    Find the way to a model. What the server said is remembered by the session; a guess is not.

    Raises:
        ModelNotFoundError: If the server answers, but does not have the model.
        ContractError: If the model speaks no known contract.
    """
    route = session.routes.get(model)
    if route is None:
        route = yield from _look_for_route(session, model, deadline)
        if not route.is_guess:
            session.routes[model] = route
    return route


def _look_for_route(session: Session, model: str, deadline: Deadline) -> Flow[Route]:
    protocol, why = session.config.protocol, session.config.protocol_why
    if protocol == "asr-infer":
        return Route(AsrInferRecognizer(), why, _FIXED)
    if protocol in ("ulca", "ai4i"):
        service_id = "" if model == DEFAULT_MODEL else model
        return Route(UlcaRecognizer(protocol, service_id), why, _FIXED)
    try:
        speech_model = yield from _introspect(session, model, deadline)
    except RouteNotFoundError as error:
        if protocol == "generate":
            return Route(GenerateRecognizer(model, None), why, "assumed: nothing describes it here")
        # Triton's own 404 means that the path is wrong, a gateway's that it routes no KServe.
        if protocol == "auto" and error.answered_by != "triton" and error.status in _NO_PATH:
            return _gateway_call(model, error)
        raise
    if protocol == "generate":
        return Route(GenerateRecognizer(model, speech_model), why, speech_model.explain())
    if protocol == "auto":
        protocol, why = "http", f"/v2/models/{model} answers in KServe v2"
    recognizer = KServeRecognizer(protocol, session.kserve, speech_model)
    return Route(recognizer, why, speech_model.explain())


def _gateway_call(model: str, error: RouteNotFoundError) -> Route:
    why = (
        f"no KServe v2 below this URL ({error.status} for /v2/models/{model}), "
        f"so {ASR_INFER_PATH} is used"
    )
    return Route(AsrInferRecognizer(), why, _FIXED, is_guess=True)


def _introspect(session: Session, model: str, deadline: Deadline) -> Flow[SpeechModel]:
    metadata = yield from perform(session.kserve.model_metadata(model), deadline)
    try:
        config = yield from perform(session.kserve.model_config(model), deadline)
    except (AuthError, RateLimitedError, OverloadedError) as error:
        if not is_closed_door(error):
            raise
        config = None
    except (ServerError, ContractError):
        config = None  # a gateway may route metadata alone; the contract can do without
    return identify_model(metadata, config)
