"""asr-transcribe --plan: what a run would be, told before any audio is sent."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from asr_client.bulk.account.summary import format_duration
from asr_client.bulk.asking import ServerFacts, ask_server
from asr_client.bulk.durations import measure_all
from asr_client.bulk.inputs import Entry
from asr_client.bulk.journal import History, read_history
from asr_client.bulk.lookahead import map_ahead
from asr_client.bulk.outputs import Assignment, assign_outputs
from asr_client.bulk.plan import Expectation, bytes_to_send, expect, histogram
from asr_client.bulk.resume import check_beginning
from asr_client.bulk.store import is_made
from asr_client.cli.bulk_arguments import beginning_from
from asr_client.cli.console import Console, ExitCode
from asr_client.cli.opening import client_settings, config_from, shaping_options

if TYPE_CHECKING:
    from asr_client.settings.config import ClientConfig

__all__ = ["show_plan"]

_BAR = 40
_LENGTHS: dict[str, Callable[[Sequence[float]], float]] = {
    "shortest": min,
    "middle": median,
    "longest": max,
}


def show_plan(arguments: argparse.Namespace, entries: Sequence[Entry], console: Console) -> int:
    """Print the plan."""
    config = config_from(arguments)
    history = read_history(Path(arguments.output)) if arguments.output else History()
    console.progress(f"looking at {len(entries)} recordings ...")
    durations_s = measure_all(entries)
    left = _left(arguments, entries, config, history)
    facts = ServerFacts(failure="it is started with the run (--embedded)")
    if not arguments.embedded:
        facts = ask_server(arguments.url, client_settings(arguments))
    console.clear_progress()

    todo_s = [durations_s[place] for place in left]
    known_s = [each for each in todo_s if each is not None]
    speed = history.speed(config.model)
    rtfx = arguments.rtfx or (speed.rtfx if speed else None)
    plan = expect(known_s, len(todo_s) - len(known_s), config.chunking, facts.limits, rtfx)
    origin = (
        "as you say" if arguments.rtfx else f"as in the run of {speed.started}" if speed else ""
    )
    for name, text in (
        *_amount(durations_s, len(left)),
        *(_sending(plan, config, facts) if left else ()),
        *(_time(plan, facts, rtfx, origin) if left else [("time", "none: all is done already")]),
    ):
        print(f"{name:<12}{text}".rstrip())
    return ExitCode.OK


def _left(
    arguments: argparse.Namespace, entries: Sequence[Entry], config: ClientConfig, history: History
) -> list[int]:
    """Tell the places of the recordings that no earlier run has done."""
    if not arguments.output or (len(entries) == 1 and entries[0].is_named):
        return list(range(len(entries)))
    folder, options = Path(arguments.output), shaping_options(config)
    assignments = assign_outputs(entries, folder, arguments.format)
    beginning = beginning_from(arguments)
    check_beginning(beginning, assignments, folder, history, options)
    if beginning != "resume":
        return list(range(len(assignments)))

    def look(assignment: Assignment) -> bool:
        return is_made(assignment, history.records.get(assignment.name), folder, options)

    made = map_ahead(look, assignments, threads=2, ahead=16)
    return [place for place, is_there in enumerate(made) if not is_there]


def _amount(durations_s: Sequence[float | None], left: int) -> Iterator[tuple[str, str]]:
    known_s = [each for each in durations_s if each is not None]
    done = len(durations_s) - left
    yield "recordings", f"{len(durations_s)}" + (f", {done} of them done already" if done else "")
    unknown = len(durations_s) - len(known_s)
    if known_s:
        yield "audio", format_duration(math.fsum(known_s))
        told = (f"{name} {format_duration(of(known_s))}" for name, of in _LENGTHS.items())
        yield "each", ", ".join(told)
    if unknown:
        yield "", f"{unknown} more: no length can be read, or the file cannot be opened"
    rows = histogram(known_s)
    most = max((count for _, _, count in rows), default=1)
    for low, high, count in rows:
        label = (
            f"below {format_duration(high)}"
            if high < math.inf
            else f"{format_duration(low)} and more"
        )
        bar = "#" * math.ceil(_BAR * count / most)
        yield "", f"{label:<18}{count:>7} {bar}"


def _sending(
    plan: Expectation, config: ClientConfig, facts: ServerFacts
) -> Iterator[tuple[str, str]]:
    chunking = config.chunking
    cut = f"what is longer than {chunking.whole_s:g} s goes in chunks of {chunking.longest_s:g} s"
    yield "requests", f"{plan.requests} or some more; {cut} at most"
    protocol = facts.protocol or ("grpc" if config.endpoint.is_grpc else "http")
    size_bytes = bytes_to_send(plan.audio_s, protocol, facts.sample_rate_hz)
    if size_bytes is not None:
        yield "to send", f"{size_bytes / 1e6:,.1f} MB over {protocol}"


def _time(
    plan: Expectation, facts: ServerFacts, rtfx: float | None, origin: str
) -> Iterator[tuple[str, str]]:
    if facts.failure:
        yield "server", f"could not be asked: {facts.failure}"
    limits = ", ".join(f"{limit} in {size_s} s" for size_s, limit in sorted(facts.limits.items()))
    none_told = "not known" if facts.failure else "none told of"
    yield "rate limit", limits or none_told
    told = f"{rtfx:.1f} seconds of audio a second, {origin}" if rtfx else "not known"
    untold = f"{told}: OUT has no run of this model of 5 s or more (--rtfx N states it)"
    yield "speed", told if rtfx else untold
    if not plan.bounds:
        yield "time", "cannot be told: neither a rate limit nor the server's speed is known"
        return
    bound = plan.bounds[0]
    if rtfx:
        yield "time", f"about {format_duration(bound.seconds)}; the limit is {bound.what}"
    else:
        yield "time", f"at least {format_duration(bound.seconds)}, by {bound.what} alone"
