"""What a server tells of itself: its health, its models, and how one of them is reached."""

from __future__ import annotations

from asr_client.contracts.replies import is_closed_door
from asr_client.contracts.wire import Exchange
from asr_client.discovery import find_route
from asr_client.effects import Flow, perform
from asr_client.errors import ServerError
from asr_client.results import Health, ModelEntry, ModelInfo, ModelList, ModelSource
from asr_client.session import Session

__all__ = ["check_health", "describe_model", "list_models"]


def check_health(session: Session, deadline_s: float | None) -> Flow[Health]:
    """Ask for the server's health and the model's: a ready server may lack the model."""
    deadline, kserve, model = session.deadline(deadline_s), session.kserve, session.config.model
    return Health(
        live=(yield from perform(kserve.server_live(), deadline)),
        ready=(yield from perform(kserve.server_ready(), deadline)),
        model_ready=(yield from perform(kserve.model_ready(model), deadline)),
        model=model,
    )


def list_models(session: Session, deadline_s: float | None) -> Flow[ModelList]:
    """List the server's models, from the best source that is open (docs/servers.md 1)."""
    deadline = session.deadline(deadline_s)
    sources: dict[ModelSource, Exchange[tuple[ModelEntry, ...]]] = {
        "repository index": session.kserve.repository_index(),
        "statistics": session.kserve.model_statistics(),
    }
    for source, exchange in sources.items():
        try:
            return ModelList((yield from perform(exchange, deadline)), source)
        except ServerError as error:
            if not is_closed_door(error):
                raise
    return ModelList((ModelEntry(session.config.model),), "configuration")


def describe_model(session: Session, name: str | None, deadline_s: float | None) -> Flow[ModelInfo]:
    """Tell which contract a model (None: the client's) speaks, how it is reached, and why."""
    name = name or session.config.model
    route = yield from find_route(session, name, session.deadline(deadline_s))
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
