"""Which way leads to a model: the protocol, the contract, and the reason for both."""

from __future__ import annotations

from asr_client.config import DEFAULT_MODEL
from asr_client.contracts.asr_infer import ASR_INFER_PATH, AsrInferRecognizer
from asr_client.contracts.generate import GenerateRecognizer
from asr_client.contracts.introspection import SpeechModel, recognise_model
from asr_client.contracts.recognizer import KServeRecognizer
from asr_client.contracts.ulca import UlcaRecognizer
from asr_client.deadline import Deadline
from asr_client.errors import (
    AuthError,
    ModelNotFoundError,
    RejectedInputError,
    RouteNotFoundError,
    ServerError,
)
from asr_client.results import Health, ModelEntry, ModelInfo, ModelList
from asr_client.session import Flow, Route, Session, perform

__all__ = ["check_health", "describe_model", "find_route", "list_models"]

_FORBIDDEN = 403


def find_route(session: Session, model: str, deadline: Deadline) -> Flow[Route]:
    """
    Find the way to a model; asked once, remembered by the session.

    Raises:
        ModelNotFoundError: If the server answers, but does not have the model.
        ContractError: If the model speaks no known contract.
    """
    route = session.routes.get(model)
    if route is None:
        route = yield from _look_for_route(session, model, deadline)
        session.routes[model] = route
    return route


def _look_for_route(session: Session, model: str, deadline: Deadline) -> Flow[Route]:
    protocol, why = session.config.protocol, session.config.protocol_why
    told = "the protocol fixes it"
    if protocol == "asr-infer":
        return Route(AsrInferRecognizer(model), why, told)
    if protocol in ("ulca", "ai4i"):
        service_id = "" if model == DEFAULT_MODEL else model
        return Route(UlcaRecognizer(protocol, service_id), why, told)
    try:
        speech_model = yield from _introspect(session, model, deadline)
    except RouteNotFoundError:
        if protocol == "generate":
            return Route(GenerateRecognizer(model, None), why, "assumed: nothing describes it here")
        if protocol == "auto":
            return _documented_call(model)
        raise
    if protocol == "generate":
        return Route(GenerateRecognizer(model, speech_model), why, speech_model.explain())
    if protocol == "auto":
        protocol, why = "http", f"/v2/models/{model} answers in KServe v2"
    recognizer = KServeRecognizer(protocol, session.kserve, speech_model)
    return Route(recognizer, why, speech_model.explain())


def _documented_call(model: str) -> Route:
    why = f"no KServe v2 below this URL (404 for /v2/models/{model}), so {ASR_INFER_PATH} is used"
    return Route(AsrInferRecognizer(model), why, "the protocol fixes it")


def _introspect(session: Session, model: str, deadline: Deadline) -> Flow[SpeechModel]:
    metadata = yield from perform(session.kserve.model_metadata(model), deadline)
    try:
        config = yield from perform(session.kserve.model_config(model), deadline)
    except ServerError as error:
        if not _is_closed(error):
            raise
        config = None  # a gateway may route metadata alone; the contract can do without
    return recognise_model(metadata, config)


def _is_closed(error: ServerError) -> bool:
    """Whether this source is closed to us, as opposed to a refusal of the caller himself."""
    if isinstance(error, AuthError):
        return error.status == _FORBIDDEN or "restricted" in error.message
    return isinstance(error, RouteNotFoundError | RejectedInputError | ModelNotFoundError)


def describe_model(session: Session, model: str, deadline: Deadline) -> Flow[ModelInfo]:
    """Tell which contract a model speaks, how it is reached, and why."""
    route = yield from find_route(session, model, deadline)
    recognizer = route.recognizer
    return ModelInfo(
        name=model,
        protocol=recognizer.protocol,
        why_protocol=route.why_protocol,
        contract=recognizer.contract,
        why_contract=route.why_contract,
        sample_rate_hz=recognizer.sample_rate_hz,
        languages=session.config.languages or recognizer.languages,
        max_batch_size=recognizer.max_batch_size,
    )


def check_health(session: Session, model: str, deadline: Deadline) -> Flow[Health]:
    """Ask for the server's health and the model's: a ready server may lack the model."""
    live = yield from perform(session.kserve.server_live(), deadline)
    ready = yield from perform(session.kserve.server_ready(), deadline)
    model_ready = yield from perform(session.kserve.model_ready(model), deadline)
    return Health(live=live, ready=ready, model_ready=model_ready, model=model)


def list_models(session: Session, deadline: Deadline) -> Flow[ModelList]:
    """List the server's models, from the best source that is open (docs/servers.md 1)."""
    try:
        entries = yield from perform(session.kserve.repository_index(), deadline)
        return ModelList(entries, "repository index")
    except ServerError as error:
        if not _is_closed(error):
            raise
    try:
        entries = yield from perform(session.kserve.model_statistics(), deadline)
        return ModelList(entries, "statistics")
    except ServerError as error:
        if not _is_closed(error):
            raise
    return ModelList((ModelEntry(session.config.model),), "configuration")
