"""One request: sent at its time, its answer judged, its record written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asr_client.calls.attempt import without_key
from asr_client.contracts.recognizer import Recognized
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ASRError, ServerError
from asr_client.pacing.headers import read_latency_s
from asr_loadtest.engine.clock import RunClock
from asr_loadtest.engine.sending.target import Target
from asr_loadtest.engine.wires.wire import Carried
from asr_loadtest.load.corpus import Clip, Payload
from asr_loadtest.load.outcomes import outcome_of
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.transcripts import TranscriptJudge

__all__ = ["Caller", "Finished"]

_LONGEST_DETAIL = 200
# The one header that a good reply is read by.
_WHERE_TEXT_BEGINS = "inference-header-content-length"


@dataclass(frozen=True, slots=True)
class Finished:
    """
    A record, and what a closed loop must know beside it.

    Attributes:
        sample: The record.
        retry_after_s: When the refusal says to come back; None if it does not.
    """

    sample: Sample
    retry_after_s: float | None = None


class Caller:
    """
    Makes the requests of one process.

    Args:
        target: What they are made of.
        clock: The run's.
        run_id: Begins the request ids, so that the servers' logs tell runs apart.
        worker: Which worker this is, from 0.
        deadline_s: Seconds that each request is given, from its sending.
        judge: Compares transcripts with the recordings' texts.
    """

    def __init__(  # noqa: PLR0913 - a request is made of all of these
        self,
        target: Target,
        clock: RunClock,
        *,
        run_id: str,
        worker: int,
        deadline_s: float,
        judge: TranscriptJudge,
    ) -> None:
        self._target = target
        self._clock = clock
        self._run_id = run_id
        self._worker = worker
        self._deadline_s = deadline_s
        self._judge = judge
        self._read_last: dict[str, tuple[object, Recognized]] = {}

    def call(self, index: int, intended_s: float, clip: Clip) -> Finished:
        """Make one request, and say what came of it; raises nothing that a server can cause."""
        place, key = self._target.key(index)
        payload = self._target.payloads.of(clip)
        request = self._named(payload.request(index), index)
        known = self._known(index, intended_s, clip)
        known["key"] = place
        known["sent_s"] = self._clock.now_s()
        carried: Carried | None = None
        try:
            carried = self._target.wire.carry(request, Deadline.after(self._deadline_s), key)
            known["done_s"] = self._clock.now_s()
            recognized = self._read(payload, without_key(carried.reply, key))
        except ASRError as error:
            known.setdefault("done_s", self._clock.now_s())
            known |= _of_failure(error) | _of_reply(carried)
            retry_after_s = error.retry_after_s if isinstance(error, ServerError) else None
            return Finished(Sample(**known), retry_after_s)
        return Finished(Sample(**known, **_of_reply(carried), **self._of_words(clip, recognized)))

    def not_sent(self, index: int, intended_s: float, clip: Clip, why: str) -> Sample:
        """Record an arrival for which there was no room."""
        known = self._known(index, intended_s, clip)
        return Sample(**known, outcome="not_sent", origin="client", executed="no", detail=why)

    def _known(self, index: int, intended_s: float, clip: Clip) -> dict[str, Any]:
        return {
            "index": index,
            "intended_s": intended_s,
            "clip": clip.name,
            "language": clip.language,
            "audio_s": clip.audio_s,
            "padded_s": clip.padded_s,
            "worker": self._worker,
        }

    def _named(self, request: Request, index: int) -> Request:
        headers = (*request.headers, ("X-Request-ID", f"{self._run_id}-{index}"))
        return Request(request.method, request.path, headers, request.body)

    def _read(self, payload: Payload, reply: Reply) -> Recognized:
        """Read a reply; those to one clip are most often equal to the byte, and are read once."""
        told = (reply.status, reply.headers.get(_WHERE_TEXT_BEGINS), reply.body)
        before = self._read_last.get(payload.clip.name)
        if before is not None and before[0] == told:
            return before[1]
        recognized = payload.parse(reply)
        self._read_last[payload.clip.name] = told, recognized
        return recognized

    def _of_words(self, clip: Clip, recognized: Recognized) -> dict[str, Any]:
        text = recognized.texts[0]
        word_errors = self._judge.errors(clip, text)
        # Nothing heard where words are known is wrong, whatever errors are allowed.
        is_mute = word_errors is not None and not text.strip()
        if not (is_mute or self._judge.is_wrong(word_errors)):
            return {"outcome": "ok", "word_errors": word_errors}
        return {
            "outcome": "wrong_transcript",
            "word_errors": word_errors,
            "origin": "model",
            "detail": f"{word_errors:.0%} of the words of {clip.name} are wrong",
        }


def _of_failure(error: ASRError) -> dict[str, Any]:
    return {
        "outcome": outcome_of(error.fault),
        "origin": error.origin,
        "code": error.code,
        "executed": error.executed,
        "detail": error.message[:_LONGEST_DETAIL],
    }


def _of_reply(carried: Carried | None) -> dict[str, Any]:
    if carried is None:
        return {}
    reply = carried.reply
    return {
        "status": reply.status,
        "connection": carried.connection,
        "connect_s": reply.phases.connect_s,
        "server_s": reply.phases.server_s,
        "gateway_s": read_latency_s(reply.headers, "x-kong-proxy-latency"),
        "upstream_s": read_latency_s(reply.headers, "x-kong-upstream-latency"),
    }
