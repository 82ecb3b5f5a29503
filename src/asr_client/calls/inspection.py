"""What a server tells of itself: its health, its models, and how one of them is reached."""

from __future__ import annotations

from dataclasses import replace

from asr_client.calls.ask import ask
from asr_client.calls.discovery import find_route
from asr_client.calls.effects import Flow
from asr_client.calls.session import Session
from asr_client.contracts.replies import is_closed_door
from asr_client.contracts.wire import Exchange
from asr_client.errors import ServerError
from asr_client.results import Health, ModelEntry, ModelInfo, ModelList, ModelSource
from asr_client.retry import NO_RETRY

__all__ = ["check_health", "describe_model", "list_models"]


def check_health(session: Session, deadline_s: float | None) -> Flow[Health]:
    """Ask for the server's health and the model's: a ready server may lack the model."""
    kserve, model = session.kserve, session.config.model
    with session.observed_call("health", deadline_s) as begun:
        # As things stand now: a second try could hide the very trouble that was asked about.
        call = replace(begun, retry=NO_RETRY)
        return Health(
            live=(yield from ask(call, kserve.server_live())),
            ready=(yield from ask(call, kserve.server_ready())),
            model_ready=(yield from ask(call, kserve.model_ready(model))),
            model=model,
        )


def list_models(session: Session, deadline_s: float | None) -> Flow[ModelList]:
    """List the server's models, from the best source that is open (docs/servers.md 1)."""
    sources: dict[ModelSource, Exchange[tuple[ModelEntry, ...]]] = {
        "repository index": session.kserve.repository_index(),
        "statistics": session.kserve.model_statistics(),
    }
    with session.observed_call("models", deadline_s) as call:
        for source, exchange in sources.items():
            try:
                return ModelList((yield from ask(call, exchange)), source)
            except ServerError as error:
                if not is_closed_door(error):
                    raise
    return ModelList((ModelEntry(session.config.model),), "configuration")


def describe_model(session: Session, name: str | None, deadline_s: float | None) -> Flow[ModelInfo]:
    """Tell which contract a model (None: the client's) speaks, how it is reached, and why."""
    name = name or session.config.model
    with session.observed_call("model", deadline_s) as call:
        route = yield from find_route(call, name)
    recognizer = route.recognizer
    return ModelInfo(
        name=name,
        protocol=recognizer.protocol,
        why_protocol=route.why_protocol,
        contract=recognizer.contract,
        why_contract=route.why_contract,
        sample_rate_hz=recognizer.sample_rate_hz,
        languages=session.config.languages or recognizer.languages,
        max_batch_size=recognizer.max_batch_size,
    )
