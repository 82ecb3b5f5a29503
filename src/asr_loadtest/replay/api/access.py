"""The stand-in's decisions: who may ask what, what goes wrong now, and the answer. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

from asr_loadtest.replay.api.answers import JSON, TEXT, Answer, Objects, Watch, pod_metrics
from asr_loadtest.replay.api.discovery import (
    AGGREGATED,
    HEALTH,
    MetricsApi,
    discover,
    discover_all,
)
from asr_loadtest.replay.api.questions import Question
from asr_loadtest.replay.api.rights import ANONYMOUS, USER, is_allowed, is_review, review
from asr_loadtest.replay.api.statuses import (
    bad_request,
    forbidden,
    forbidden_path,
    unauthorized,
)
from asr_loadtest.replay.api.wire import encode_line
from asr_loadtest.replay.faults import Fault, FaultScript
from asr_loadtest.replay.history import History
from asr_loadtest.replay.paths import Target
from asr_loadtest.replay.recording import Recording
from asr_loadtest.replay.resources import EVENTS, POD_METRICS, WATCHED

__all__ = ["Api"]

_TOO_MANY = b"Too many requests, please try again later.\n"
_NO_BACKEND = b"service unavailable\n"
_NO_SUCH_PAGE = b"404 page not found\n"


class Api:
    """
    A recording's API.

    Args:
        recording: What to play.
        faults: What is to go wrong beside the recording's own faults.
        token: The bearer token that the watcher has to send; None lets everybody in.
        speed: Seconds of the recording per real one: what a watch's timeout is worth.
    """

    def __init__(
        self,
        recording: Recording,
        faults: Iterable[Fault] = (),
        token: str | None = None,
        speed: float = 1.0,
    ) -> None:
        self.script = FaultScript([*recording.faults, *faults])
        self._recording = recording
        history = _with_forgetting(recording.history, self.script)
        self._objects = Objects(history, self.script, speed)
        self._token = token

    def answer(self, question: Question, at_s: float) -> Answer | Watch:
        """Answer *question* at second *at_s* of the recording."""
        if self.script.has("throttle", at_s):
            return Answer(429, _TOO_MANY, {**TEXT, "Retry-After": "1"})
        if self.script.has("revoke", at_s) or not self._is_known(question):
            return Answer(401, encode_line(unauthorized()))
        target = question.target
        if target is None:
            return self._answer_path(question, at_s)
        if is_review(question.method, question.path) and not self._is_forbidden(question, at_s):
            return self._review(question)
        if self._is_forbidden(question, at_s) or not self._may(question, target):
            user = self._user(question)
            return Answer(403, encode_line(forbidden(user, question.verb, target)))
        return self._answer_resource(question, target, at_s)

    def _answer_resource(self, question: Question, target: Target, at_s: float) -> Answer | Watch:
        resource = target.resource
        if resource is None:
            return Answer(404, _NO_SUCH_PAGE, TEXT)
        if resource == POD_METRICS:
            return self._answer_metrics(question, target.name, at_s)
        if question.verb == "watch":
            return self._objects.watch(resource, question, at_s)
        if target.name:
            return self._objects.get(resource, target.name, at_s)
        return self._objects.list(resource, question, at_s)

    def _answer_metrics(self, question: Question, name: str | None, at_s: float) -> Answer:
        metrics = self._metrics_api(at_s)
        if metrics == "gone":
            return Answer(404, _NO_SUCH_PAGE, TEXT)
        if metrics == "Stale":
            return Answer(503, _NO_BACKEND, TEXT)
        return pod_metrics(self._recording, question, name, at_s)

    def _answer_path(self, question: Question, at_s: float) -> Answer:
        if self.script.has("forbid", at_s):
            status = forbidden_path(self._user(question), question.verb, question.path)
            return Answer(403, encode_line(status))
        if question.path in HEALTH:
            return Answer(200, b"ok", TEXT)
        metrics = self._metrics_api(at_s)
        if metrics == "Stale" and question.path.startswith(POD_METRICS.root):
            return Answer(503, _NO_BACKEND, TEXT)
        if AGGREGATED in question.accept and (every := discover_all(question.path, metrics)):
            return Answer(200, encode_line(every), {"Content-Type": AGGREGATED})
        document = discover(question.path, metrics)
        if document is None:
            return Answer(404, _NO_SUCH_PAGE, TEXT)
        return Answer(200, encode_line(document), JSON)

    def _review(self, question: Question) -> Answer:
        try:
            done = review(question.path, question.body, self._recording.namespace)
        except ValueError as error:
            return Answer(400, encode_line(bad_request(str(error))))
        return Answer(201, encode_line(done))

    def _metrics_api(self, at_s: float) -> MetricsApi:
        if self.script.has("metrics-gone", at_s):
            return "gone"
        return "Stale" if self.script.has("metrics-down", at_s) else "Current"

    def _is_known(self, question: Question) -> bool:
        """A wrong token is refused; who sends none is anonymous, and may read little."""
        return None in (self._token, question.token) or question.token == self._token

    def _is_anonymous(self, question: Question) -> bool:
        return self._token is not None and question.token is None

    def _user(self, question: Question) -> str:
        return ANONYMOUS if self._is_anonymous(question) else USER

    def _is_forbidden(self, question: Question, at_s: float) -> bool:
        return self.script.has("forbid", at_s) or self._is_anonymous(question)

    def _may(self, question: Question, target: Target) -> bool:
        return is_allowed(question.verb, target, self._recording.namespace)


def _with_forgetting(history: History, script: FaultScript) -> History:
    """After a restart the server's caches are empty; events are read from the store itself."""
    cached = [each for each in WATCHED if each != EVENTS]
    for at_s in script.times("restart"):
        history = history.forgetting(at_s, cached)
    for at_s in script.times("expire"):
        history = history.forgetting(at_s, WATCHED)
    return history
