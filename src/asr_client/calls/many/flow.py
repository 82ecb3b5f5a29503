"""
Many recordings, or one long one: requests side by side, as many as do good.

Like every flow it does no I/O itself; what is begun is driven beside it (effects.py, Start).
"""

from __future__ import annotations

from asr_client.calls.discovery import find_route
from asr_client.calls.effects import Flow, emit, take, wait
from asr_client.calls.many.floor import Floor
from asr_client.calls.many.hearing import Hearing
from asr_client.calls.many.options import ManyOptions
from asr_client.calls.session import Route, Session
from asr_client.calls.terms import Options, settle
from asr_client.errors import ASRError
from asr_client.results import Transcript

__all__ = ["transcribe_many", "transcribe_pieces"]


def transcribe_many(session: Session, options: Options, many: ManyOptions) -> Flow[None]:
    """
    Transcribe what the caller hands in, recording by recording; emit an Item for each.

    Raises:
        ASRError: If the way to the model is not found, or it does not take the language of all.
    """
    route = yield from _find_way(session, options)
    floor = Floor(session, route, options, many)
    try:
        while not floor.is_done:
            yield from _hand_out(floor)
            if floor.wants_more:
                floor.take_in((yield from take()))
            else:
                yield from _go_on(floor)
        yield from _hand_out(floor)
    finally:
        floor.close()


def transcribe_pieces(
    hearing: Hearing, route: Route, refused: ASRError | None = None
) -> Flow[Transcript]:
    """
    Go on with one recording that does not go into one request, of which a first piece was read.

    *refused* is what that piece has ended with, if it was sent and was too large.
    """
    floor = Floor(hearing.call.session, route, hearing.options, ManyOptions())
    try:
        floor.resume(hearing, refused)
        while not (ready := tuple(floor.take_ready())):
            yield from _go_on(floor)
        return ready[0].get()
    finally:
        floor.close()


def _find_way(session: Session, options: Options) -> Flow[Route]:
    call = session.call(options.deadline_s)
    route = yield from find_route(call, session.config.model)
    if options.language:
        settle(route.recognizer, session.config, options, 1)  # a mistake, and not one recording's
    return route


def _hand_out(floor: Floor) -> Flow[None]:
    for item in floor.take_ready():
        yield from emit(item)


def _go_on(floor: Floor) -> Flow[None]:
    """Begin what there is to begin; else wait for something to end."""
    begun = floor.next_start()
    if begun is not None:
        yield begun
    elif not floor.is_done:
        ended = yield from wait(floor.pause_s)
        if ended is not None:
            floor.ended(ended)
