"""What a reader must know before trusting figures of servers: each thing said once, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from asr_loadtest.cluster.triton.counters import PodHistory, add_up
from asr_loadtest.cluster.triton.readings import PodReading

__all__ = ["count_doubts", "notes_of", "tells_of"]

# So many times longer than usual without a reading is worth a word.
_LONG = 5.0


def notes_of(histories: Mapping[str, PodHistory], model: str) -> tuple[str, ...]:
    """
    Say what is missing from the readings and what spoils them.

    Args:
        histories: By pod.
        model: The model under test; empty if not known.
    """
    if not any(history.readings for history in histories.values()):
        reasons = [_failures(history) for history in histories.values() if history.failures]
        return ("no server metrics were read: give their URLs to see inside the servers", *reasons)
    notes = [note for history in histories.values() for note in _of_pod(history)]
    if not tells_of(histories, model):
        notes.append(f"no pod's metrics tell of model {model}: are they of the server under test?")
    return (*notes, *_missing(histories), *_flattered(histories))


def tells_of(histories: Mapping[str, PodHistory], model: str) -> bool:
    """Whether any pod counts for *model*; true of no particular one."""
    return not model or any(model in each.models for each in _good(histories))


def count_doubts(
    histories: Mapping[str, PodHistory], from_s: float, until_s: float
) -> tuple[str, ...]:
    """
    Say why the servers' count may be more or less than what they answered the client.

    Args:
        histories: By pod.
        from_s: When the client began.
        until_s: When it had its last reply.
    """
    doubts: list[str] = []
    for pod, history in histories.items():
        if history.hop:
            doubts.append(_hop(history))
        elif not history.readings:
            doubts.append(_failures(history))
        else:
            if history.readings[0].at_s > from_s:
                doubts.append(f"{pod}: what it did before its first reading is not counted")
            if history.readings[-1].at_s < until_s:
                doubts.append(f"{pod}: what it did after its last reading is not counted")
            doubts += _resets(history)
    return tuple(doubts)


def _of_pod(history: PodHistory) -> Iterator[str]:
    if history.failures:
        yield _failures(history)
    if history.hop:
        yield _hop(history)
        return
    yield from _resets(history)
    gaps_s = [each.after.at_s - each.before.at_s for each in history.stretches]
    if not gaps_s or max(gaps_s) <= _LONG * median(gaps_s):
        return
    longest = history.stretches[gaps_s.index(max(gaps_s))]
    from_s, until_s = longest.before.at_s, longest.after.at_s
    yield f"{history.pod}: no reading from {from_s:.0f} s to {until_s:.0f} s"


def _failures(history: PodHistory) -> str:
    first, count = history.failures[0], len(history.failures)
    looks = count + len(history.readings)
    return (
        f"{history.pod}: {count} of {looks} looks at its metrics failed, "
        f"the first at {first.at_s:.0f} s: {first.failure}"
    )


def _hop(history: PodHistory) -> str:
    return (
        f"{history.pod}: several servers answer at this URL ({history.hop}), so its figures are "
        "left out: give each pod's own URL, as `kubectl get pods -o wide` tells, not a Service's"
    )


def _resets(history: PodHistory) -> Iterator[str]:
    for at_s in history.resets:
        yield (
            f"{history.pod}: restarted by {at_s:.0f} s; what it counted between the reading "
            "before and its end is lost"
        )


def _missing(histories: Mapping[str, PodHistory]) -> Iterator[str]:
    with_gpu = {each.pod for each in _good(histories) if each.gpus}
    without = [pod for pod, each in histories.items() if each.readings and pod not in with_gpu]
    if not with_gpu:
        yield "no GPU metrics exposed"
    elif without:
        yield f"no GPU metrics exposed by {', '.join(without)}"
    reasons = dict.fromkeys(filter(None, (each.without_batches for each in _good(histories))))
    never = all(each.without_batches for each in _good(histories))
    for reason in reasons:
        yield f"no batch sizes{'' if never else ' at times'}: {reason}"


def _flattered(histories: Mapping[str, PodHistory]) -> Iterator[str]:
    stretches = [each for history in histories.values() for each in history.stretches]
    hits = sum(counters.cache_hits for counters in add_up(stretches).values())
    if hits:
        yield (
            f"a response cache answered {hits} requests without computing: real speech does not "
            "repeat, so vary the audio or switch the cache off"
        )


def _good(histories: Mapping[str, PodHistory]) -> Iterator[PodReading]:
    return (reading for history in histories.values() for reading in history.readings)
