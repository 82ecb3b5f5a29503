"""Which way leads to a model: the protocol, the contract, and the reason for both."""

from __future__ import annotations

from http import HTTPStatus

from asr_client.calls.ask import ask
from asr_client.calls.effects import Flow, sleep
from asr_client.calls.session import Call, Route
from asr_client.contracts.asr_infer import AsrInferRecognizer
from asr_client.contracts.generate import GenerateRecognizer
from asr_client.contracts.introspection import SpeechModel, identify_model
from asr_client.contracts.kserve_recognizer import KServeRecognizer
from asr_client.contracts.replies import is_closed_door
from asr_client.contracts.ulca import UlcaRecognizer
from asr_client.endpoint import ASR_INFER_PATH
from asr_client.errors import (
    AuthError,
    ContractError,
    OverloadedError,
    RateLimitedError,
    RouteNotFoundError,
    ServerError,
)
from asr_client.settings.config import DEFAULT_MODEL

__all__ = ["find_route"]

_FIXED = "the protocol fixes it"
_NO_PATH = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)

# How long a call leaves the search to another one before it takes it over, and how often it sees
# whether the other has found something.
_LEAVE_IT_S = 2.0
_LOOK_AGAIN_S = 0.01


def find_route(call: Call, model: str) -> Flow[Route]:
    """
    Find the way to a model. What the server said is remembered by the session; a guess is not.

    Calls that start together leave the search to the first of them: each request counts under the
    gateway's limit.

    Raises:
        ModelNotFoundError: If the server answers, but does not have the model.
        ContractError: If the model speaks no known contract.
    """
    session, own_search = call.session, object()
    others_search, leave_it_until_s = own_search, 0.0
    while (route := session.routes.get(model)) is None:
        searching = session.searches.setdefault(model, own_search)
        if searching is own_search:
            break
        if searching is not others_search:
            others_search, leave_it_until_s = searching, session.clock() + _LEAVE_IT_S
        elif session.clock() >= leave_it_until_s:
            session.searches[model] = own_search  # one successor, for whom all others wait
            break
        call.deadline.require_s("finding the way to the model")
        yield from sleep(_LOOK_AGAIN_S)
    try:
        return route or (yield from _look_for_route(call, model))
    finally:
        if session.searches.get(model) is own_search:
            del session.searches[model]


def _look_for_route(call: Call, model: str) -> Flow[Route]:
    route = yield from _ask_for_route(call, model)
    if not route.is_guess:
        call.session.routes[model] = route
    return route


def _ask_for_route(call: Call, model: str) -> Flow[Route]:
    session = call.session
    protocol, why = session.config.protocol, session.config.protocol_why
    if protocol == "asr-infer":
        return Route(AsrInferRecognizer(), why, _FIXED)
    if protocol in ("ulca", "ai4i"):
        service_id = "" if model == DEFAULT_MODEL else model
        return Route(UlcaRecognizer(protocol, service_id), why, _FIXED)
    try:
        speech_model = yield from _introspect(call, model)
    except RouteNotFoundError as error:
        if protocol == "generate":
            return Route(GenerateRecognizer(model, None), why, "assumed: nothing describes it here")
        # Triton's own 404 means that the path is wrong, a gateway's that it routes no KServe.
        if protocol == "auto" and error.origin != "triton" and error.status in _NO_PATH:
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


def _introspect(call: Call, model: str) -> Flow[SpeechModel]:
    kserve = call.session.kserve
    metadata = yield from ask(call, kserve.model_metadata(model))
    try:
        config = yield from ask(call, kserve.model_config(model))
    except (AuthError, RateLimitedError, OverloadedError) as error:
        if not is_closed_door(error):
            raise
        config = None
    except (ServerError, ContractError):
        config = None  # a gateway may route metadata alone; the contract can do without
    return identify_model(metadata, config)
